#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mutual_information/mutual_information_cpu.cpp"
#include "core/simd_begin.h"
#include "core/scratch.h"
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
// The bin of a fixed intensity computed in f32 is off by less than this.
constexpr float kEdge = 1e-4f;
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
  V32 cell;    // one past the last where not counted
  V position;  // between the centre bin and the next, in [0, 1]
};

// Adding one of these to a float rounds it to an integer n that is then in its low bits: n in
// [0, 2^23), or, where a little below 0 has to round to 0, n in [0, 2^22).
constexpr float kInteger = 8388608.0f;
constexpr float kSignedInteger = 12582912.0f;

HWY_INLINE HWY_ATTR V32 lowBits(V shifted) {
  const D32 d32;
  return hn::And(hn::BitCast(d32, shifted), hn::Set(d32, 0x7FFFFF));
}

HWY_INLINE HWY_ATTR Voxels locate(const Axes& axes, V fixed, V warped, M masked) {
  const D d;
  const D32 d32;
  const V integer = hn::Set(d, kSignedInteger);
  const V half = hn::Set(d, 0.5f);
  const V last = hn::Set(d, float(axes.centres) - 0.5f);
  Voxels voxels;
  voxels.counts = hn::And(hn::And(masked, hn::Le(hn::Abs(fixed), hn::Set(d, kLargest))),
                          hn::And(hn::Ge(warped, hn::Set(d, axes.countedMinimum)),
                                  hn::Le(warped, hn::Set(d, axes.countedMaximum))));
  voxels.inside = hn::And(voxels.counts, hn::And(hn::Ge(warped, hn::Set(d, axes.movingMinimum)),
                                                 hn::Le(warped, hn::Set(d, axes.movingMaximum))));
  // Half a bin less, for rounding to cut. Taken a little too low on purpose, the bin is right or
  // one below; the exact edge decides.
  const V fixedTerm =
      hn::MulAdd(hn::Sub(fixed, hn::Set(d, axes.fixed.origin)), hn::Set(d, axes.fixed.scale),
                 hn::Set(d, axes.fixed.offset - 0.5f - kEdge));
  const V fixedGuess = hn::IfThenElseZero(
      voxels.counts, hn::Min(hn::Max(fixedTerm, hn::Zero(d)), hn::Sub(last, half)));
  V fixedBin = hn::Sub(hn::Add(fixedGuess, integer), integer);
  const M nearEdge = hn::Gt(hn::Sub(fixedGuess, fixedBin), hn::Set(d, 0.5f - 4 * kEdge));
  if (HWY_UNLIKELY(!hn::AllFalse(d, nearEdge))) {
    const V edge =
        hn::GatherIndex(d, axes.upperEdges, lowBits(hn::Add(fixedBin, hn::Set(d, kInteger))));
    const M above = hn::And(nearEdge, hn::Ge(fixed, edge));
    fixedBin = hn::Add(fixedBin, hn::IfThenElseZero(above, hn::Set(d, 1.0f)));
  }
  const V movingTerm =
      hn::MulAdd(hn::Sub(warped, hn::Set(d, axes.moving.origin)), hn::Set(d, axes.moving.scale),
                 hn::Set(d, axes.moving.offset - 0.5f));
  const V moving = hn::Min(hn::Max(movingTerm, hn::Set(d, -0.5f)), last);
  const V movingBin = hn::Min(hn::Sub(hn::Add(moving, integer), integer), hn::Sub(last, half));
  voxels.position = hn::Add(hn::Sub(moving, movingBin), half);
  const V cell = hn::MulAdd(fixedBin, hn::Set(d, float(axes.centres)),
                            hn::Add(movingBin, hn::Set(d, kInteger)));
  voxels.cell = hn::IfThenElse(hn::RebindMask(d32, voxels.counts), lowBits(cell),
                               hn::Set(d32, axes.centres * axes.centres));
  return voxels;
}

HWY_INLINE HWY_ATTR M loadMask(const uint8_t* mask, int64_t i) {
  const D d;
  const D32 d32;
  const hn::Rebind<uint8_t, D> d8;
  if (mask == nullptr) return hn::Eq(hn::Zero(d), hn::Zero(d));
  return hn::RebindMask(d, hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, mask + i)), hn::Zero(d32)));
}

/** The inputs of one block, padded to whole vectors with voxels that do not count. */
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

/** Four window weights of every lane. */
struct Weights {
  V32 taps[kParzenTaps];
};

HWY_INLINE HWY_ATTR Weights weightsAt(V s) {
  const D d;
  const D32 d32;
  const V integer = hn::Set(d, kInteger);
  const V sixth = hn::Set(d, float(kParzenScale / 6.0));
  const V r = hn::Sub(hn::Set(d, 1.0f), s);
  const V s2 = hn::Mul(s, s);
  const V r2 = hn::Mul(r, r);
  // (1 - s)^3 / 6, (4 - 6 s^2 + 3 s^3) / 6, what is left of 1, s^3 / 6
  const V32 w0 = lowBits(hn::MulAdd(r2, hn::Mul(r, sixth), integer));
  const V32 w3 = lowBits(hn::MulAdd(s2, hn::Mul(s, sixth), integer));
  const V32 w1 = lowBits(hn::MulAdd(
      s2, hn::MulSub(s, hn::Set(d, 0.5f * kParzenScale), hn::Set(d, float(kParzenScale))),
      hn::Set(d, kInteger + kParzenScale * 2 / 3)));
  const V32 w2 = hn::Sub(hn::Sub(hn::Set(d32, kParzenScale), w0), hn::Add(w1, w3));
  return {{w0, w1, w2, w3}};
}

/** Stores the weights so that the four of one voxel lie together: of voxel 4 b + j at quad
 * j * lanes / 4 + b. */
HWY_INLINE HWY_ATTR void storeQuads(const Weights& w, int32_t* quads) {
  const D32 d32;
#if HWY_TARGET == HWY_SCALAR
  hn::StoreInterleaved4(w.taps[0], w.taps[1], w.taps[2], w.taps[3], d32, quads);
#else
  const hn::RepartitionToWide<D32> d64;
  const size_t lanes = hn::Lanes(d32);
  const auto lower01 = hn::BitCast(d64, hn::InterleaveLower(d32, w.taps[0], w.taps[1]));
  const auto lower23 = hn::BitCast(d64, hn::InterleaveLower(d32, w.taps[2], w.taps[3]));
  const auto upper01 = hn::BitCast(d64, hn::InterleaveUpper(d32, w.taps[0], w.taps[1]));
  const auto upper23 = hn::BitCast(d64, hn::InterleaveUpper(d32, w.taps[2], w.taps[3]));
  hn::Store(hn::BitCast(d32, hn::InterleaveLower(d64, lower01, lower23)), d32, quads);
  hn::Store(hn::BitCast(d32, hn::InterleaveUpper(d64, lower01, lower23)), d32, quads + lanes);
  hn::Store(hn::BitCast(d32, hn::InterleaveLower(d64, upper01, upper23)), d32, quads + 2 * lanes);
  hn::Store(hn::BitCast(d32, hn::InterleaveUpper(d64, upper01, upper23)), d32, quads + 3 * lanes);
#endif
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

/** Adds the voxels of a range to the taps: neighbouring voxels to different copies, because they
 * are often of one cell, and an addition that waits for the one before it costs ten cycles. */
HWY_ATTR void addTapsOfRange(const MutualInformationArgs& args, const Axes& axes, Range range,
                             int64_t* taps, int64_t copies, int64_t tapsOfCopy) {
  const D d;
  const D32 d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t quadsInBlock = lanes < 4 ? 1 : 4;
  const int64_t blocks = lanes / quadsInBlock;
  const int64_t otherCopy = copies > 1 ? tapsOfCopy : 0;
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
      const Weights w = weightsAt(voxels.position);
      hn::Store(voxels.cell, d32, cells + filled);
      const int32_t cell = hn::GetLane(voxels.cell);
      if (hn::AllTrue(d32, hn::Eq(voxels.cell, hn::Set(d32, cell)))) {
        // Background: one addition for all lanes. The sum of so few weights stays below 2^31.
        for (int64_t tap = 0; tap < kParzenTaps; ++tap) {
          taps[int64_t(cell) * kParzenTaps + tap] += hn::GetLane(hn::SumOfLanes(d32, w.taps[tap]));
        }
        continue;
      }
      storeQuads(w, weights + filled * kParzenTaps);
      filled += lanes;
    }
    for (int64_t i = 0; i < filled; i += lanes) {
      for (int64_t b = 0; b < blocks; ++b) {
        for (int64_t j = 0; j < quadsInBlock; ++j) {
          const int64_t cell = cells[i + b * quadsInBlock + j];
          addTaps(weights + (i + j * blocks + b) * kParzenTaps,
                  taps + (j & 1) * otherCopy + cell * kParzenTaps);
        }
      }
    }
  }
  for (int64_t i = 0; copies > 1 && i < tapsOfCopy; ++i) taps[i] += taps[tapsOfCopy + i];
}

#if HWY_TARGET != HWY_SCALAR
/** Of every fourth of the cells the four slope coefficients, one cell in each 128-bit block. */
template <class DQ>
HWY_INLINE HWY_ATTR hn::Vec<DQ> loadQuads(DQ d, const float* slopes, const int32_t* cells) {
  if constexpr (hn::MaxLanes(DQ()) <= kParzenTaps) {
    return hn::LoadU(d, slopes + int64_t(cells[0]) * kParzenTaps);
  } else {
    const hn::Half<DQ> half;
    const auto lower = loadQuads(half, slopes, cells);
    return hn::Combine(d, loadQuads(half, slopes, cells + hn::MaxLanes(half)), lower);
  }
}
#endif

/** slopes[0] + slopes[1] s + slopes[2] s^2 of every lane's cell. */
HWY_INLINE HWY_ATTR V slopeAt(const float* slopes, const int32_t* cells, V s) {
  const D d;
#if HWY_TARGET == HWY_SCALAR
  const float* c = slopes + int64_t(cells[0]) * kParzenTaps;
  const V c0 = hn::Set(d, c[0]), c1 = hn::Set(d, c[1]), c2 = hn::Set(d, c[2]);
#else
  const hn::RepartitionToWide<D> d64;
  const V quads0 = loadQuads(d, slopes, cells);
  const V quads1 = loadQuads(d, slopes, cells + 1);
  const V quads2 = loadQuads(d, slopes, cells + 2);
  const V quads3 = loadQuads(d, slopes, cells + 3);
  const auto lower01 = hn::BitCast(d64, hn::InterleaveLower(d, quads0, quads1));
  const auto lower23 = hn::BitCast(d64, hn::InterleaveLower(d, quads2, quads3));
  const auto upper01 = hn::BitCast(d64, hn::InterleaveUpper(d, quads0, quads1));
  const auto upper23 = hn::BitCast(d64, hn::InterleaveUpper(d, quads2, quads3));
  const V c0 = hn::BitCast(d, hn::InterleaveLower(d64, lower01, lower23));
  const V c1 = hn::BitCast(d, hn::InterleaveUpper(d64, lower01, lower23));
  const V c2 = hn::BitCast(d, hn::InterleaveLower(d64, upper01, upper23));
#endif
  return hn::MulAdd(hn::MulAdd(c2, s, c1), s, c0);
}

HWY_ATTR void gradientOfRange(const MutualInformationArgs& args, const Axes& axes, Range range,
                              const float* slopes) {
  const D d;
  const D32 d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const V32 nowhere = hn::Set(d32, axes.centres * axes.centres);
  HWY_ALIGN int32_t cells[kBlock + kTail];
  HWY_ALIGN float positions[kBlock + kTail];
  HWY_ALIGN float results[kBlock + kTail];
  int64_t places[kBlock + kTail];
  PaddedTail tail;
  float* gradient = static_cast<float*>(args.gradient);
  for (int64_t begin = range.begin; begin < range.end; begin += kBlock) {
    const int64_t size = begin + kBlock < range.end ? kBlock : range.end - begin;
    const Block block = blockAt(args, begin, size, tail);
    float* out = size % lanes == 0 ? gradient + begin : results;
    int64_t filled = 0;
    for (int64_t i = 0; i < size; i += lanes) {
      const Voxels voxels = locate(axes, hn::LoadU(d, block.fixed + i),
                                   hn::LoadU(d, block.warped + i), loadMask(block.mask, i));
      if (hn::AllFalse(d, voxels.inside)) {
        hn::StoreU(hn::Zero(d), d, out + i);
        continue;
      }
      const auto inside = hn::RebindMask(d32, voxels.inside);
      hn::Store(hn::IfThenElse(inside, voxels.cell, nowhere), d32, cells + filled);
      hn::Store(hn::IfThenElseZero(voxels.inside, voxels.position), d, positions + filled);
      places[filled] = i;
      filled += lanes;
    }
    for (int64_t i = 0; i < filled; i += lanes) {
      hn::StoreU(slopeAt(slopes, cells + i, hn::Load(d, positions + i)), d, out + places[i]);
    }
    if (out == results) {
      for (int64_t i = 0; i < size; ++i) gradient[begin + i] = results[i];
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
                          const Workspace& memory) {
  const MutualInformationWorkspace workspace(args, memory.data);
  const Axes axes = makeAxes(args.params);
  int64_t* taps = workspace.taps;
  const int64_t tapsOfGroup = workspace.tapsOfCopy * workspace.copies;
  parallelFor(context, workspace.groups, [&](int64_t group) HWY_ATTR {
    int64_t* own = taps + group * tapsOfGroup;
    for (int64_t i = 0; i < tapsOfGroup; ++i) own[i] = 0;
    addTapsOfRange(args, axes, chunkRange(args.count, workspace.groupSize, group), own,
                   workspace.copies, workspace.tapsOfCopy);
  });
  for (int64_t group = 1; group < workspace.groups; ++group) {
    const int64_t* other = taps + group * tapsOfGroup;
    for (int64_t i = 0; i < workspace.tapsOfCopy; ++i) taps[i] += other[i];
  }
  double* joint = args.jointHistogram != nullptr ? args.jointHistogram : workspace.joint;
  float* slopes = args.gradient != nullptr ? workspace.slopes : nullptr;
  *args.value = measureOfTaps(args.params, taps, joint, slopes);
  if (slopes == nullptr) return;
  parallelFor(context, workspace.groups, [&](int64_t group) HWY_ATTR {
    gradientOfRange(args, axes, chunkRange(args.count, workspace.groupSize, group), slopes);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(mutualInformationCpu);

MutualInformationWorkspace::MutualInformationWorkspace(const MutualInformationArgs& args,
                                                       void* memory) {
  const int64_t cells = parzenCells(args.params.bins);
  const bool large = cells > 4096;
  // A group is long enough to make clearing and adding up its taps a small part of its work.
  const int64_t leastSize = large ? 8 * cells : 8192;
  const int64_t mostGroups = 64;
  groupSize = chunkCount(args.count, mostGroups);
  if (groupSize < leastSize) groupSize = leastSize;
  groupSize = chunkCount(groupSize, 256) * 256;
  groups = args.count > 0 ? chunkCount(args.count, groupSize) : 1;
  copies = large ? 1 : 2;
  // One cell more than there are, for the voxels that do not count.
  tapsOfCopy = (cells + 1) * kParzenTaps;
  WorkspaceLayout layout(memory);
  taps = layout.take<int64_t>(groups * copies * tapsOfCopy);
  joint = layout.take<double>(int64_t(args.params.bins) * args.params.bins);
  slopes = layout.take<float>(tapsOfCopy);
  bytes = layout.bytes();
}

int64_t mutualInformationCpuWorkspaceBytes(const MutualInformationArgs& args) {
  return MutualInformationWorkspace(args, nullptr).bytes;
}

}  // namespace vk
#endif
