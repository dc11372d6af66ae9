// Of the whole images, what the CUDA kernels normalise intensities by.
#pragma once

#include "cuda/reduce.h"
#include "lncc/lncc.h"

namespace vk::cuda {

constexpr int kLnccThreads = 256;
/** Voxels of a block: each thread adds 64 of them before it meets the others. */
constexpr int64_t kLnccSpreadChunk = 64 * kLnccThreads;

/** intensity * scale + shift has zero mean and unit variance over the counted voxels; 0 where there
 * is no correlation to measure. */
struct LnccWholeImages {
  double counted;
  double fixedScale;
  double fixedShift;
  double warpedScale;
  double warpedShift;
  bool finite;
};

struct LnccSpreads {
  Spread fixed;
  Spread warped;
};

struct LnccJoinSpreads {
  __device__ LnccSpreads operator()(const LnccSpreads& a, const LnccSpreads& b) const {
    const JoinSpreads join;
    return {join(a.fixed, b.fixed), join(a.warped, b.warped)};
  }
};

/** Of the values less a shift, which is one of them. */
__device__ inline Spread lnccSpreadOf(double counted, double shift, double sum, double squares) {
  if (counted == 0) return {0, 0, 0};
  return {counted, shift + sum / counted, squares - sum * (sum / counted)};
}

template <class T>
__global__ void __launch_bounds__(kLnccThreads, 1)
    lnccSpreadsOfChunks(const T* fixed, const T* warped, const uint8_t* mask, int64_t count,
                        int64_t chunks, LnccSpreads* spreads) {
  VK_SHARED(LnccSpreads, shared, kLnccThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(count, (chunk + 1) * kLnccSpreadChunk);
    double counted = 0, fShift = 0, wShift = 0, f = 0, ff = 0, w = 0, ww = 0;
    for (int64_t i = chunk * kLnccSpreadChunk + threadIdx.x; i < end; i += kLnccThreads) {
      if (mask != nullptr && mask[i] == 0) continue;
      if (counted == 0) {
        fShift = double(fixed[i]);
        wShift = double(warped[i]);
      }
      const double df = double(fixed[i]) - fShift;
      const double dw = double(warped[i]) - wShift;
      f += df;
      ff = fma(df, df, ff);
      w += dw;
      ww = fma(dw, dw, ww);
      counted += 1;
    }
    const LnccSpreads all = blockReduce<kLnccThreads>(
        LnccSpreads{lnccSpreadOf(counted, fShift, f, ff), lnccSpreadOf(counted, wShift, w, ww)},
        shared, LnccJoinSpreads());
    if (threadIdx.x == 0) spreads[chunk] = all;
  }
}

__device__ inline bool lnccNormalise(const Spread& spread, double* scale, double* shift) {
  const double variance = spread.squares / spread.count;
  const bool varies = variance > kLnccConstant * (spread.mean * spread.mean + variance);
  *scale = varies ? 1 / sqrt(variance) : 0;
  *shift = -spread.mean * *scale;
  return varies;
}

__global__ static void __launch_bounds__(kLnccThreads)
    lnccStatisticsOfChunks(const LnccSpreads* spreads, int64_t chunks,
                           LnccWholeImages* statistics) {
  VK_SHARED(LnccSpreads, shared, kLnccThreads / kWarpSize);
  const LnccJoinSpreads join;
  LnccSpreads all{};
  for (int64_t i = threadIdx.x; i < chunks; i += kLnccThreads) all = join(all, spreads[i]);
  all = blockReduce<kLnccThreads>(all, shared, join);
  if (threadIdx.x != 0) return;
  LnccWholeImages result{};
  const double squares = all.fixed.squares + all.warped.squares;
  result.counted = all.fixed.count;
  result.finite = squares - squares == 0;
  if (result.counted > 0 && result.finite) {
    const bool fixedVaries = lnccNormalise(all.fixed, &result.fixedScale, &result.fixedShift);
    const bool warpedVaries = lnccNormalise(all.warped, &result.warpedScale, &result.warpedShift);
    if (!fixedVaries || !warpedVaries) result = {result.counted, 0, 0, 0, 0, true};
  }
  *statistics = result;
}

}  // namespace vk::cuda
