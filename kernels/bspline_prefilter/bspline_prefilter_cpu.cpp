#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bspline_prefilter/bspline_prefilter_cpu.cpp"
#include "core/simd_begin.h"
#include "bspline_prefilter/bspline_prefilter.h"
#include "bspline_prefilter/bspline_prefilter_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using VecF = hn::Vec<F32>;
constexpr int64_t kLanes = HWY_LANES(float);
/** Vectors side by side in one pass, so that their recursions hide each other's latency. */
constexpr int64_t kAbreast = 4;

/** Start-up weights of one axis; from C++ compiled for any processor. */
struct Axis {
  int64_t size;
  bool periodic;
  int64_t terms;
  float weights[kBsplineHorizon];

  Axis(int64_t length, vk_border border)
      : size(length), periodic(border == VK_BORDER_PERIODIC), terms(0), weights() {
    if (size < 2) return;
    terms = periodic ? bsplinePeriodicStart(size, weights) : bsplineCausalStart(size, weights);
  }
};

HWY_INLINE VecF loadSome(const float* from, int64_t n) {
  const F32 d;
  if (HWY_LIKELY(n >= kLanes)) return hn::LoadU(d, from);
  HWY_ALIGN float buffer[kLanes] = {};
  for (int64_t k = 0; k < n; ++k) buffer[k] = from[k];
  return hn::Load(d, buffer);
}

HWY_INLINE void storeSome(VecF v, float* to, int64_t n) {
  const F32 d;
  if (HWY_LIKELY(n >= kLanes)) {
    hn::StoreU(v, d, to);
    return;
  }
  HWY_ALIGN float buffer[kLanes];
  hn::Store(v, d, buffer);
  for (int64_t k = 0; k < n; ++k) to[k] = buffer[k];
}

/** Filters kCount vectors of neighbouring columns (the last one of n lanes) along an axis of stride
 * `stride`; the causal values are kept in `scratch`, so that in may be out. */
template <int64_t kCount>
HWY_INLINE void filterColumns(const Axis& axis, const float* in, float* out, int64_t stride,
                              int64_t n, float* scratch) {
  const F32 d;
  const VecF pole = hn::Set(d, float(kBsplinePole));
  const VecF gain = hn::Set(d, float(-kBsplineGain * kBsplinePole));
  const int64_t size = axis.size;
  const auto lanesOf = [n](int64_t v) HWY_ATTR { return v == kCount - 1 ? n : kLanes; };
  VecF value[kCount];
  for (int64_t v = 0; v < kCount; ++v) {
    value[v] = hn::Zero(d);
    for (int64_t k = 0; k < axis.terms; ++k) {
      const int64_t at = axis.periodic && k > 0 ? size - k : k;
      value[v] = hn::MulAdd(hn::Set(d, axis.weights[k]),
                            loadSome(in + at * stride + v * kLanes, lanesOf(v)), value[v]);
    }
    hn::StoreU(value[v], d, scratch + v * kLanes);
  }
  for (int64_t i = 1; i < size; ++i) {
    for (int64_t v = 0; v < kCount; ++v) {
      value[v] = hn::MulAdd(pole, value[v], loadSome(in + i * stride + v * kLanes, lanesOf(v)));
      hn::StoreU(value[v], d, scratch + (i * kCount + v) * kLanes);
    }
  }
  // The last anticausal value; the following ones are z (next - causal), times the gain.
  for (int64_t v = 0; v < kCount; ++v) {
    if (axis.periodic) {
      VecF sum = hn::Zero(d);
      for (int64_t k = 0; k < axis.terms; ++k) {
        const int64_t at = k == 0 ? size - 1 : k - 1;
        sum = hn::MulAdd(hn::Set(d, axis.weights[k]),
                         hn::LoadU(d, scratch + (at * kCount + v) * kLanes), sum);
      }
      value[v] = hn::Mul(gain, sum);
    } else {
      const float start = float(kBsplineGain * kBsplinePole / (kBsplinePole * kBsplinePole - 1));
      const VecF before = hn::LoadU(d, scratch + ((size - 2) * kCount + v) * kLanes);
      value[v] = hn::Mul(hn::Set(d, start), hn::MulAdd(pole, before, value[v]));
    }
    storeSome(value[v], out + (size - 1) * stride + v * kLanes, lanesOf(v));
  }
  for (int64_t i = size - 2; i >= 0; --i) {
    for (int64_t v = 0; v < kCount; ++v) {
      const VecF causal = hn::LoadU(d, scratch + (i * kCount + v) * kLanes);
      value[v] = hn::MulAdd(gain, causal, hn::Mul(pole, value[v]));
      storeSome(value[v], out + i * stride + v * kLanes, lanesOf(v));
    }
  }
}

/** Filters `width` neighbouring columns. */
HWY_INLINE void filterAll(const Axis& axis, const float* in, float* out, int64_t width,
                          int64_t stride, float* scratch) {
  int64_t x = 0;
  for (; x + kAbreast * kLanes <= width; x += kAbreast * kLanes) {
    filterColumns<kAbreast>(axis, in + x, out + x, stride, kLanes, scratch);
  }
  for (; x < width; x += kLanes) {
    const int64_t n = width - x < kLanes ? width - x : kLanes;
    filterColumns<1>(axis, in + x, out + x, stride, n, scratch);
  }
}

/** Filters rows along x, as many at a time as a vector has lanes, by way of a transposed copy. */
HWY_INLINE void filterRows(const Axis& axis, const float* in, float* out, int64_t rows,
                           float* scratch) {
  const int64_t width = axis.size;
  float* transposed = scratch;
  float* causal = scratch + width * kLanes;
  for (int64_t row = 0; row < rows; row += kLanes) {
    const int64_t n = rows - row < kLanes ? rows - row : kLanes;
    for (int64_t r = 0; r < kLanes; ++r) {
      const float* from = in + (row + (r < n ? r : 0)) * width;
      for (int64_t x = 0; x < width; ++x) transposed[x * kLanes + r] = from[x];
    }
    filterColumns<1>(axis, transposed, transposed, kLanes, kLanes, causal);
    for (int64_t r = 0; r < n; ++r) {
      float* to = out + (row + r) * width;
      for (int64_t x = 0; x < width; ++x) to[x] = transposed[x * kLanes + r];
    }
  }
}

HWY_INLINE void copyAll(const float* in, float* out, int64_t count) {
  if (in == out) return;
  for (int64_t i = 0; i < count; ++i) out[i] = in[i];
}

}  // namespace

void bsplinePrefilterCpu(const BsplinePrefilterArgs& args, Context& context,
                         const Workspace& workspace) {
  const Axis x(args.width, args.border);
  const Axis y(args.height, args.border);
  const Axis z(args.depth, args.border);
  const int64_t slice = args.width * args.height;
  const float* image = static_cast<const float*>(args.image);
  float* coefficients = static_cast<float*>(args.coefficients);
  const int64_t scratchFloats = bsplinePrefilterScratchFloats(args);

  const int64_t slices = args.volumes * args.depth;
  const int64_t slicesAChunk = chunkCount(slices, kBsplinePrefilterChunks);
  if (slices == 0 || slice == 0) return;
  parallelFor(context, chunkCount(slices, slicesAChunk), [&](int64_t chunk) HWY_ATTR {
    float* scratch = workspace.as<float>() + chunk * scratchFloats;
    const Range range = chunkRange(slices, slicesAChunk, chunk);
    for (int64_t k = range.begin; k < range.end; ++k) {
      const float* in = image + k * slice;
      float* out = coefficients + k * slice;
      if (x.size > 1) {
        filterRows(x, in, out, args.height, scratch);
      } else {
        copyAll(in, out, slice);
      }
      if (y.size > 1) filterAll(y, out, out, args.width, args.width, scratch);
    }
  });
  if (z.size < 2) return;
  const int64_t rows = args.volumes * args.height;
  const int64_t rowsAChunk = chunkCount(rows, kBsplinePrefilterChunks);
  parallelFor(context, chunkCount(rows, rowsAChunk), [&](int64_t chunk) HWY_ATTR {
    float* scratch = workspace.as<float>() + chunk * scratchFloats;
    const Range range = chunkRange(rows, rowsAChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      float* at =
          coefficients + row / args.height * args.depth * slice + row % args.height * args.width;
      filterAll(z, at, at, args.width, slice, scratch);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(bsplinePrefilterCpu);

int64_t bsplinePrefilterScratchFloats(const BsplinePrefilterArgs& args) {
  constexpr int64_t kWidestVector = 16;
  const int64_t across = args.height > args.depth ? args.height : args.depth;
  const int64_t columns = 4 * kWidestVector * across;
  const int64_t rows = 2 * kWidestVector * args.width;
  // Whole cache lines, so that two chunks never share one.
  return ((columns > rows ? columns : rows) + 31) / 32 * 32;
}

int64_t bsplinePrefilterCpuWorkspaceBytes(const BsplinePrefilterArgs& args) {
  const int64_t slices = args.volumes * args.depth;
  const int64_t rows = args.volumes * args.height;
  const int64_t most = slices > rows ? slices : rows;
  const int64_t chunks = most < kBsplinePrefilterChunks ? most : kBsplinePrefilterChunks;
  return chunks * bsplinePrefilterScratchFloats(args) * static_cast<int64_t>(sizeof(float));
}

}  // namespace vk
#endif
