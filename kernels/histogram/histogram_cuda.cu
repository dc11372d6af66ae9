#include "cuda/any_type.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "histogram/histogram.h"

namespace vk::histogram_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 512;
/** What a block counts into in shared memory. */
constexpr int64_t kMostShared = 48 * 1024 / int64_t(sizeof(unsigned));
/** A few copies of a small histogram spread the lanes that meet in one bin. */
constexpr int64_t kSharedCounts = 4096;
constexpr int kMostCopies = 8;
constexpr int64_t kVoxelsOfThread = 16;
using Count = unsigned long long;

/** 0 below the range, 1 + bin, bins + 1 above it; -1 for a voxel that does not count. */
__device__ int32_t binOf(const HistogramArgs& args, double binsPerUnit, int64_t i) {
  if (i >= args.count || (args.mask != nullptr && args.mask[i] == 0)) return -1;
  const double value = elementAsDouble(args.type, args.image, i);
  if (value < args.low) return 0;
  if (value > args.high) return int32_t(args.bins) + 1;
  if (value != value) return -1;
  return 1 + int32_t(fmin((value - args.low) * binsPerUnit, double(args.bins - 1)));
}

/** add(bin, how many) for the block's voxels; once for a warp whose voxels are all of one bin, as
 * those of the background are. */
template <class Add>
__device__ void countVoxels(const HistogramArgs& args, double binsPerUnit, const Add& add) {
  const int lane = int(threadIdx.x) % kWarpSize;
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  int64_t first = int64_t(blockIdx.x) * blockDim.x + threadIdx.x - lane;
  for (; first < args.count; first += step) {
    const int32_t bin = binOf(args, binsPerUnit, first + lane);
    const unsigned counted = __ballot_sync(kWholeWarp, bin >= 0);
    if (counted == 0) continue;
    const int32_t ofFirst = __shfl_sync(kWholeWarp, bin, __ffs(int(counted)) - 1);
    if (__all_sync(kWholeWarp, bin < 0 || bin == ofFirst)) {
      if (lane == 0) add(ofFirst, unsigned(__popc(counted)));
    } else if (bin >= 0) {
      add(bin, 1u);
    }
  }
}

__global__ void __launch_bounds__(kThreads)
    histogramInShared(HistogramArgs args, double binsPerUnit, int copies) {
  VK_DYNAMIC_SHARED(unsigned, counts);
  const int entries = int(args.bins) + 2;
  for (int i = int(threadIdx.x); i < entries * copies; i += kThreads) counts[i] = 0;
  __syncthreads();
  const int copy = int(threadIdx.x) % copies;
  countVoxels(args, binsPerUnit,
              [&](int32_t bin, unsigned many) { atomicAdd(counts + bin * copies + copy, many); });
  __syncthreads();
  for (int bin = int(threadIdx.x); bin < entries; bin += kThreads) {
    Count sum = 0;
    for (int k = 0; k < copies; ++k) sum += counts[bin * copies + k];
    if (sum != 0) atomicAdd(reinterpret_cast<Count*>(args.counts) + bin, sum);
  }
}

/** For more bins than fit shared memory: few voxels meet in one of so many. */
__global__ void __launch_bounds__(kThreads)
    histogramInGlobal(HistogramArgs args, double binsPerUnit) {
  countVoxels(args, binsPerUnit, [&](int32_t bin, unsigned many) {
    atomicAdd(reinterpret_cast<Count*>(args.counts) + bin, Count(many));
  });
}

void runHistogram(const HistogramArgs& args, Context& context, const Workspace&) {
  const int64_t entries = args.bins + 2;
  const double binsPerUnit = double(args.bins) / (args.high - args.low);
  check(cudaMemsetAsync(args.counts, 0, size_t(entries) * sizeof(int64_t), streamOf(context)));
  // As many as are busy at once; but a block's counts are 32 bits wide.
  const int64_t most =
      max(4 * int64_t(deviceOf(context).multiprocessors()), (args.count >> 31) + 1);
  const int64_t blocks = min(most, int64_t(blocksFor(args.count, kThreads * kVoxelsOfThread)));
  Grid grid{dim3(unsigned(blocks)), dim3(kThreads)};
  if (entries > kMostShared) {
    launch(context, grid, histogramInGlobal, args, binsPerUnit);
    return;
  }
  int copies = kMostCopies;
  while (copies > 1 && entries * copies > kSharedCounts) copies /= 2;
  grid.sharedBytes = size_t(entries * copies) * sizeof(unsigned);
  launch(context, grid, histogramInShared, args, binsPerUnit, copies);
}

}  // namespace

extern "C" CudaImplementations<HistogramArgs> histogramCuda() {
  static const Implementation<HistogramArgs> rows[] = {cuda::row<HistogramArgs>(runHistogram)};
  return cuda::table(rows);
}

}  // namespace vk::histogram_cuda
