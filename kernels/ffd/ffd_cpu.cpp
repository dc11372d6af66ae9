// Evaluation and its adjoint, one axis after another. Evaluation contracts z for whole control
// planes, y once a row, then x with the row's control points held in a register; the adjoint runs
// the same way back, summing y in registers over a whole control interval.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ffd/ffd_cpu.cpp"
#include "core/simd_begin.h"
#include <hwy/cache_control.h>

#include "core/carve.h"
#include "ffd/ffd.h"

#ifndef VK_FFD_CPU_LAYOUT
#define VK_FFD_CPU_LAYOUT
namespace vk {

/** Room beyond a row's end, so that a whole vector may be read or written there. */
constexpr int64_t kFfdPad = 16;
constexpr int64_t kFfdRowsPerChunk = 32;
/** Fields beyond this many bytes do not stay in cache; they are written around it. */
constexpr int64_t kFfdStreamBytes = int64_t{16} << 20;

struct FfdAxisTable {
  int32_t* first;
  float* weights;

  FfdAxisTable(Carver& carver, int64_t samples)
      : first(carver.take<int32_t>(samples + kFfdPad)),
        weights(carver.take<float>(4 * (samples + kFfdPad))) {}
};

struct FfdLayout {
  FfdAxisTable x, y, z;
  int64_t plane;
  /** (3, D, cy, cx) */
  float* planes;
  int64_t rowBlocks;
  int64_t rowStride;
  /** One row of control points per component and chunk. */
  float* rows;
  int64_t bytes;

  FfdLayout(const FfdGrid& grid, Carver carver)
      : x(carver, grid.x.samples),
        y(carver, grid.y.samples),
        z(carver, grid.z.samples),
        plane(grid.y.controls * grid.x.controls),
        planes(carver.take<float>(3 * grid.z.samples * plane + kFfdPad)),
        rowBlocks(chunkCount(grid.y.samples, kFfdRowsPerChunk)),
        rowStride((grid.x.controls + 2 * kFfdPad) / kFfdPad * kFfdPad),
        rows(carver.take<float>(grid.z.samples * rowBlocks * 3 * rowStride)),
        bytes(carver.bytes()) {}
};

struct FfdGradientLayout {
  FfdAxisTable x, y, z;
  int64_t plane;
  /** (3, D, cy, cx) */
  float* planes;
  int64_t rowStride;
  /** Four rows of y-contracted voxels a slice and component. */
  float* rings;
  int64_t bytes;

  FfdGradientLayout(const FfdGrid& grid, Carver carver)
      : x(carver, grid.x.samples),
        y(carver, grid.y.samples),
        z(carver, grid.z.samples),
        plane(grid.y.controls * grid.x.controls),
        planes(carver.take<float>(3 * grid.z.samples * plane + kFfdPad)),
        rowStride((grid.x.samples + 2 * kFfdPad) / kFfdPad * kFfdPad),
        rings(carver.take<float>(3 * grid.z.samples * 4 * rowStride)),
        bytes(carver.bytes()) {}
};

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<D>;

/** out = sum of four rows `stride` apart, weighted. */
HWY_ATTR void contract4(const float* in, int64_t stride, const float* weights, int64_t count,
                        float* out) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto w0 = hn::Set(d, weights[0]), w1 = hn::Set(d, weights[1]);
  const auto w2 = hn::Set(d, weights[2]), w3 = hn::Set(d, weights[3]);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto sum = hn::Mul(w0, hn::LoadU(d, in + i));
    sum = hn::MulAdd(w1, hn::LoadU(d, in + stride + i), sum);
    sum = hn::MulAdd(w2, hn::LoadU(d, in + 2 * stride + i), sum);
    sum = hn::MulAdd(w3, hn::LoadU(d, in + 3 * stride + i), sum);
    hn::StoreU(sum, d, out + i);
  }
  const hn::CappedTag<float, 1> d1;
  for (; i < count; ++i) {
    auto sum = hn::Mul(hn::Set(d1, weights[0]), hn::LoadU(d1, in + i));
    sum = hn::MulAdd(hn::Set(d1, weights[1]), hn::LoadU(d1, in + stride + i), sum);
    sum = hn::MulAdd(hn::Set(d1, weights[2]), hn::LoadU(d1, in + 2 * stride + i), sum);
    sum = hn::MulAdd(hn::Set(d1, weights[3]), hn::LoadU(d1, in + 3 * stride + i), sum);
    hn::StoreU(sum, d1, out + i);
  }
}

/** Whether the control points of any `lanes` neighbouring voxels fit into one vector. */
HWY_ATTR bool fitsVector(const int32_t* first, int64_t samples, int64_t lanes) {
  for (int64_t x = 0; x < samples; x += lanes) {
    const int64_t last = x + lanes < samples ? x + lanes - 1 : samples - 1;
    if (first[last] - first[x] + 3 >= lanes) return false;
  }
  return true;
}

/** Weighted sum of the control points first[x] .. first[x] + 3 for `lanes` voxels. */
template <bool kInRegister>
HWY_ATTR HWY_INLINE hn::Vec<D> expand(const float* row, int32_t base, hn::Vec<DI> offset,
                                      hn::Vec<D> w0, hn::Vec<D> w1, hn::Vec<D> w2, hn::Vec<D> w3) {
  const D d;
  const DI di;
  const auto o1 = hn::Add(offset, hn::Set(di, 1));
  const auto o2 = hn::Add(offset, hn::Set(di, 2));
  const auto o3 = hn::Add(offset, hn::Set(di, 3));
  if constexpr (kInRegister) {
    const auto controls = hn::LoadU(d, row + base);
    auto sum = hn::Mul(w0, hn::TableLookupLanes(controls, hn::IndicesFromVec(d, offset)));
    sum = hn::MulAdd(w1, hn::TableLookupLanes(controls, hn::IndicesFromVec(d, o1)), sum);
    sum = hn::MulAdd(w2, hn::TableLookupLanes(controls, hn::IndicesFromVec(d, o2)), sum);
    return hn::MulAdd(w3, hn::TableLookupLanes(controls, hn::IndicesFromVec(d, o3)), sum);
  } else {
    auto sum = hn::Mul(w0, hn::GatherIndex(d, row + base, offset));
    sum = hn::MulAdd(w1, hn::GatherIndex(d, row + base, o1), sum);
    sum = hn::MulAdd(w2, hn::GatherIndex(d, row + base, o2), sum);
    return hn::MulAdd(w3, hn::GatherIndex(d, row + base, o3), sum);
  }
}

template <bool kInRegister, bool kStream>
HWY_ATTR void expandRow(const float* rows, int64_t rowStride, const FfdAxisTable& table,
                        int64_t samples, float* field, int64_t voxels) {
  const D d;
  const DI di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t stride = samples + kFfdPad;
  for (int64_t x = 0; x < samples; x += lanes) {
    const int32_t base = table.first[x];
    const auto offset = hn::Sub(hn::LoadU(di, table.first + x), hn::Set(di, base));
    const auto w0 = hn::LoadU(d, table.weights + x);
    const auto w1 = hn::LoadU(d, table.weights + stride + x);
    const auto w2 = hn::LoadU(d, table.weights + 2 * stride + x);
    const auto w3 = hn::LoadU(d, table.weights + 3 * stride + x);
    const bool whole = x + lanes <= samples;
    for (int64_t component = 0; component < 3; ++component) {
      const auto value =
          expand<kInRegister>(rows + component * rowStride, base, offset, w0, w1, w2, w3);
      float* out = field + component * voxels + x;
      if constexpr (kStream) {
        hn::Stream(value, d, out);
      } else if (whole) {
        hn::StoreU(value, d, out);
      } else {
        hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(samples - x)), d, out);
      }
    }
  }
}

void ffdCpu(const FfdArgs& args, Context& context, const Workspace& workspace) {
  const FfdGrid& grid = args.grid;
  const FfdLayout layout(grid, Carver(workspace.data));
  const float* coefficients = static_cast<const float*>(args.coefficients);
  float* field = static_cast<float*>(args.field);
  const int64_t slices = grid.z.samples, height = grid.y.samples, width = grid.x.samples;
  const int64_t voxels = slices * height * width;
  ffdTabulate(grid.x, layout.x.first, layout.x.weights, 1, width + kFfdPad);
  ffdTabulate(grid.y, layout.y.first, layout.y.weights, 4, 1);
  ffdTabulate(grid.z, layout.z.first, layout.z.weights, 4, 1);
  // The lanes beyond the last voxel read its control points with any weight and are not stored.
  for (int64_t i = width; i < width + kFfdPad; ++i) {
    layout.x.first[i] = layout.x.first[width - 1];
    for (int64_t tap = 0; tap < 4; ++tap) layout.x.weights[tap * (width + kFfdPad) + i] = 0;
  }
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
  const bool inRegister = fitsVector(layout.x.first, width, lanes);
  const bool stream = width % lanes == 0 && reinterpret_cast<uintptr_t>(field) % 64 == 0 &&
                      3 * voxels * 4 > kFfdStreamBytes;

  parallelFor(context, 3 * slices, [&](int64_t chunk) HWY_ATTR {
    const int64_t component = chunk / slices, z = chunk % slices;
    contract4(coefficients + (component * grid.z.controls + layout.z.first[z]) * layout.plane,
              layout.plane, layout.z.weights + 4 * z, layout.plane,
              layout.planes + chunk * layout.plane);
  });
  parallelFor(context, slices * layout.rowBlocks, [&](int64_t chunk) HWY_ATTR {
    const int64_t z = chunk / layout.rowBlocks;
    const Range range = chunkRange(height, kFfdRowsPerChunk, chunk % layout.rowBlocks);
    float* rows = layout.rows + chunk * 3 * layout.rowStride;
    for (int64_t i = 0; i < 3 * layout.rowStride; ++i) rows[i] = 0;
    for (int64_t y = range.begin; y < range.end; ++y) {
      for (int64_t component = 0; component < 3; ++component) {
        contract4(layout.planes + (component * slices + z) * layout.plane +
                      layout.y.first[y] * grid.x.controls,
                  grid.x.controls, layout.y.weights + 4 * y, grid.x.controls,
                  rows + component * layout.rowStride);
      }
      float* out = field + (z * height + y) * width;
      if (!inRegister) {
        expandRow<false, false>(rows, layout.rowStride, layout.x, width, out, voxels);
#if HWY_TARGET != HWY_SCALAR
      } else if (stream) {
        expandRow<true, true>(rows, layout.rowStride, layout.x, width, out, voxels);
      } else {
        expandRow<true, false>(rows, layout.rowStride, layout.x, width, out, voxels);
#endif
      }
    }
    if (stream) hwy::FlushStream();
  });
}

/** ring[tap] += weights[y][tap] * rows[y], for the rows of one control interval. */
HWY_ATTR void accumulateRows(const float* in, int64_t width, const float* weights, int64_t rows,
                             float* const ring[4]) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    auto r0 = hn::LoadU(d, ring[0] + x), r1 = hn::LoadU(d, ring[1] + x);
    auto r2 = hn::LoadU(d, ring[2] + x), r3 = hn::LoadU(d, ring[3] + x);
    for (int64_t y = 0; y < rows; ++y) {
      const auto value = hn::LoadU(d, in + y * width + x);
      r0 = hn::MulAdd(hn::Set(d, weights[4 * y]), value, r0);
      r1 = hn::MulAdd(hn::Set(d, weights[4 * y + 1]), value, r1);
      r2 = hn::MulAdd(hn::Set(d, weights[4 * y + 2]), value, r2);
      r3 = hn::MulAdd(hn::Set(d, weights[4 * y + 3]), value, r3);
    }
    hn::StoreU(r0, d, ring[0] + x);
    hn::StoreU(r1, d, ring[1] + x);
    hn::StoreU(r2, d, ring[2] + x);
    hn::StoreU(r3, d, ring[3] + x);
  }
  for (; x < width; ++x) {
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t tap = 0; tap < 4; ++tap)
        ring[tap][x] += weights[4 * y + tap] * in[y * width + x];
    }
  }
}

/** out[control] += sum over the voxels of a row of weight * row. */
HWY_ATTR void contractRow(const float* row, const FfdAxisTable& table, int64_t width, float* out) {
  const hn::CappedTag<float, 4> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t begin = 0;
  while (begin < width) {
    const int32_t first = table.first[begin];
    int64_t end = begin + 1;
    while (end < width && table.first[end] == first) ++end;
    for (int64_t tap = 0; tap < 4; tap += lanes) {
      // Two sums, because one would wait for itself at every voxel.
      auto even = hn::LoadU(d, out + first + tap);
      auto odd = hn::Zero(d);
      const float* weights = table.weights + tap;
      int64_t x = begin;
      for (; x + 2 <= end; x += 2) {
        even = hn::MulAdd(hn::Set(d, row[x]), hn::LoadU(d, weights + 4 * x), even);
        odd = hn::MulAdd(hn::Set(d, row[x + 1]), hn::LoadU(d, weights + 4 * x + 4), odd);
      }
      if (x < end) even = hn::MulAdd(hn::Set(d, row[x]), hn::LoadU(d, weights + 4 * x), even);
      hn::StoreU(hn::Add(even, odd), d, out + first + tap);
    }
    begin = end;
  }
}

/** One slice of one component: (H, W) to (cy, cx). */
HWY_ATTR void contractSlice(const FfdGrid& grid, const FfdGradientLayout& layout, const float* in,
                            float* ringMemory, float* out) {
  const int64_t width = grid.x.samples, height = grid.y.samples;
  float* ring[4];
  for (int64_t tap = 0; tap < 4; ++tap) ring[tap] = ringMemory + tap * layout.rowStride;
  for (int64_t i = 0; i < 4 * layout.rowStride; ++i) ringMemory[i] = 0;
  for (int64_t i = 0; i < layout.plane; ++i) out[i] = 0;
  int64_t begin = 0;
  for (int32_t first = layout.y.first[0]; first <= layout.y.first[height - 1]; ++first) {
    int64_t end = begin;
    while (end < height && layout.y.first[end] == first) ++end;
    accumulateRows(in + begin * width, width, layout.y.weights + 4 * begin, end - begin, ring);
    // No later row touches this control row.
    contractRow(ring[0], layout.x, width, out + first * grid.x.controls);
    float* done = ring[0];
    for (int64_t i = 0; i < width; ++i) done[i] = 0;
    for (int64_t tap = 0; tap < 3; ++tap) ring[tap] = ring[tap + 1];
    ring[3] = done;
    begin = end;
  }
  for (int64_t tap = 0; tap < 3; ++tap) {
    contractRow(ring[tap], layout.x, width,
                out + (layout.y.first[height - 1] + 1 + tap) * grid.x.controls);
  }
}

/** out += weight * in */
HWY_ATTR void addScaled(const float* in, float weight, int64_t count, float* out) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::MulAdd(hn::Set(d, weight), hn::LoadU(d, in + i), hn::LoadU(d, out + i)), d,
               out + i);
  }
  for (; i < count; ++i) out[i] += weight * in[i];
}

void ffdGradientCpu(const FfdGradientArgs& args, Context& context, const Workspace& workspace) {
  const FfdGrid& grid = args.grid;
  const FfdGradientLayout layout(grid, Carver(workspace.data));
  const float* in = static_cast<const float*>(args.fieldGradient);
  float* out = static_cast<float*>(args.coefficientGradient);
  const int64_t slices = grid.z.samples, slice = grid.y.samples * grid.x.samples;
  ffdTabulate(grid.x, layout.x.first, layout.x.weights, 4, 1);
  ffdTabulate(grid.y, layout.y.first, layout.y.weights, 4, 1);
  ffdTabulate(grid.z, layout.z.first, layout.z.weights, 4, 1);
  parallelFor(context, 3 * slices, [&](int64_t chunk) HWY_ATTR {
    contractSlice(grid, layout, in + chunk * slice, layout.rings + chunk * 4 * layout.rowStride,
                  layout.planes + chunk * layout.plane);
  });
  parallelFor(context, 3 * grid.z.controls, [&](int64_t chunk) HWY_ATTR {
    const int64_t component = chunk / grid.z.controls, control = chunk % grid.z.controls;
    float* plane = out + chunk * layout.plane;
    for (int64_t i = 0; i < layout.plane; ++i) plane[i] = 0;
    for (int64_t z = 0; z < slices; ++z) {
      const int64_t tap = control - layout.z.first[z];
      if (tap < 0 || tap > 3) continue;
      addScaled(layout.planes + (component * slices + z) * layout.plane,
                layout.z.weights[4 * z + tap], layout.plane, plane);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(ffdCpu);
VK_SIMD_TABLE(ffdGradientCpu);

int64_t ffdCpuWorkspaceBytes(const FfdArgs& args) {
  return FfdLayout(args.grid, Carver(nullptr)).bytes;
}

int64_t ffdGradientCpuWorkspaceBytes(const FfdGradientArgs& args) {
  return FfdGradientLayout(args.grid, Carver(nullptr)).bytes;
}

}  // namespace vk
#endif
