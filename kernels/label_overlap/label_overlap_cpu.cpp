#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "label_overlap/label_overlap_cpu.cpp"
#include "core/simd_begin.h"
#include "core/simd_blocks.h"
#include "label_overlap/label_overlap.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

using D = hn::ScalableTag<double>;
using D32 = hn::ScalableTag<int32_t>;

/** Index of each label of a block: label - first, or `labels` where it is out of range; what is
 * not a whole number is counted apart. */
HWY_ATTR void indicesOfBlock(const double* block, int64_t count, double first, double labels,
                             int32_t* index, int64_t* notWhole) {
  const D d;
  const hn::Rebind<int32_t, D> di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto whole = hn::MaskFromVec(hn::Zero(d));
  whole = hn::Not(whole);
  // The block is padded, so whole vectors may be computed.
  for (int64_t i = 0; i < count; i += lanes) {
    const auto label = hn::LoadU(d, block + i);
    const auto at = hn::Sub(label, hn::Set(d, first));
    const auto inside = hn::And(hn::Ge(at, hn::Zero(d)), hn::Lt(at, hn::Set(d, labels)));
    // Not infinite and not NaN either: their difference with themselves is no zero.
    const auto isWhole =
        hn::And(hn::Eq(label, hn::Floor(label)), hn::Eq(hn::Sub(label, label), hn::Zero(d)));
    whole = hn::And(whole, isWhole);
    const auto chosen = hn::IfThenElse(hn::And(inside, isWhole), at, hn::Set(d, labels));
    hn::StoreU(hn::DemoteTo(di, chosen), di, index + i);
  }
  if (HWY_LIKELY(hn::AllTrue(d, whole))) return;
  for (int64_t i = 0; i < count; ++i) {
    const double label = block[i];
    const double magnitude = label < 0 ? -label : label;
    // From 2^52 on every number is whole.
    const bool isWhole = magnitude < 0x1p52
                             ? static_cast<double>(static_cast<int64_t>(label)) == label
                             : label - label == 0;
    *notWhole += isWhole ? 0 : 1;
  }
}

/** Runs of one pair of labels, which label maps are made of, are counted a vector at a time. */
HWY_ATTR void countBlock(const int32_t* a, const int32_t* b, int64_t count, uint32_t* inA,
                         uint32_t* inB, uint32_t* inBoth) {
  const D32 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  while (i < count) {
    const int32_t labelA = a[i];
    const int32_t labelB = b[i];
    const auto sameA = hn::Set(d, labelA);
    const auto sameB = hn::Set(d, labelB);
    int64_t end = i;
    while (end + lanes <= count && hn::AllTrue(d, hn::And(hn::Eq(hn::LoadU(d, a + end), sameA),
                                                          hn::Eq(hn::LoadU(d, b + end), sameB)))) {
      end += lanes;
    }
    if (end > i) {
      const uint32_t run = static_cast<uint32_t>(end - i);
      inA[labelA] += run;
      inB[labelB] += run;
      if (labelA == labelB) inBoth[labelA] += run;
      i = end;
      continue;
    }
    const int64_t stop = i + lanes < count ? i + lanes : count;
    for (; i < stop; ++i) {
      ++inA[a[i]];
      ++inB[b[i]];
      inBoth[a[i]] += a[i] == b[i] ? 1 : 0;
    }
  }
}

HWY_ATTR void countRange(const LabelOverlapArgs& args, int64_t begin, int64_t end, uint32_t* own,
                         int64_t stride, int64_t* notWhole) {
  constexpr int64_t kPadding = static_cast<int64_t>(hn::MaxLanes(D()));
  alignas(64) double block[kBlock + kPadding] = {};
  alignas(64) int32_t a[kBlock + kPadding];
  alignas(64) int32_t b[kBlock + kPadding];
  const double first = static_cast<double>(args.firstLabel);
  const double labels = static_cast<double>(args.labels);
  for (int64_t i = begin; i < end; i += kBlock) {
    const int64_t count = i + kBlock < end ? kBlock : end - i;
    for (int64_t k = count; k < count + kPadding; ++k) block[k] = 0;
    loadBlock(args.typeA, args.a, i, count, block);
    indicesOfBlock(block, count, first, labels, a, notWhole);
    loadBlock(args.typeB, args.b, i, count, block);
    indicesOfBlock(block, count, first, labels, b, notWhole);
    countBlock(a, b, count, own, own + stride, own + 2 * stride);
  }
}

/** Voxels are dealt to this many tables of counts; it depends on the problem alone. */
HWY_ATTR int64_t groupCount(int64_t count, int64_t labels) {
  const int64_t byMemory = (int64_t{1} << 19) / (labels + 1);
  int64_t groups = byMemory < 2 ? 2 : byMemory > 64 ? 64 : byMemory;
  const int64_t blocks = (count + 16383) / 16384;
  groups = blocks < groups ? blocks : groups;
  // Counts are 32 bits wide.
  const int64_t least = (count >> 31) + 1;
  return groups < least ? least : groups;
}

}  // namespace

void labelOverlapCpu(const LabelOverlapArgs& args, Context& context, const Workspace& workspace) {
  const int64_t groups = groupCount(args.count, args.labels);
  // One more entry, for labels out of range.
  const int64_t stride = args.labels + 1;
  const int64_t perGroup = (args.count + groups - 1) / groups;
  int64_t* const notWhole = workspace.as<int64_t>();
  uint32_t* const counts = workspace.as<uint32_t>(groups * static_cast<int64_t>(sizeof(int64_t)));
  parallelFor(context, groups, [&](int64_t group) HWY_ATTR {
    uint32_t* const own = counts + group * 3 * stride;
    for (int64_t i = 0; i < 3 * stride; ++i) own[i] = 0;
    notWhole[group] = 0;
    const int64_t begin = group * perGroup;
    const int64_t end = begin + perGroup < args.count ? begin + perGroup : args.count;
    countRange(args, begin, end, own, stride, notWhole + group);
  });
  for (int64_t i = 0; i < 3 * args.labels; ++i) args.counts[i] = 0;
  int64_t outside = 0;
  int64_t fractions = 0;
  for (int64_t group = 0; group < groups; ++group) {
    fractions += notWhole[group];
    for (int64_t row = 0; row < 3; ++row) {
      const uint32_t* const own = counts + (group * 3 + row) * stride;
      int64_t* const to = args.counts + row * args.labels;
      for (int64_t label = 0; label < args.labels; ++label) to[label] += own[label];
      if (row < 2) outside += own[args.labels];
    }
  }
  args.rest->outside = outside - fractions;
  args.rest->not_whole = fractions;
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(labelOverlapCpu);

int64_t labelOverlapCpuWorkspaceBytes(const LabelOverlapArgs& args) {
  return HWY_STATIC_DISPATCH(groupCount)(args.count, args.labels) *
         (static_cast<int64_t>(sizeof(int64_t)) +
          3 * (args.labels + 1) * static_cast<int64_t>(sizeof(uint32_t)));
}

}  // namespace vk
#endif
