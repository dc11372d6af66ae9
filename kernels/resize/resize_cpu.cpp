// Slices that an output slice needs are added up first, then rows, then the row is resampled: what
// lies between stays in the second-level cache. The gradient is the same with transposed tables.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "resize/resize_cpu.cpp"
#include "core/scratch.h"
#include "core/simd_begin.h"
#include "resize/resize_taps.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using I32 = hn::Rebind<int32_t, F32>;

/** Voxels of `to` in one chunk, about. */
constexpr int64_t kChunk = 16384;

/** to = weight * from, or added to it. */
HWY_INLINE void accumulate(const float* from, float weight, bool first, int64_t n, float* to) {
  const F32 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto w = hn::Set(d, weight);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto value = hn::LoadU(d, from + i);
    hn::StoreU(first ? hn::Mul(value, w) : hn::MulAdd(value, w, hn::LoadU(d, to + i)), d, to + i);
  }
  for (; i < n; ++i) to[i] = first ? weight * from[i] : __builtin_fmaf(weight, from[i], to[i]);
}

/** Adds up n elements of the taps of element i, each `stride` apart; zero if there are none. */
HWY_INLINE void combine(const ResizeTable& table, int64_t i, const float* from, int64_t stride,
                        int64_t n, float* to) {
  const int64_t begin = table.begin[i];
  const int64_t end = table.begin[i + 1];
  if (begin == end) {
    for (int64_t k = 0; k < n; ++k) to[k] = 0;
  }
  for (int64_t tap = begin; tap < end; ++tap) {
    accumulate(from + table.index[tap] * stride, table.weight[tap], tap == begin, n, to);
  }
}

HWY_INLINE void resampleRow(const ResizeTable& table, const float* from, float* to) {
  const F32 d;
  const I32 di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t n = table.toSize;
  int64_t i = 0;
  if (table.laneIndex != nullptr) {
    for (; i + lanes <= n; i += lanes) {
      auto sum = hn::Zero(d);
      for (int64_t k = 0; k < table.laneTaps; ++k) {
        const auto weight = hn::LoadU(d, table.laneWeight + k * n + i);
        const auto value = hn::GatherIndex(d, from, hn::LoadU(di, table.laneIndex + k * n + i));
        // Without a tap the value is anything, NaN too.
        sum = hn::MulAdd(hn::IfThenZeroElse(hn::Eq(weight, hn::Zero(d)), value), weight, sum);
      }
      hn::StoreU(sum, d, to + i);
    }
  }
  for (; i < n; ++i) {
    float sum = 0;
    for (int64_t tap = table.begin[i]; tap < table.begin[i + 1]; ++tap) {
      sum = __builtin_fmaf(table.weight[tap], from[table.index[tap]], sum);
    }
    to[i] = sum;
  }
}

struct Tables {
  const ResizeTable& z;
  const ResizeTable& y;
  const ResizeTable& x;
};

/** Rows [rows.begin, rows.end) of slice z of one plane. `scratch` holds a slice and a row of
 * `from`. */
HWY_INLINE void resizeRows(const ResizeArgs& args, const Tables& tables, int64_t plane, int64_t z,
                           Range rows, float* scratch) {
  const int64_t width = tables.x.fromSize;
  const int64_t height = tables.y.fromSize;
  const int64_t slice = width * height;
  const float* from = static_cast<const float*>(args.from) + plane * slice * tables.z.fromSize;
  float* to = static_cast<float*>(args.to) +
              (plane * tables.z.toSize + z) * tables.y.toSize * tables.x.toSize;
  // Rows of `from` that the rows take.
  int64_t first = height;
  int64_t last = 0;
  for (int64_t tap = tables.y.begin[rows.begin]; tap < tables.y.begin[rows.end]; ++tap) {
    const int64_t index = tables.y.index[tap];
    first = index < first ? index : first;
    last = index >= last ? index + 1 : last;
  }
  const float* combined = from + z * slice;
  if (!tables.z.identity) {
    combined = scratch;
    if (first < last) {
      combine(tables.z, z, from + first * width, slice, (last - first) * width,
              scratch + first * width);
    }
  }
  float* row = scratch + slice;
  const bool outsideZ = tables.z.outside != nullptr && tables.z.outside[z] != 0;
  const float extrapolation = float(args.params.extrapolation_value);
  for (int64_t y = rows.begin; y < rows.end; ++y) {
    float* out = to + y * tables.x.toSize;
    if (outsideZ || (tables.y.outside != nullptr && tables.y.outside[y] != 0)) {
      for (int64_t x = 0; x < tables.x.toSize; ++x) out[x] = extrapolation;
      continue;
    }
    const float* source = combined + y * width;
    if (!tables.y.identity) {
      float* combinedRow = tables.x.identity ? out : row;
      combine(tables.y, y, combined, width, width, combinedRow);
      source = combinedRow;
    }
    if (!tables.x.identity) {
      resampleRow(tables.x, source, out);
    } else if (source != out) {
      __builtin_memcpy(out, source, size_t(width) * sizeof(float));
    }
    for (int64_t x = 0; tables.x.outside != nullptr && x < tables.x.toSize; ++x) {
      if (tables.x.outside[x] != 0) out[x] = extrapolation;
    }
  }
}

void resize(const ResizeArgs& args, Context& context, const Workspace& workspace, bool transposed) {
  WorkspaceLayout layout(workspace.data);
  ResizeTables all(args, transposed, &layout);
  all.build();
  const Tables tables = {all.axis(0), all.axis(1), all.axis(2)};
  if (tables.x.toSize * tables.y.toSize * tables.z.toSize == 0) return;
  const int64_t scratchFloats = tables.x.fromSize * (tables.y.fromSize + 1);
  float* const scratch = layout.take<float>(args.threads * scratchFloats);
  const int64_t rows = kChunk / tables.x.toSize > 0 ? kChunk / tables.x.toSize : 1;
  const int64_t bands = chunkCount(tables.y.toSize, rows);
  ScratchSlots slots(args.threads);
  parallelFor(context, args.planes * tables.z.toSize * bands, [&](int64_t chunk) HWY_ATTR {
    const int32_t slot = slots.acquire();
    const int64_t z = chunk / bands % tables.z.toSize;
    resizeRows(args, tables, chunk / bands / tables.z.toSize, z,
               chunkRange(tables.y.toSize, rows, chunk % bands), scratch + slot * scratchFloats);
    slots.release(slot);
  });
}

}  // namespace

void resizeCpu(const ResizeArgs& args, Context& context, const Workspace& workspace) {
  resize(args, context, workspace, false);
}

void resizeGradientCpu(const ResizeArgs& args, Context& context, const Workspace& workspace) {
  resize(args, context, workspace, true);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(resizeCpu);
VK_SIMD_TABLE(resizeGradientCpu);

namespace {

int64_t workspaceBytes(const ResizeArgs& args, bool transposed) {
  WorkspaceLayout layout(nullptr);
  const ResizeTables tables(args, transposed, &layout);
  layout.take<float>(args.threads * tables.axis(2).fromSize * (tables.axis(1).fromSize + 1));
  return layout.bytes();
}

}  // namespace

int64_t resizeWorkspaceBytes(const ResizeArgs& args) { return workspaceBytes(args, false); }

int64_t resizeGradientWorkspaceBytes(const ResizeArgs& args) { return workspaceBytes(args, true); }

}  // namespace vk
#endif
