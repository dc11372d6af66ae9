// Squarings on an interleaved field, which stays interleaved from one to the next. The adjoint of a
// squaring scatters into slabs of slices: a slab belongs to one chunk, which goes through the
// source rows that reach it in order, so no two threads add to a voxel and the order is fixed.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "exponential/exponential_cpu.cpp"
#include "core/simd_begin.h"
#include <hwy/cache_control.h>

#include "compose/field_sampler-inl.h"
#include "exponential/exponential.h"

#ifndef VK_EXPONENTIAL_LAYOUT
#define VK_EXPONENTIAL_LAYOUT
namespace vk {

/** Beyond this many bytes a field does not stay in cache; it is written around it. */
constexpr int64_t kExponentialStreamBytes = int64_t{16} << 20;
constexpr int64_t kExponentialSlabSlices = 16;

struct ExponentialLayout {
  InterleavedField fields[2];
  int64_t chunks;
  /** The largest squared displacement of each chunk, in voxels. */
  float* largest;
  int64_t bytes;

  ExponentialLayout(const int64_t size[3], Carver carver)
      : fields{InterleavedField(size, carver), InterleavedField(size, carver)},
        chunks(chunkCount(fields[0].rows(), kFieldRowsPerChunk)),
        largest(carver.take<float>(chunks)),
        bytes(carver.bytes()) {}
};

/** Squarings that bring the largest offset to half a voxel. */
int32_t exponentialStepsOf(const float* squaredOffsets, int64_t count);

/** The fields between the squarings: every `segment`-th is kept, the others of one segment are made
 * again when the way back reaches it. */
struct ExponentialGradientLayout {
  int32_t segment;
  int32_t kept;
  Carver pieces;
  InterleavedField gradients[2];
  /** First and last slice that each source row adds to. */
  int32_t* slices;
  int64_t bytes;

  ExponentialGradientLayout(const ExponentialGradientArgs& args, Carver carver)
      : segment(segmentOf(args.steps)),
        kept((args.steps + segment - 1) / segment),
        pieces(carver),
        gradients{InterleavedField(args.size, skip(carver, args, kept + segment - 1)),
                  InterleavedField(args.size, carver)},
        slices(carver.take<int32_t>(2 * gradients[0].rows())),
        bytes(carver.bytes()) {}

  /** The kept fields come first, then those of one segment. */
  InterleavedField field(const ExponentialGradientArgs& args, int32_t index) const {
    Carver carver = pieces;
    for (int32_t i = 0; i < index; ++i) InterleavedField(args.size, carver);
    return InterleavedField(args.size, carver);
  }

 private:
  static int32_t segmentOf(int32_t steps) {
    int32_t root = 1;
    while (root * root < steps) ++root;
    return root;
  }
  static Carver& skip(Carver& carver, const ExponentialGradientArgs& args, int32_t count) {
    for (int32_t i = 0; i < count; ++i) InterleavedField(args.size, carver);
    return carver;
  }
};

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct OffsetMap {
  float m[9];
  explicit OffsetMap(const double map[9]) {
    for (int i = 0; i < 9; ++i) m[i] = float(map[i]);
  }
  /** Index offsets of displacements in mm. */
  HWY_ATTR HWY_INLINE void offsets(const FieldVector u[3], FieldVector delta[3]) const {
    const FieldTag d;
    for (int r = 0; r < 3; ++r) {
      auto sum = hn::Mul(hn::Set(d, m[3 * r]), u[0]);
      sum = hn::MulAdd(hn::Set(d, m[3 * r + 1]), u[1], sum);
      delta[r] = hn::MulAdd(hn::Set(d, m[3 * r + 2]), u[2], sum);
    }
  }
};

HWY_ATTR float largestSquaredOffset(const float* planar, int64_t stride, const OffsetMap& map,
                                    int64_t count) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto largest = hn::Zero(d);
  for (int64_t i = 0; i < count; i += lanes) {
    const auto within = lanesWithin(count - i);
    FieldVector v[3], delta[3];
    for (int c = 0; c < 3; ++c) v[c] = hn::MaskedLoad(within, d, planar + c * stride + i);
    map.offsets(v, delta);
    const auto squares =
        hn::MulAdd(delta[0], delta[0], hn::MulAdd(delta[1], delta[1], hn::Mul(delta[2], delta[2])));
    // Not Max: what is not a number must not get in.
    largest = hn::IfThenElse(hn::Gt(squares, largest), squares, largest);
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

void interleaveField(Context& context, const float* planar, float scale,
                     const InterleavedField& field) {
  const int64_t width = field.size[0], voxels = width * field.rows();
  parallelFor(context, chunkCount(field.rows(), kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(field.rows(), kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      interleaveRow(planar + row * width, voxels, scale, width, field.row(row));
    }
  });
}

/** Components of a vector of voxels; may read up to a vector past the row. */
HWY_ATTR HWY_INLINE void loadVoxels(const float* from, FieldVector u[3]) {
  const FieldTag d;
  FieldVector pad;
  hn::LoadInterleaved4(d, from, u[0], u[1], u[2], pad);
}

/** One row of u + u(x + u), interleaved. */
template <bool kStream>
HWY_ATTR void squareRow(const InterleavedField& field, const OffsetMap& map, int64_t row,
                        float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = field.size[0];
  const float y = float(row % field.size[1]), z = float(row / field.size[1]);
  const float* in = field.row(row);
  const FieldSteps steps(field);
  FieldCells cells;
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector u[3], delta[3];
    loadVoxels(in + 4 * x, u);
    map.offsets(u, delta);
    locateCells(field, hn::Iota(d, float(x)), y, z, delta, cells);
    prefetchNextRow(field, field.data, cells);
    const int64_t count = width - x < lanes ? width - x : lanes;
    for (int64_t i = 0; i < count; ++i) {
      sampleCell<kStream>(field.data, steps, cells, i, in + 4 * (x + i), out + 4 * (x + i));
    }
  }
  if (width == 1) {
    for (int64_t c = 0; c < 4; ++c) out[4 + c] = out[c];
  }
}

/** The same, planar. */
HWY_ATTR void squareRowPlanar(const InterleavedField& field, const OffsetMap& map, int64_t row,
                              float* out, int64_t stride) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = field.size[0];
  const float y = float(row % field.size[1]), z = float(row / field.size[1]);
  FieldCells cells;
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector u[3], delta[3], value[3];
    loadVoxels(field.row(row) + 4 * x, u);
    map.offsets(u, delta);
    locateCells(field, hn::Iota(d, float(x)), y, z, delta, cells);
    prefetchNextRow(field, field.data, cells);
    sampleCells(field, cells, value);
    for (int c = 0; c < 3; ++c) {
      const auto sum = hn::Add(value[c], u[c]);
      if (x + lanes <= width) {
        hn::StoreU(sum, d, out + c * stride + x);
      } else {
        hn::BlendedStore(sum, lanesWithin(width - x), d, out + c * stride + x);
      }
    }
  }
}

void squareField(Context& context, const InterleavedField& from, const OffsetMap& map,
                 const InterleavedField& to) {
  const bool stream = 16 * from.rowVoxels * from.rows() > kExponentialStreamBytes &&
                      reinterpret_cast<uintptr_t>(to.data) % 16 == 0 && from.size[0] > 1;
  parallelFor(context, chunkCount(from.rows(), kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(from.rows(), kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      if (stream) {
        squareRow<true>(from, map, row, to.row(row));
      } else {
        squareRow<false>(from, map, row, to.row(row));
      }
    }
    if (stream) hwy::FlushStream();
  });
}

void exponentialCpu(const ExponentialArgs& args, Context& context, const Workspace& workspace) {
  const ExponentialLayout layout(args.size, Carver(workspace.data));
  const OffsetMap map(args.displacementMap);
  const float* velocity = static_cast<const float*>(args.velocity);
  float* displacement = static_cast<float*>(args.displacement);
  const int64_t width = args.size[0], rows = layout.fields[0].rows(), voxels = width * rows;
  int32_t steps = args.steps;
  if (steps < 0) {
    parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
      const Range range = chunkRange(voxels, kFieldRowsPerChunk * width, chunk);
      layout.largest[chunk] =
          largestSquaredOffset(velocity + range.begin, voxels, map, range.end - range.begin);
    });
    steps = exponentialStepsOf(layout.largest, layout.chunks);
  }
  if (args.stepsUsed != nullptr) *args.stepsUsed = steps;
  if (steps == 0) {
    parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
      const Range range = chunkRange(3 * voxels, 3 * kFieldRowsPerChunk * width, chunk);
      for (int64_t i = range.begin; i < range.end; ++i) displacement[i] = velocity[i];
    });
    return;
  }
  float scale = 1;
  for (int32_t step = 0; step < steps; ++step) scale *= 0.5f;
  interleaveField(context, velocity, scale, layout.fields[0]);
  for (int32_t step = 0; step + 1 < steps; ++step) {
    squareField(context, layout.fields[step % 2], map, layout.fields[(step + 1) % 2]);
  }
  const InterleavedField& last = layout.fields[(steps - 1) % 2];
  parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      squareRowPlanar(last, map, row, displacement + row * width, voxels);
    }
  });
}

/** The three derivatives by position of the vector sampled in lane i, four floats each. */
HWY_ATTR HWY_INLINE void sampleSlopes(const float* data, FieldSteps steps, const FieldCells& cells,
                                      int64_t i, float* byX, float* byY, float* byZ) {
  const float* corner = data + 4 * int64_t{cells.voxel[i]};
  const hn::CappedTag<float, 4> d;
  const auto fx = hn::Set(d, cells.fx[i]), fy = hn::Set(d, cells.fy[i]);
  const auto fz = hn::Set(d, cells.fz[i]);
  const auto lerp = [&](auto a, auto b, auto f)
                        HWY_ATTR { return hn::MulAdd(f, hn::Sub(b, a), a); };
  for (int64_t c = 0; c < 4; c += static_cast<int64_t>(hn::Lanes(d))) {
    const float* at = corner + c;
    const auto l00 = hn::LoadU(d, at), r00 = hn::LoadU(d, at + 4);
    const auto l10 = hn::LoadU(d, at + steps.y), r10 = hn::LoadU(d, at + steps.y + 4);
    const auto l01 = hn::LoadU(d, at + steps.z), r01 = hn::LoadU(d, at + steps.z + 4);
    const auto l11 = hn::LoadU(d, at + steps.y + steps.z);
    const auto r11 = hn::LoadU(d, at + steps.y + steps.z + 4);
    hn::StoreU(lerp(lerp(hn::Sub(r00, l00), hn::Sub(r10, l10), fy),
                    lerp(hn::Sub(r01, l01), hn::Sub(r11, l11), fy), fz),
               d, byX + c);
    const auto m00 = lerp(l00, r00, fx), m10 = lerp(l10, r10, fx);
    const auto m01 = lerp(l01, r01, fx), m11 = lerp(l11, r11, fx);
    hn::StoreU(lerp(hn::Sub(m10, m00), hn::Sub(m11, m01), fz), d, byY + c);
    hn::StoreU(lerp(hn::Sub(m01, m00), hn::Sub(m11, m10), fy), d, byZ + c);
  }
}

/** out = upstream + what the squaring's positions pass on to their own voxels. */
HWY_ATTR void adjointOwnRow(const InterleavedField& u, const OffsetMap& map,
                            const InterleavedField& upstream, int64_t row, float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = u.size[0];
  const float y = float(row % u.size[1]), z = float(row / u.size[1]);
  const FieldSteps steps(u);
  FieldCells cells;
  HWY_ALIGN float slopes[3][4 * kFieldLanes];
  HWY_ALIGN float results[4 * kFieldLanes];
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector own[3], delta[3], g[3];
    FieldMask moves[3];
    loadVoxels(u.row(row) + 4 * x, own);
    loadVoxels(upstream.row(row) + 4 * x, g);
    map.offsets(own, delta);
    locateCells(u, hn::Iota(d, float(x)), y, z, delta, cells, moves);
    prefetchNextRow(u, u.data, cells);
    for (int64_t i = 0; i < lanes; ++i) {
      sampleSlopes(u.data, steps, cells, i, slopes[0] + 4 * i, slopes[1] + 4 * i,
                   slopes[2] + 4 * i);
    }
    for (int r = 0; r < 3; ++r) {
      FieldVector slope[3];
      loadVoxels(slopes[r], slope);
      auto byPosition = hn::Mul(slope[0], g[0]);
      byPosition = hn::MulAdd(slope[1], g[1], byPosition);
      byPosition = hn::MulAdd(slope[2], g[2], byPosition);
      // A product, not a choice, so that NaN shows beyond the border, too.
      delta[r] = hn::Mul(byPosition, hn::IfThenElseZero(moves[r], hn::Set(d, 1.0f)));
    }
    for (int c = 0; c < 3; ++c) {
      for (int r = 0; r < 3; ++r) {
        g[c] = hn::MulAdd(hn::Set(d, map.m[3 * r + c]), delta[r], g[c]);
      }
    }
    hn::StoreInterleaved4(g[0], g[1], g[2], hn::Zero(d), d, results);
    const int64_t count = width - x < lanes ? width - x : lanes;
    for (int64_t i = 0; i < 4 * count; ++i) out[4 * x + i] = results[i];
  }
  if (width == 1) {
    for (int64_t c = 0; c < 4; ++c) out[4 + c] = 0;
  }
}

/** First and last slice that a row scatters to. */
HWY_ATTR void reachOfRow(const InterleavedField& u, const OffsetMap& map, int64_t row,
                         int32_t reach[2]) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = u.size[0];
  const auto z = hn::Set(d, float(row / u.size[1]));
  auto low = hn::Set(d, float(u.size[2])), high = hn::Zero(d);
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector own[3], delta[3];
    loadVoxels(u.row(row) + 4 * x, own);
    map.offsets(own, delta);
    const auto cell = fieldAxisCell(z, delta[2], u.size[2]).cell;
    const auto within = lanesWithin(width - x);
    low = hn::IfThenElse(within, hn::Min(low, cell), low);
    high = hn::IfThenElse(within, hn::Max(high, cell), high);
  }
  reach[0] = static_cast<int32_t>(hn::GetLane(hn::MinOfLanes(d, low)));
  reach[1] = static_cast<int32_t>(hn::GetLane(hn::MaxOfLanes(d, high))) + (u.size[2] > 1 ? 1 : 0);
}

/** The two rows of a cell's slice: corner += weights * g. */
HWY_ATTR HWY_INLINE void scatterSlice(float* corner, int64_t yStep, float wBelow, float wAbove,
                                      float fx, const float* g) {
  const hn::CappedTag<float, 4> d;
  for (int64_t c = 0; c < 4; c += static_cast<int64_t>(hn::Lanes(d))) {
    const auto value = hn::LoadU(d, g + c);
    const auto right = hn::Mul(value, hn::Set(d, fx));
    const auto left = hn::Sub(value, right);
    float* at = corner + c;
    hn::StoreU(hn::MulAdd(hn::Set(d, wBelow), left, hn::LoadU(d, at)), d, at);
    hn::StoreU(hn::MulAdd(hn::Set(d, wBelow), right, hn::LoadU(d, at + 4)), d, at + 4);
    at += yStep;
    hn::StoreU(hn::MulAdd(hn::Set(d, wAbove), left, hn::LoadU(d, at)), d, at);
    hn::StoreU(hn::MulAdd(hn::Set(d, wAbove), right, hn::LoadU(d, at + 4)), d, at + 4);
  }
}

/** Adds what one source row passes on to the slices [begin, end). */
HWY_ATTR void scatterRow(const InterleavedField& u, const OffsetMap& map,
                         const InterleavedField& upstream, int64_t row, int64_t begin, int64_t end,
                         float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = u.size[0];
  const float y = float(row % u.size[1]), z = float(row / u.size[1]);
  const FieldSteps steps(u);
  const float* g = upstream.row(row);
  FieldCells cells;
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector own[3], delta[3];
    loadVoxels(u.row(row) + 4 * x, own);
    map.offsets(own, delta);
    locateCells(u, hn::Iota(d, float(x)), y, z, delta, cells);
    prefetchNextRow(u, out, cells);
    const int64_t count = width - x < lanes ? width - x : lanes;
    for (int64_t i = 0; i < count; ++i) {
      float* corner = out + 4 * int64_t{cells.voxel[i]};
      const int64_t slice = cells.slice[i];
      if (slice >= begin && slice < end) {
        scatterSlice(corner, steps.y, cells.w00[i], cells.w10[i], cells.fx[i], g + 4 * (x + i));
      }
      if (steps.z != 0 && slice + 1 >= begin && slice + 1 < end) {
        scatterSlice(corner + steps.z, steps.y, cells.w01[i], cells.w11[i], cells.fx[i],
                     g + 4 * (x + i));
      }
    }
  }
}

/** out = dL/du out of upstream = dL/d(u squared). */
void squareFieldAdjoint(Context& context, const InterleavedField& u, const OffsetMap& map,
                        const InterleavedField& upstream, int32_t* reach,
                        const InterleavedField& out) {
  const int64_t rows = u.rows(), height = u.size[1], depth = u.size[2];
  parallelFor(context, chunkCount(rows, kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      adjointOwnRow(u, map, upstream, row, out.row(row));
      reachOfRow(u, map, row, reach + 2 * row);
    }
  });
  const int64_t slabs = chunkCount(depth, kExponentialSlabSlices);
  parallelFor(context, slabs, [&](int64_t chunk) HWY_ATTR {
    const Range slab = chunkRange(depth, kExponentialSlabSlices, chunk);
    for (int64_t row = 0; row < height * depth; ++row) {
      if (reach[2 * row + 1] < slab.begin || reach[2 * row] >= slab.end) continue;
      scatterRow(u, map, upstream, row, slab.begin, slab.end, out.data);
    }
  });
}

void exponentialGradientCpu(const ExponentialGradientArgs& args, Context& context,
                            const Workspace& workspace) {
  const ExponentialGradientLayout layout(args, Carver(workspace.data));
  const OffsetMap map(args.displacementMap);
  const int64_t width = args.size[0], rows = layout.gradients[0].rows(), voxels = width * rows;
  float scale = 1;
  for (int32_t step = 0; step < args.steps; ++step) scale *= 0.5f;
  const auto within = [&](int32_t j) { return layout.field(args, layout.kept + j - 1); };
  if (args.steps > 0) {
    interleaveField(context, static_cast<const float*>(args.velocity), scale,
                    layout.field(args, 0));
  }
  for (int32_t s = 0; s + 1 < layout.kept; ++s) {
    for (int32_t j = 0; j < layout.segment; ++j) {
      squareField(context, j == 0 ? layout.field(args, s) : within(j), map,
                  j + 1 == layout.segment ? layout.field(args, s + 1) : within(j + 1));
    }
  }
  int32_t current = 0;
  interleaveField(context, static_cast<const float*>(args.displacementGradient), 1.0f,
                  layout.gradients[0]);
  for (int32_t s = layout.kept - 1; s >= 0; --s) {
    const int32_t left = args.steps - s * layout.segment;
    const int32_t length = left < layout.segment ? left : layout.segment;
    for (int32_t j = 1; j < length; ++j) {
      squareField(context, j == 1 ? layout.field(args, s) : within(j - 1), map, within(j));
    }
    for (int32_t j = length - 1; j >= 0; --j) {
      squareFieldAdjoint(context, j == 0 ? layout.field(args, s) : within(j), map,
                         layout.gradients[current], layout.slices, layout.gradients[1 - current]);
      current = 1 - current;
    }
  }
  float* out = static_cast<float*>(args.velocityGradient);
  const InterleavedField& result = layout.gradients[current];
  parallelFor(context, chunkCount(rows, kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      const float* in = result.row(row);
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t x = 0; x < width; ++x) {
          out[c * voxels + row * width + x] = scale * in[4 * x + c];
        }
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>

namespace vk {

VK_SIMD_TABLE(exponentialCpu);
VK_SIMD_TABLE(exponentialGradientCpu);

int32_t exponentialStepsOf(const float* squaredOffsets, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (squaredOffsets[i] > largest) largest = double(squaredOffsets[i]);
  }
  int32_t steps = 0;
  for (double offset = std::sqrt(largest); offset > 0.5 && steps < kExponentialMostSteps;) {
    offset /= 2;
    ++steps;
  }
  return steps;
}

int64_t exponentialCpuWorkspaceBytes(const ExponentialArgs& args) {
  return ExponentialLayout(args.size, Carver(nullptr)).bytes;
}

int64_t exponentialGradientCpuWorkspaceBytes(const ExponentialGradientArgs& args) {
  return ExponentialGradientLayout(args, Carver(nullptr)).bytes;
}

}  // namespace vk
#endif
