#include "cuda/cuda_table.h"
#include "grid_sample/grid_sample_device.h"

namespace vk::grid_sample_cuda {
namespace {

using namespace cuda;

/** A tap of weight 0 does not count, and is not read: it may lie outside. */
template <int kTaps, class T>
__device__ T valueAt(const T* input, const int64_t size[3], const GridSampleCell<kTaps, T>& cell) {
  T value = 0;
  VK_UNROLL_BY(kGridSampleRounds<kTaps>)
  for (int c = 0; c < kTaps; ++c) {
    const T weightZ = pick(cell.z.weight, c);
    if (weightZ == 0) continue;
    const int64_t plane = pick(cell.z.index, c) * size[1];
    VK_UNROLL
    for (int b = 0; b < kTaps; ++b) {
      const T weight = weightZ * cell.y.weight[b];
      const T* const row = input + (plane + cell.y.index[b]) * size[0];
      VK_UNROLL
      for (int a = 0; a < kTaps; ++a) {
        const T w = weight * cell.x.weight[a];
        if (w != 0) value += w * row[cell.x.index[a]];
      }
    }
  }
  return value;
}

/** A thread a position, all channels. */
template <int kTaps, class T>
__global__ void __launch_bounds__(256, 2)
    gridSample(GridSampleArgs args, Divider positions, int64_t total) {
  const int64_t each = positions.divisor();
  const int64_t volume = args.size[0] * args.size[1] * args.size[2];
  forEachItem(total, [&](int64_t number) {
    const int64_t item = positions.quotient(number);
    const GridSampleCell<kTaps, T> cell(args, number);
    const T* const input = static_cast<const T*>(args.input) + item * args.channels * volume;
    T* const output =
        static_cast<T*>(args.output) + item * args.channels * each + (number - item * each);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      output[channel * each] = valueAt(input + channel * volume, args.size, cell);
    }
  });
}

template <class T>
void sample(const GridSampleArgs& args, Context& context) {
  const auto kernel = args.mode == VK_SAMPLING_CUBIC    ? gridSample<4, T>
                      : args.mode == VK_SAMPLING_LINEAR ? gridSample<2, T>
                                                        : gridSample<1, T>;
  const int64_t total = args.batch * args.positions();
  launch(context, gridOver(total), kernel, args, Divider(args.positions()), total);
}

void runSample(const GridSampleArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? sample<double>(args, context) : sample<float>(args, context);
}

}  // namespace

extern "C" CudaImplementations<GridSampleArgs> grid_sampleCuda() {
  static const Implementation<GridSampleArgs> rows[] = {
      cuda::row<GridSampleArgs>(runSample, gridSampleAccepts)};
  return cuda::table(rows);
}

}  // namespace vk::grid_sample_cuda
