// What the CUDA kernels of the sampling and of its gradients share.
#pragma once

#include "cuda/elements.h"
#include "grid_sample/grid_sample.h"
#include "grid_sample/grid_sample_axis.h"

namespace vk::cuda {

/** The taps around one position; along z a single one, of weight 1, where the input has none. */
template <int kTaps, class T>
struct GridSampleCell {
  GridSampleAxis<kTaps, T> x;
  GridSampleAxis<kTaps, T> y;
  GridSampleAxis<kTaps, T> z;

  /** `number` counts the positions of the whole batch. */
  __device__ GridSampleCell(const GridSampleArgs& args, int64_t number)
      : x(axis(args, number, 0)), y(axis(args, number, 1)), z() {
    if (args.axes == 3) {
      z = axis(args, number, 2);
      return;
    }
    for (int k = 0; k < kTaps; ++k) {
      z.index[k] = k == 0 ? 0 : -1;
      z.weight[k] = T(k == 0 ? 1 : 0);
      z.slope[k] = 0;
    }
    z.first = 0;
  }

 private:
  __device__ static GridSampleAxis<kTaps, T> axis(const GridSampleArgs& args, int64_t number,
                                                  int r) {
    const T coordinate = static_cast<const T*>(args.grid)[number * args.axes + r];
    return gridSampleAxis<kTaps, T>(double(coordinate), args.size[r], args.padding,
                                    args.alignCorners);
  }
};

/** Rounds of the loop over z in flight: all 64 taps of a cubic cell would not fit the registers. */
template <int kTaps>
constexpr int kGridSampleRounds = kTaps == 4 ? 1 : kTaps;

inline Refusal gridSampleAccepts(const GridSampleArgs& args) {
  for (const int64_t size : args.size) {
    if (size > int64_t{1} << 30) return "takes at most 2^30 voxels along an axis";
  }
  return "";
}

}  // namespace vk::cuda
