#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mutual_information/mutual_information_cpu.cpp"
#include "core/simd_begin.h"
#include "mutual_information/mutual_information.h"
#include "mutual_information/mutual_information_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Cells and weights of this many voxels are computed with all lanes into a buffer, then added one
// voxel at a time: by then the buffer's stores have left the store queue.
constexpr int64_t kBlock = 256;
constexpr int64_t kTail = 64;  // at least as many as there are lanes
constexpr float kLargest = 3.402823466e+38f;

using D = hn::ScalableTag<float>;
using D32 = hn::Rebind<int32_t, D>;
using V = hn::Vec<D>;
using V32 = hn::Vec<D32>;
using M = hn::Mask<D>;

struct Axes {
  IntensityAxis fixed;
  IntensityAxis moving;
  float movingMinimum;
  float movingMaximum;
  // A voxel counts when its warped intensity is within these; NaN and infinities never are.
  float countedMinimum;
  float countedMaximum;
  int32_t centres;
  float upperEdges[kMaximumBins];
};

struct Voxels {
  M counts;
  M inside;    // counts, and not clamped to the range
  V32 cell;    // 0 where not counted
  V position;  // between the centre bin and the next, in [0, 1]
};

HWY_INLINE HWY_ATTR Voxels locate(const Axes& axes, V fixed, V warped, M masked) {
  const D d;
  const D32 d32;
  const V last = hn::Set(d, float(axes.centres - 1));
  Voxels voxels;
  voxels.counts = hn::And(hn::And(masked, hn::Le(hn::Abs(fixed), hn::Set(d, kLargest))),
                          hn::And(hn::Ge(warped, hn::Set(d, axes.countedMinimum)),
                                  hn::Le(warped, hn::Set(d, axes.countedMaximum))));
  voxels.inside = hn::And(voxels.counts, hn::And(hn::Ge(warped, hn::Set(d, axes.movingMinimum)),
                                                 hn::Le(warped, hn::Set(d, axes.movingMaximum))));
  // Taken a little too low on purpose, the bin is right or one below; the exact edge decides.
  const V fixedTerm =
      hn::MulAdd(hn::Sub(fixed, hn::Set(d, axes.fixed.origin)), hn::Set(d, axes.fixed.scale),
                 hn::Set(d, axes.fixed.offset - 1e-3f));
  const V fixedGuess = hn::IfThenElseZero(voxels.counts, hn::Clamp(fixedTerm, hn::Zero(d), last));
  V32 fixedBin = hn::ConvertTo(d32, fixedGuess);
  const V fraction = hn::Sub(fixedGuess, hn::ConvertTo(d, fixedBin));
  const M nearEdge = hn::Gt(fraction, hn::Set(d, 0.998f));
  if (HWY_UNLIKELY(!hn::AllFalse(d, nearEdge))) {
    const V edge = hn::GatherIndex(d, axes.upperEdges, fixedBin);
    const M above = hn::And(nearEdge, hn::Ge(fixed, edge));
    fixedBin = hn::Sub(fixedBin, hn::VecFromMask(d32, hn::RebindMask(d32, above)));
  }
  const V movingTerm = hn::IfThenElseZero(
      voxels.counts,
      hn::Clamp(hn::MulAdd(hn::Sub(warped, hn::Set(d, axes.moving.origin)),
                           hn::Set(d, axes.moving.scale), hn::Set(d, axes.moving.offset)),
                hn::Zero(d), hn::Set(d, float(axes.centres))));
  const V32 movingBin = hn::ConvertTo(d32, hn::Min(movingTerm, last));
  voxels.position = hn::Sub(movingTerm, hn::ConvertTo(d, movingBin));
  voxels.cell = hn::Add(hn::Mul(fixedBin, hn::Set(d32, axes.centres)), movingBin);
  return voxels;
}

HWY_INLINE HWY_ATTR M loadMask(const uint8_t* mask, int64_t i) {
  const D d;
  const D32 d32;
  const hn::Rebind<uint8_t, D> d8;
  if (mask == nullptr) return hn::Eq(hn::Zero(d), hn::Zero(d));
  return hn::RebindMask(d, hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, mask + i)), hn::Zero(d32)));
}

/** The inputs of one block, padded with NaN voxels, which do not count, to whole vectors. */
struct PaddedTail {
  HWY_ALIGN float fixed[kBlock + kTail];
  HWY_ALIGN float warped[kBlock + kTail];
  HWY_ALIGN uint8_t mask[kBlock + kTail];
};

struct Block {
  const float* fixed;
  const float* warped;
  const uint8_t* mask;
};

HWY_ATTR Block blockAt(const MutualInformationArgs& args, int64_t begin, int64_t size,
                       PaddedTail& tail) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
  const float* fixed = static_cast<const float*>(args.fixed) + begin;
  const float* warped = static_cast<const float*>(args.warped) + begin;
  const uint8_t* mask = args.mask == nullptr ? nullptr : args.mask + begin;
  if (size % lanes == 0) return {fixed, warped, mask};
  const int64_t padded = (size + lanes - 1) / lanes * lanes;
  for (int64_t i = 0; i < padded; ++i) {
    tail.fixed[i] = i < size ? fixed[i] : 0.0f;
    tail.warped[i] = i < size ? warped[i] : 0.0f;
    tail.mask[i] = i < size && (mask == nullptr || mask[i] != 0);
  }
  return {tail.fixed, tail.warped, tail.mask};
}

/** Adds four window weights to the four taps of a cell. */
HWY_INLINE HWY_ATTR void addTaps(const int32_t* weights, int64_t* taps) {
  const hn::CappedTag<int64_t, kParzenTaps> d64;
  const hn::Rebind<int32_t, decltype(d64)> d32;
  for (size_t tap = 0; tap < kParzenTaps; tap += hn::Lanes(d64)) {
    const auto weight = hn::PromoteTo(d64, hn::Load(d32, weights + tap));
    hn::StoreU(hn::Add(hn::LoadU(d64, taps + tap), weight), d64, taps + tap);
  }
}

HWY_ATTR void addTapsOfRange(const MutualInformationArgs& args, const Axes& axes, Range range,
                             int64_t* taps) {
  const D d;
  const D32 d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const V32 one = hn::Set(d32, kParzenScale);
  const V sixth = hn::Set(d, float(kParzenScale / 6.0));
  HWY_ALIGN int32_t cells[kBlock + kTail];
  HWY_ALIGN int32_t weights[(kBlock + kTail) * kParzenTaps];
  PaddedTail tail;
  for (int64_t begin = range.begin; begin < range.end; begin += kBlock) {
    const int64_t size = begin + kBlock < range.end ? kBlock : range.end - begin;
    const Block block = blockAt(args, begin, size, tail);
    int64_t filled = 0;
    for (int64_t i = 0; i < size; i += lanes) {
      const Voxels voxels = locate(axes, hn::LoadU(d, block.fixed + i),
                                   hn::LoadU(d, block.warped + i), loadMask(block.mask, i));
      if (hn::AllFalse(d, voxels.counts)) continue;
      const V s = voxels.position;
      const V r = hn::Sub(hn::Set(d, 1.0f), s);
      const V32 w0 = hn::NearestInt(hn::Mul(hn::Mul(sixth, r), hn::Mul(r, r)));
      const V32 w3 = hn::NearestInt(hn::Mul(hn::Mul(sixth, s), hn::Mul(s, s)));
      // (4 - 6 s^2 + 3 s^3) / 6
      const V w1Polynomial =
          hn::MulAdd(hn::Mul(s, s), hn::MulSub(s, hn::Set(d, 0.5f), hn::Set(d, 1.0f)),
                     hn::Set(d, 2.0f / 3.0f));
      const V32 w1 = hn::NearestInt(hn::Mul(w1Polynomial, hn::Set(d, float(kParzenScale))));
      const V32 w2 = hn::Sub(hn::Sub(one, w0), hn::Add(w1, w3));
      const auto keep = hn::RebindMask(d32, voxels.counts);
      hn::StoreU(voxels.cell, d32, cells + filled);
      hn::StoreInterleaved4(hn::IfThenElseZero(keep, w0), hn::IfThenElseZero(keep, w1),
                            hn::IfThenElseZero(keep, w2), hn::IfThenElseZero(keep, w3), d32,
                            weights + filled * kParzenTaps);
      filled += lanes;
    }
    for (int64_t i = 0; i < filled; ++i) {
      addTaps(weights + i * kParzenTaps, taps + int64_t(cells[i]) * kParzenTaps);
    }
  }
}

HWY_ATTR void gradientOfRange(const MutualInformationArgs& args, const Axes& axes, Range range,
                              const float* slopes) {
  const D d;
  const D32 d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const hn::CappedTag<float, kParzenTaps> dSlope;
  HWY_ALIGN int32_t cells[kBlock + kTail];
  HWY_ALIGN float positions[kBlock + kTail];
  HWY_ALIGN float counted[kBlock + kTail];
  HWY_ALIGN float gathered[(kBlock + kTail) * kParzenTaps];
  PaddedTail tail;
  float* gradient = static_cast<float*>(args.gradient);
  for (int64_t begin = range.begin; begin < range.end; begin += kBlock) {
    const int64_t size = begin + kBlock < range.end ? kBlock : range.end - begin;
    const Block block = blockAt(args, begin, size, tail);
    for (int64_t i = 0; i < size; i += lanes) {
      const Voxels voxels = locate(axes, hn::LoadU(d, block.fixed + i),
                                   hn::LoadU(d, block.warped + i), loadMask(block.mask, i));
      hn::Store(voxels.cell, d32, cells + i);
      hn::Store(voxels.position, d, positions + i);
      hn::Store(hn::IfThenElseZero(voxels.inside, hn::Set(d, 1.0f)), d, counted + i);
    }
    for (int64_t i = 0; i < size; ++i) {
      for (size_t k = 0; k < kParzenTaps; k += hn::Lanes(dSlope)) {
        hn::Store(hn::LoadU(dSlope, slopes + int64_t(cells[i]) * kParzenTaps + k), dSlope,
                  gathered + i * kParzenTaps + k);
      }
    }
    for (int64_t i = 0; i < size; i += lanes) {
      V c0, c1, c2, unused;
      hn::LoadInterleaved4(d, gathered + i * kParzenTaps, c0, c1, c2, unused);
      const V s = hn::Load(d, positions + i);
      const V slope = hn::MulAdd(hn::MulAdd(c2, s, c1), s, c0);
      const V result = hn::IfThenElseZero(hn::Gt(hn::Load(d, counted + i), hn::Zero(d)), slope);
      if (i + lanes <= size) {
        hn::StoreU(result, d, gradient + begin + i);
      } else {
        HWY_ALIGN float last[kTail];
        hn::Store(result, d, last);
        for (int64_t k = i; k < size; ++k) gradient[begin + k] = last[k - i];
      }
    }
  }
}

Axes makeAxes(const vk_mutual_information_params& params) {
  Axes axes;
  axes.fixed = intensityAxis(params.fixed_min, params.fixed_max, params.bins);
  axes.moving = intensityAxis(params.moving_min, params.moving_max, params.bins);
  axes.movingMinimum = float(params.moving_min);
  axes.movingMaximum = float(params.moving_max);
  const bool ignored = params.outside_range == VK_OUTSIDE_RANGE_IGNORED;
  axes.countedMinimum = ignored ? axes.movingMinimum : -kLargest;
  axes.countedMaximum = ignored ? axes.movingMaximum : kLargest;
  axes.centres = centreBins(params.bins);
  fixedUpperEdges(params.fixed_min, params.fixed_max, params.bins, axes.upperEdges);
  return axes;
}

void mutualInformationCpu(const MutualInformationArgs& args, Context& context,
                          const Workspace& workspace) {
  const MutualInformationLayout layout = mutualInformationLayout(args);
  const Axes axes = makeAxes(args.params);
  int64_t* taps = workspace.as<int64_t>(layout.taps);
  parallelFor(context, layout.groups, [&](int64_t group) HWY_ATTR {
    int64_t* own = taps + group * layout.tapsOfGroup;
    for (int64_t i = 0; i < layout.tapsOfGroup; ++i) own[i] = 0;
    addTapsOfRange(args, axes, chunkRange(args.count, layout.groupSize, group), own);
  });
  for (int64_t group = 1; group < layout.groups; ++group) {
    const int64_t* other = taps + group * layout.tapsOfGroup;
    for (int64_t i = 0; i < layout.tapsOfGroup; ++i) taps[i] += other[i];
  }
  double* joint =
      args.jointHistogram != nullptr ? args.jointHistogram : workspace.as<double>(layout.joint);
  float* slopes = args.gradient != nullptr ? workspace.as<float>(layout.slopes) : nullptr;
  *args.value = measureOfTaps(args.params, taps, joint, slopes);
  if (slopes == nullptr) return;
  parallelFor(context, layout.groups, [&](int64_t group) HWY_ATTR {
    gradientOfRange(args, axes, chunkRange(args.count, layout.groupSize, group), slopes);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(mutualInformationCpu);

MutualInformationLayout mutualInformationLayout(const MutualInformationArgs& args) {
  const int64_t cells = parzenCells(args.params.bins);
  // A group is long enough to make clearing and adding up its taps a small part of its work.
  const int64_t leastSize = cells < 2048 ? 8192 : 4 * cells;
  const int64_t mostGroups = 128;
  MutualInformationLayout layout;
  layout.groupSize = chunkCount(args.count, mostGroups);
  if (layout.groupSize < leastSize) layout.groupSize = leastSize;
  layout.groupSize = chunkCount(layout.groupSize, 256) * 256;
  layout.groups = args.count > 0 ? chunkCount(args.count, layout.groupSize) : 1;
  layout.tapsOfGroup = cells * kParzenTaps;
  layout.taps = 0;
  layout.joint = layout.groups * layout.tapsOfGroup * int64_t(sizeof(int64_t));
  layout.slopes =
      layout.joint + int64_t(args.params.bins) * args.params.bins * int64_t(sizeof(double));
  layout.bytes = layout.slopes + cells * kParzenTaps * int64_t(sizeof(float));
  return layout;
}

int64_t mutualInformationCpuWorkspaceBytes(const MutualInformationArgs& args) {
  return mutualInformationLayout(args).bytes;
}

}  // namespace vk
#endif
