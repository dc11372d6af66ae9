#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ncc/ncc_cpu.cpp"
#include "core/simd_begin.h"
#include "core/scratch.h"
#include "ncc/ncc.h"
#include "ncc/ncc_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kChunk = 32768;
constexpr float kLargest = 3.402823466e+38f;

// Intensities are f32, everything after is f64: conversion costs little beside the memory traffic.
using D = hn::ScalableTag<double>;
using DF = hn::Rebind<float, D>;

HWY_INLINE bool counts(float fixed, float warped, const uint8_t* mask, int64_t i) {
  return (mask == nullptr || mask[i] != 0) && fixed >= -kLargest && fixed <= kLargest &&
         warped >= -kLargest && warped <= kLargest;
}

struct Pair {
  hn::Mask<D> counts;
  hn::Vec<D> fixed;
  hn::Vec<D> warped;
};

HWY_INLINE HWY_ATTR Pair load(const float* fixed, const float* warped, const uint8_t* mask,
                              int64_t i) {
  const D d;
  const DF df;
  const auto f = hn::PromoteTo(d, hn::LoadU(df, fixed + i));
  const auto w = hn::PromoteTo(d, hn::LoadU(df, warped + i));
  const auto largest = hn::Set(d, double(kLargest));
  auto counted = hn::And(hn::Le(hn::Abs(f), largest), hn::Le(hn::Abs(w), largest));
  if (mask != nullptr) {
    const hn::Rebind<uint8_t, D> d8;
    const hn::Rebind<int32_t, D> d32;
    const auto m = hn::PromoteTo(d, hn::PromoteTo(d32, hn::LoadU(d8, mask + i)));
    counted = hn::And(counted, hn::Ne(m, hn::Zero(d)));
  }
  return {counted, f, w};
}

HWY_ATTR NccMoments momentsOfChunk(const NccArgs& args, Range range) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* fixed = static_cast<const float*>(args.fixed);
  const float* warped = static_cast<const float*>(args.warped);
  // Any counted voxel serves as the shift; it makes a constant image's moments exactly zero.
  int64_t i = range.begin;
  while (i < range.end && !counts(fixed[i], warped[i], args.mask, i)) ++i;
  if (i == range.end) return {};
  const double fixedShift = fixed[i];
  const double warpedShift = warped[i];
  auto sumF = hn::Zero(d), sumW = hn::Zero(d), sumFF = hn::Zero(d), sumWW = hn::Zero(d),
       sumFW = hn::Zero(d), counted = hn::Zero(d);
  for (; i + lanes <= range.end; i += lanes) {
    const Pair pair = load(fixed, warped, args.mask, i);
    const auto f = hn::IfThenElseZero(pair.counts, hn::Sub(pair.fixed, hn::Set(d, fixedShift)));
    const auto w = hn::IfThenElseZero(pair.counts, hn::Sub(pair.warped, hn::Set(d, warpedShift)));
    sumF = hn::Add(sumF, f);
    sumW = hn::Add(sumW, w);
    sumFF = hn::MulAdd(f, f, sumFF);
    sumWW = hn::MulAdd(w, w, sumWW);
    sumFW = hn::MulAdd(f, w, sumFW);
    counted = hn::Add(counted, hn::IfThenElseZero(pair.counts, hn::Set(d, 1.0)));
  }
  NccShiftedSums sums{hn::GetLane(hn::SumOfLanes(d, sumF)), hn::GetLane(hn::SumOfLanes(d, sumW)),
                      hn::GetLane(hn::SumOfLanes(d, sumFF)), hn::GetLane(hn::SumOfLanes(d, sumWW)),
                      hn::GetLane(hn::SumOfLanes(d, sumFW))};
  double total = hn::GetLane(hn::SumOfLanes(d, counted));
  for (; i < range.end; ++i) {
    if (!counts(fixed[i], warped[i], args.mask, i)) continue;
    const double f = double(fixed[i]) - fixedShift;
    const double w = double(warped[i]) - warpedShift;
    sums.fixed += f;
    sums.warped += w;
    sums.fixedFixed += f * f;
    sums.warpedWarped += w * w;
    sums.fixedWarped += f * w;
    total += 1;
  }
  return nccMoments(sums, total, fixedShift, warpedShift);
}

HWY_ATTR void gradientOfChunk(const NccArgs& args, const NccSlope& slope, Range range) {
  const D d;
  const DF df;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* fixed = static_cast<const float*>(args.fixed);
  const float* warped = static_cast<const float*>(args.warped);
  float* gradient = static_cast<float*>(args.gradient);
  int64_t i = range.begin;
  for (; i + lanes <= range.end; i += lanes) {
    const Pair pair = load(fixed, warped, args.mask, i);
    const auto f = hn::Sub(pair.fixed, hn::Set(d, slope.fixedMean));
    const auto w = hn::Sub(pair.warped, hn::Set(d, slope.warpedMean));
    const auto g =
        hn::NegMulAdd(w, hn::Set(d, slope.warpedFactor), hn::Mul(f, hn::Set(d, slope.fixedFactor)));
    hn::StoreU(hn::DemoteTo(df, hn::IfThenElseZero(pair.counts, g)), df, gradient + i);
  }
  for (; i < range.end; ++i) {
    gradient[i] = counts(fixed[i], warped[i], args.mask, i)
                      ? float((double(fixed[i]) - slope.fixedMean) * slope.fixedFactor -
                              (double(warped[i]) - slope.warpedMean) * slope.warpedFactor)
                      : 0.0f;
  }
}

void nccCpu(const NccArgs& args, Context& context, const Workspace& workspace) {
  const int64_t chunks = chunkCount(args.count, kChunk);
  NccMoments* moments = WorkspaceLayout(workspace.data).take<NccMoments>(chunks);
  parallelFor(context, chunks, [&](int64_t chunk) HWY_ATTR {
    moments[chunk] = momentsOfChunk(args, chunkRange(args.count, kChunk, chunk));
  });
  NccMoments all{};
  for (int64_t chunk = 0; chunk < chunks; ++chunk) all = nccUnion(all, moments[chunk]);
  NccSlope slope;
  *args.value = nccOfMoments(all, &slope);
  if (args.gradient == nullptr) return;
  parallelFor(context, chunks, [&](int64_t chunk) HWY_ATTR {
    gradientOfChunk(args, slope, chunkRange(args.count, kChunk, chunk));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(nccCpu);

int64_t nccCpuWorkspaceBytes(const NccArgs& args) {
  WorkspaceLayout layout(nullptr);
  layout.take<NccMoments>(chunkCount(args.count, 32768));
  return layout.bytes();
}

}  // namespace vk
#endif
