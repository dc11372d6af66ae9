#include "cuda/cuda_table.h"
#include "cuda/fixed_sums.h"
#include "grid_sample/grid_sample_device.h"

namespace vk::grid_sample_gradient_cuda {
namespace {

using namespace cuda;

/** A thread a position; along each row the values are summed with the weights and the slopes. */
template <int kTaps, class T>
__global__ void __launch_bounds__(256, 1)
    gradientGrid(GridSampleArgs args, Divider positions, int64_t total) {
  const int64_t each = positions.divisor();
  const int64_t volume = args.size[0] * args.size[1] * args.size[2];
  T* const gradient = static_cast<T*>(args.gradient);
  forEachItem(total, [&](int64_t number) {
    const int64_t item = positions.quotient(number);
    const GridSampleCell<kTaps, T> cell(args, number);
    const T* input = static_cast<const T*>(args.input) + item * args.channels * volume;
    const T* upstream =
        static_cast<const T*>(args.upstream) + item * args.channels * each + (number - item * each);
    T sum[3] = {0, 0, 0};
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      T slope[3] = {0, 0, 0};
      VK_UNROLL_BY(kGridSampleRounds<kTaps>)
      for (int c = 0; c < kTaps; ++c) {
        const int32_t z = pick(cell.z.index, c);
        if (z < 0) continue;
        const T weightZ = pick(cell.z.weight, c);
        const T slopeZ = pick(cell.z.slope, c);
        VK_UNROLL
        for (int b = 0; b < kTaps; ++b) {
          if (cell.y.index[b] < 0) continue;
          const T* const row = input + (z * args.size[1] + cell.y.index[b]) * args.size[0];
          T value = 0;
          T across = 0;
          VK_UNROLL
          for (int a = 0; a < kTaps; ++a) {
            if (cell.x.index[a] < 0) continue;
            const T v = row[cell.x.index[a]];
            value += cell.x.weight[a] * v;
            across += cell.x.slope[a] * v;
          }
          slope[0] += weightZ * cell.y.weight[b] * across;
          slope[1] += weightZ * cell.y.slope[b] * value;
          slope[2] += slopeZ * cell.y.weight[b] * value;
        }
      }
      for (int r = 0; r < 3; ++r) sum[r] += *upstream * slope[r];
      input += volume;
      upstream += each;
    }
    for (int r = 0; r < args.axes; ++r) {
      gradient[number * args.axes + r] = r == 0 ? sum[0] : r == 1 ? sum[1] : sum[2];
    }
  });
}

/** What the taps of a position receive from an upstream that is no finite number. */
template <int kTaps, class T>
__device__ void addNonFinite(const FixedSums& sums, const GridSampleArgs& args, int64_t number,
                             int64_t volume, T upstream) {
  const GridSampleCell<kTaps, T> cell(args, number);
  for (int k = 0; k < kTaps * kTaps * kTaps; ++k) {
    const int a = k % kTaps, b = k / kTaps % kTaps, c = k / (kTaps * kTaps);
    const T weight = cell.x.weight[a] * cell.y.weight[b] * cell.z.weight[c];
    if (weight == 0) continue;
    const int64_t row =
        (cell.z.index[c] * args.size[1] + cell.y.index[b]) * args.size[0] + cell.x.index[a];
    sums.addNonFinite(volume + row, double(weight * upstream));
  }
}

/** A thread a position, which adds to the voxels it was interpolated from. The lanes of a warp stay
 * together, to pass on to their neighbours what falls on the same voxels. */
template <int kTaps, class T>
__global__ void __launch_bounds__(256, 1)
    gradientInput(GridSampleArgs args, Divider positions, int64_t total, FixedSums sums) {
  const int64_t each = positions.divisor();
  const int64_t volume = args.size[0] * args.size[1] * args.size[2];
  const T* const upstream = static_cast<const T*>(args.upstream);
  const FixedUnit<T> unit(*sums.range, sums.log2Addends);
  forEachItem((total + kWarpSize - 1) / kWarpSize * kWarpSize, [&](int64_t number) {
    const bool active = number < total;
    if (!active) number = 0;
    const int64_t item = positions.quotient(number);
    const GridSampleCell<kTaps, T> cell(args, number);
    // The items of the batch are volumes one behind the other.
    const int64_t firstPlane = item * args.channels;
    const int32_t first[3] = {cell.x.first, cell.y.first, cell.z.first};
    const WarpRun run(active, first, item);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const int64_t plane = firstPlane + channel;
      T g = active ? upstream[plane * each + (number - item * each)] : T(0);
      if (g - g != 0) {
        addNonFinite<kTaps>(sums, args, number, plane * volume, g);
        g = 0;
      }
      g = unit.scaled(g);
      VK_UNROLL_BY(kGridSampleRounds<kTaps>)
      for (int c = 0; c < kTaps; ++c) {
        const int64_t slice = plane * args.size[2] + pick(cell.z.index, c);
        const T weightZ = g * pick(cell.z.weight, c);
        VK_UNROLL
        for (int b = 0; b < kTaps; ++b) {
          const T weight = weightZ * cell.y.weight[b];
          long long values[kTaps];
          VK_UNROLL
          for (int a = 0; a < kTaps; ++a) values[a] = roundedToInteger(weight * cell.x.weight[a]);
          addRuns(sums, (slice * args.size[1] + cell.y.index[b]) * args.size[0], cell.x.index,
                  values, run);
        }
      }
    }
  });
}

FixedSums carveSums(const GridSampleArgs& args, Carver& carver) {
  // The weights of a cubic cell sum up to less than 4 in magnitude.
  const int64_t most = args.mode == VK_SAMPLING_CUBIC ? 4 : 1;
  return FixedSums(args.batch * args.channels * args.volume(), most * args.positions(), carver);
}

int64_t inputWorkspaceBytes(const GridSampleArgs& args) {
  Carver carver(nullptr);
  carveSums(args, carver);
  return carver.bytes();
}

template <class T>
void input(const GridSampleArgs& args, Context& context, const FixedSums& sums) {
  if (sums.count == 0) return;
  const int64_t total = args.batch * args.positions();
  sums.begin(context, static_cast<const T*>(args.upstream), total * args.channels);
  const auto kernel = args.mode == VK_SAMPLING_CUBIC    ? gradientInput<4, T>
                      : args.mode == VK_SAMPLING_LINEAR ? gradientInput<2, T>
                                                        : gradientInput<1, T>;
  launch(context, gridOver(total), kernel, args, Divider(args.positions()), total, sums);
  launch(context, gridOver(sums.count), fixedTotals<T>, sums, static_cast<T*>(args.gradient));
}

void runInput(const GridSampleArgs& args, Context& context, const Workspace& workspace) {
  Carver carver(workspace.data);
  const FixedSums sums = carveSums(args, carver);
  args.type == VK_F64 ? input<double>(args, context, sums) : input<float>(args, context, sums);
}

template <class T>
void grid(const GridSampleArgs& args, Context& context) {
  const int64_t total = args.batch * args.positions();
  if (args.mode == VK_SAMPLING_NEAREST) {
    check(cudaMemsetAsync(args.gradient, 0, size_t(total * args.axes) * sizeof(T),
                          streamOf(context)));
    return;
  }
  launch(context, gridOver(total),
         args.mode == VK_SAMPLING_CUBIC ? gradientGrid<4, T> : gradientGrid<2, T>, args,
         Divider(args.positions()), total);
}

void runGrid(const GridSampleArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? grid<double>(args, context) : grid<float>(args, context);
}

void runBoth(const GridSampleArgs& args, Context& context, const Workspace& workspace) {
  runInput(args, context, workspace);
  GridSampleArgs grid = args;
  grid.gradient = args.gradientGrid;
  runGrid(grid, context, workspace);
}

}  // namespace

extern "C" CudaImplementations<GridSampleArgs> grid_sample_gradient_inputCuda() {
  static const Implementation<GridSampleArgs> rows[] = {
      cuda::row<GridSampleArgs>(runInput, gridSampleAccepts, inputWorkspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<GridSampleArgs> grid_sample_gradient_gridCuda() {
  static const Implementation<GridSampleArgs> rows[] = {
      cuda::row<GridSampleArgs>(runGrid, gridSampleAccepts)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<GridSampleArgs> grid_sample_gradientsCuda() {
  static const Implementation<GridSampleArgs> rows[] = {
      cuda::row<GridSampleArgs>(runBoth, gridSampleAccepts, inputWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::grid_sample_gradient_cuda
