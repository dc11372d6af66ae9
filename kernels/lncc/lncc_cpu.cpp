#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lncc/lncc_cpu.cpp"
#include "core/simd_begin.h"
#include "core/scratch.h"
#include "lncc/lncc.h"
#include "lncc/lncc_layout.h"
#include "lncc/lncc_statistics.h"
#include "lncc/lncc_windows-inl.h"

// Sums are f64: sliding sums of f32 drift, and a variance is a small difference of large sums.

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::Rebind<float, D>;

/** `count` values from `from`, zero in the lanes behind. */
HWY_INLINE V loadFloats(const float* from, int64_t count) {
  const D d;
  const D32 d32;
  if (HWY_LIKELY(count >= lanes())) return hn::PromoteTo(d, hn::LoadU(d32, from));
  HWY_ALIGN float values[hn::MaxLanes(d)] = {};
  for (int64_t i = 0; i < count; ++i) values[i] = from[i];
  return hn::PromoteTo(d, hn::Load(d32, values));
}

HWY_INLINE void storeFloats(V values, float* to, int64_t count) {
  const D d;
  const D32 d32;
  const auto narrow = hn::DemoteTo(d32, values);
  if (HWY_LIKELY(count >= lanes())) {
    hn::StoreU(narrow, d32, to);
    return;
  }
  HWY_ALIGN float kept[hn::MaxLanes(d)];
  hn::Store(narrow, d32, kept);
  for (int64_t i = 0; i < count; ++i) to[i] = kept[i];
}

/** True in the lanes of voxels that are inside the row and that the mask counts. */
template <bool kMasked>
HWY_INLINE M countedLanes(const uint8_t* mask, int64_t count) {
  const D d;
  if (!kMasked) return hn::FirstN(d, static_cast<size_t>(count < lanes() ? count : lanes()));
  const hn::Rebind<uint8_t, D> d8;
  const hn::Rebind<int32_t, D> d32;
  const hn::RebindToSigned<D> d64;
  HWY_ALIGN uint8_t values[hn::MaxLanes(d)] = {};
  const uint8_t* from = mask;
  if (HWY_UNLIKELY(count < lanes())) {
    for (int64_t i = 0; i < count; ++i) values[i] = mask[i];
    from = values;
  }
  const auto wide = hn::PromoteTo(d64, hn::PromoteTo(d32, hn::LoadU(d8, from)));
  return hn::RebindMask(d, hn::Ne(wide, hn::Zero(d64)));
}

/** The normalised intensities and what is common to both passes. Positions are the box's. */
template <bool kMasked>
struct Images {
  const LnccArgs& args;
  const LnccBox& box;
  const LnccStatistics& statistics;

  /** Of the voxel at the beginning of the box's row. */
  HWY_INLINE int64_t rowStart(int64_t z, int64_t y) const {
    return ((z + box.begin[2]) * args.size[1] + y + box.begin[1]) * args.size[0] + box.begin[0];
  }
  /** Voxels from here to the end of the image's row. */
  HWY_INLINE int64_t left(int64_t x) const { return args.size[0] - box.begin[0] - x; }
  HWY_INLINE M counted(int64_t row, int64_t x) const {
    return countedLanes<kMasked>(args.mask + row + x, left(x));
  }
  HWY_INLINE V fixed(int64_t row, int64_t x) const {
    return normalised(static_cast<const float*>(args.fixed) + row + x, x, statistics.fixedScale,
                      statistics.fixedShift);
  }
  HWY_INLINE V warped(int64_t row, int64_t x) const {
    return normalised(static_cast<const float*>(args.warped) + row + x, x, statistics.warpedScale,
                      statistics.warpedShift);
  }

 private:
  HWY_INLINE V normalised(const float* from, int64_t x, double scale, double shift) const {
    const D d;
    return hn::MulAdd(loadFloats(from, left(x)), hn::Set(d, scale), hn::Set(d, shift));
  }
};

/** First pass: the correlation of every window, and its coefficients where a gradient is wanted. */
template <bool kMasked>
struct WindowPass {
  static constexpr int kSums = kMasked ? kLnccSums : kLnccSums - 1;
  Images<kMasked> images;
  const LnccLayout& layout;
  LnccPartial partial;

  struct Row {
    int64_t start;
    float* coefficients;
    double reachYZ;
    V sum;
    V byScale;
  };

  HWY_INLINE void add(int64_t z, int64_t y, int64_t x, V* sums) const {
    const D d;
    const int64_t row = images.rowStart(z, y);
    const M counted = images.counted(row, x);
    const V f = hn::IfThenElseZero(counted, images.fixed(row, x));
    const V w = hn::IfThenElseZero(counted, images.warped(row, x));
    sums[kSumF] = hn::Add(sums[kSumF], f);
    sums[kSumW] = hn::Add(sums[kSumW], w);
    sums[kSumFF] = hn::MulAdd(f, f, sums[kSumFF]);
    sums[kSumWW] = hn::MulAdd(w, w, sums[kSumWW]);
    sums[kSumFW] = hn::MulAdd(f, w, sums[kSumFW]);
    if (kMasked) {
      sums[kSums - 1] = hn::Add(sums[kSums - 1], hn::IfThenElseZero(counted, hn::Set(d, 1.0)));
    }
  }

  HWY_INLINE void remove(int64_t z, int64_t y, int64_t x, V* sums) const {
    const D d;
    const int64_t row = images.rowStart(z, y);
    const M counted = images.counted(row, x);
    const V f = hn::IfThenElseZero(counted, images.fixed(row, x));
    const V w = hn::IfThenElseZero(counted, images.warped(row, x));
    sums[kSumF] = hn::Sub(sums[kSumF], f);
    sums[kSumW] = hn::Sub(sums[kSumW], w);
    sums[kSumFF] = hn::NegMulAdd(f, f, sums[kSumFF]);
    sums[kSumWW] = hn::NegMulAdd(w, w, sums[kSumWW]);
    sums[kSumFW] = hn::NegMulAdd(f, w, sums[kSumFW]);
    if (kMasked) {
      sums[kSums - 1] = hn::Sub(sums[kSums - 1], hn::IfThenElseZero(counted, hn::Set(d, 1.0)));
    }
  }

  HWY_INLINE Row beginRow(int64_t z, int64_t y) const {
    const D d;
    const int64_t* size = layout.box.size;
    float* coefficients = layout.coefficients == nullptr
                              ? nullptr
                              : layout.coefficients + (z * size[1] + y) * layout.rowStride;
    return {images.rowStart(z, y), coefficients,
            lnccReach(images.args, 1, y) * lnccReach(images.args, 2, z), hn::Zero(d), hn::Zero(d)};
  }

  HWY_INLINE void emit(Row& row, int64_t x, const V* sums) const {
    const D d;
    V n;
    V inverse;
    if (kMasked) {
      n = hn::Max(sums[kSums - 1], hn::Set(d, 1.0));
      inverse = hn::Div(hn::Set(d, 1.0), n);
    } else {
      n = hn::Mul(hn::Load(d, layout.reachX + x), hn::Set(d, row.reachYZ));
      inverse = hn::Mul(hn::Load(d, layout.inverseReachX + x), hn::Set(d, 1 / row.reachYZ));
    }
    const M counted = images.counted(row.start, x);
    const V fMean = hn::Mul(sums[kSumF], inverse);
    const V wMean = hn::Mul(sums[kSumW], inverse);
    const V cross = hn::NegMulAdd(fMean, sums[kSumW], sums[kSumFW]);
    const V zero = hn::Zero(d);
    const V floor = hn::Mul(n, hn::Set(d, images.args.varianceFloor));
    const V ff = hn::Add(hn::Max(hn::NegMulAdd(fMean, sums[kSumF], sums[kSumFF]), zero), floor);
    const V ww = hn::Add(hn::Max(hn::NegMulAdd(wMean, sums[kSumW], sums[kSumWW]), zero), floor);
    const V inverseProduct = hn::IfThenElseZero(counted, hn::Div(hn::Set(d, 1.0), hn::Mul(ff, ww)));
    const V half = hn::Mul(cross, inverseProduct);
    const V squared = hn::Mul(cross, half);
    const V inverseWW = hn::Mul(ff, inverseProduct);
    row.sum = hn::Add(row.sum, squared);
    if (row.coefficients == nullptr) return;
    row.byScale = hn::MulAdd(hn::Mul(squared, floor), inverseWW, row.byScale);
    const V a = hn::Add(half, half);
    const V b = hn::Mul(hn::Mul(a, cross), inverseWW);
    const V c = hn::MulSub(b, wMean, hn::Mul(a, fMean));
    const int64_t image = layout.box.size[1] * layout.box.size[2] * layout.rowStride;
    const D32 d32;
    hn::StoreU(hn::DemoteTo(d32, a), d32, row.coefficients + kCoefficientA * image + x);
    hn::StoreU(hn::DemoteTo(d32, b), d32, row.coefficients + kCoefficientB * image + x);
    hn::StoreU(hn::DemoteTo(d32, c), d32, row.coefficients + kCoefficientC * image + x);
  }

  HWY_INLINE void endRow(const Row& row) {
    const D d;
    partial.sum += hn::GetLane(hn::SumOfLanes(d, row.sum));
    partial.byScale += 2 * hn::GetLane(hn::SumOfLanes(d, row.byScale));
  }
};

/** Second pass, the adjoint of the first's window sums: every voxel gathers the coefficients of the
 * windows that hold it. */
template <bool kMasked>
struct GradientPass {
  static constexpr int kSums = kLnccCoefficients;
  Images<kMasked> images;
  const LnccLayout& layout;
  /** Of the whole derivative, and of the part that the floor's dependence on warped makes. */
  double scale;
  double scaleByFloor;

  struct Row {
    int64_t start;
  };

  HWY_INLINE const float* coefficients(int k, int64_t z, int64_t y) const {
    const int64_t* size = layout.box.size;
    return layout.coefficients + ((k * size[2] + z) * size[1] + y) * layout.rowStride;
  }

  HWY_INLINE void add(int64_t z, int64_t y, int64_t x, V* sums) const {
    const D d;
    const D32 d32;
    for (int k = 0; k < kSums; ++k) {
      sums[k] = hn::Add(sums[k], hn::PromoteTo(d, hn::LoadU(d32, coefficients(k, z, y) + x)));
    }
  }

  HWY_INLINE void remove(int64_t z, int64_t y, int64_t x, V* sums) const {
    const D d;
    const D32 d32;
    for (int k = 0; k < kSums; ++k) {
      sums[k] = hn::Sub(sums[k], hn::PromoteTo(d, hn::LoadU(d32, coefficients(k, z, y) + x)));
    }
  }

  HWY_INLINE Row beginRow(int64_t z, int64_t y) const { return {images.rowStart(z, y)}; }

  HWY_INLINE void emit(Row& row, int64_t x, const V* sums) const {
    const D d;
    const int64_t count = images.left(x);
    const V f = images.fixed(row.start, x);
    const V w = images.warped(row.start, x);
    const V inner = hn::MulAdd(f, sums[kCoefficientA],
                               hn::NegMulAdd(w, sums[kCoefficientB], sums[kCoefficientC]));
    const V gradient =
        hn::NegMulAdd(w, hn::Set(d, scaleByFloor), hn::Mul(inner, hn::Set(d, scale)));
    const V kept = kMasked ? hn::IfThenElseZero(images.counted(row.start, x), gradient) : gradient;
    storeFloats(kept, static_cast<float*>(images.args.gradient) + row.start + x, count);
  }

  HWY_INLINE void endRow(const Row&) const {}
};

template <bool kMasked>
HWY_INLINE void momentsOf(const LnccArgs& args, const LnccPivots& pivots, Range range,
                          LnccMoments* moments) {
  const D d;
  const float* fixed = static_cast<const float*>(args.fixed);
  const float* warped = static_cast<const float*>(args.warped);
  const V fPivot = hn::Set(d, pivots.fixed);
  const V wPivot = hn::Set(d, pivots.warped);
  V f = hn::Zero(d);
  V ff = f;
  V w = f;
  V ww = f;
  V n = f;
  for (int64_t i = range.begin; i < range.end; i += lanes()) {
    const int64_t count = range.end - i;
    const M counted = countedLanes<kMasked>(args.mask + i, count);
    const V df = hn::IfThenElseZero(counted, hn::Sub(loadFloats(fixed + i, count), fPivot));
    const V dw = hn::IfThenElseZero(counted, hn::Sub(loadFloats(warped + i, count), wPivot));
    f = hn::Add(f, df);
    ff = hn::MulAdd(df, df, ff);
    w = hn::Add(w, dw);
    ww = hn::MulAdd(dw, dw, ww);
    n = hn::Add(n, hn::IfThenElseZero(counted, hn::Set(d, 1.0)));
  }
  const auto total = [](V v) HWY_ATTR { return hn::GetLane(hn::SumOfLanes(D(), v)); };
  *moments = {total(n), total(f), total(ff), total(w), total(ww)};
}

/** Runs `makePass()` over every tile and hands each finished pass to `done`. */
template <class Make, class Done>
HWY_INLINE void slideTiles(const LnccArgs& args, Context& context, const LnccLayout& layout,
                           const Make& makePass, const Done& done) {
  ScratchSlots slots(args.threads);
  parallelFor(context, layout.tilesY * layout.tilesZ, [&](int64_t tile) HWY_ATTR {
    const Range rows = chunkRange(layout.box.size[1], layout.tileRows, tile % layout.tilesY);
    const Range slices = chunkRange(layout.box.size[2], layout.tileSlices, tile / layout.tilesY);
    const int32_t slot = slots.acquire();
    auto pass = makePass();
    Slider<decltype(pass)> slider(pass, args, layout,
                                  layout.scratch + slot * layout.scratchDoubles);
    slider.run(rows, slices);
    slots.release(slot);
    done(tile, pass);
  });
}

template <bool kMasked>
HWY_INLINE void lncc(const LnccArgs& args, Context& context, const Workspace& workspace) {
  const LnccLayout whole = lnccLayout(args, lnccWholeImage(args), workspace.data);
  LnccBox box = whole.box;
  if (kMasked) {
    parallelFor(context, args.size[2],
                [&](int64_t z) HWY_ATTR { whole.sliceBoxes[z] = lnccSliceBox(args, z); });
    box = lnccMaskBox(args, whole);
  }
  const int64_t slice = args.size[0] * args.size[1];
  const LnccPivots pivots = lnccPivots(args);
  parallelFor(context, whole.momentChunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(slice * args.size[2], kLnccMomentChunk, chunk);
    const bool counts =
        range.end > slice * box.begin[2] && range.begin < slice * (box.begin[2] + box.size[2]);
    whole.moments[chunk] = {0, 0, 0, 0, 0};
    if (counts) momentsOf<kMasked>(args, pivots, range, whole.moments + chunk);
  });
  const LnccStatistics statistics = lnccStatistics(whole, pivots);
  if (!statistics.correlates) {
    lnccWithoutWindows(args, statistics);
    return;
  }
  const LnccLayout layout = lnccLayout(args, box, workspace.data);
  const Images<kMasked> images{args, layout.box, statistics};
  slideTiles(
      args, context, layout,
      [&]() HWY_ATTR {
        return WindowPass<kMasked>{images, layout, {0, 0}};
      },
      [&](int64_t tile, const WindowPass<kMasked>& pass)
          HWY_ATTR { layout.partials[tile] = pass.partial; });
  LnccPartial total{0, 0};
  for (int64_t tile = 0; tile < layout.tilesY * layout.tilesZ; ++tile) {
    total.sum += layout.partials[tile].sum;
    total.byScale += layout.partials[tile].byScale;
  }
  *args.value = total.sum / statistics.counted;
  if (args.gradient == nullptr) return;
  const double scale = statistics.warpedScale / statistics.counted;
  const double scaleByFloor = scale * total.byScale / statistics.counted;
  if (kMasked) {
    parallelFor(context, args.size[2],
                [&](int64_t z) HWY_ATTR { lnccClearOutside(args, layout.box, z); });
  }
  slideTiles(
      args, context, layout,
      [&]() HWY_ATTR {
        return GradientPass<kMasked>{images, layout, scale, scaleByFloor};
      },
      [](int64_t, const GradientPass<kMasked>&) {});
}

void lnccCpu(const LnccArgs& args, Context& context, const Workspace& workspace) {
  if (workspace.bytes == 0) {
    *args.value = 0;
    return;
  }
  if (args.mask != nullptr) {
    lncc<true>(args, context, workspace);
  } else {
    lncc<false>(args, context, workspace);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(lnccCpu);

}  // namespace vk
#endif
