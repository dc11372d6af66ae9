#include <cmath>

#include "core/carve.h"
#include "cuda/any_type.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "cuda/reduce.h"
#include "statistics/statistics.h"
#include "statistics/statistics_math.h"

namespace vk::statistics_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** Voxels of a block: each thread adds 64 of them before it meets the others. */
constexpr int64_t kChunk = 64 * kThreads;

struct Voxels {
  vk_element_type type;
  const void* image;
  const uint8_t* mask;
  Divider width;
  Divider height;
  int64_t count;

  __device__ bool counts(int64_t i) const { return mask == nullptr || mask[i] != 0; }
  __device__ double at(int64_t i) const { return elementAsDouble(type, image, i); }
};

/** The first finite value that counts of each chunk, NaN where there is none. Few voxels are looked
 * at unless the chunk is masked. */
__global__ void __launch_bounds__(kThreads)
    firstOfChunks(Voxels voxels, int64_t chunks, double* firsts) {
  VK_SHARED(unsigned long long, first, 1);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(voxels.count, (chunk + 1) * kChunk);
    if (threadIdx.x == 0) first[0] = ~0ull;
    __syncthreads();
    bool found = false;
    for (int64_t base = chunk * kChunk; base < end && !found; base += kThreads) {
      const int64_t i = base + threadIdx.x;
      bool counts = i < end && voxels.counts(i);
      if (counts) {
        const double value = voxels.at(i);
        counts = value - value == 0;
      }
      if (counts) atomicMin(first, static_cast<unsigned long long>(i));
      found = __syncthreads_or(counts) != 0;
    }
    if (threadIdx.x == 0) firsts[chunk] = found ? voxels.at(int64_t(first[0])) : double(NAN);
    __syncthreads();
  }
}

/** What is taken off every value: the first of all chunks, 0 where there is none. */
__global__ void __launch_bounds__(kThreads)
    shiftOfChunks(const double* firsts, int64_t chunks, double* shift) {
  VK_SHARED(int64_t, shared, kThreads / kWarpSize);
  int64_t first = chunks;
  for (int64_t i = threadIdx.x; i < chunks && first == chunks; i += kThreads) {
    if (firsts[i] == firsts[i]) first = i;
  }
  first = blockMin<kThreads>(first, shared);
  if (threadIdx.x == 0) *shift = first < chunks ? firsts[first] : 0.0;
}

__device__ StatisticsPartial nothing() {
  StatisticsPartial partial{};
  partial.least = double(INFINITY);
  partial.greatest = -double(INFINITY);
  return partial;
}

/** Sums of a position's powers, each times the weight. */
__device__ void addPosition(MomentSums& sums, double weight, double x, double y, double z) {
  const double wx = weight * x, wy = weight * y, wz = weight * z;
  sums.weight += weight;
  sums.first[0] += wx;
  sums.first[1] += wy;
  sums.first[2] += wz;
  sums.second[0] = fma(wx, x, sums.second[0]);
  sums.second[1] = fma(wx, y, sums.second[1]);
  sums.second[2] = fma(wx, z, sums.second[2]);
  sums.second[3] = fma(wy, y, sums.second[3]);
  sums.second[4] = fma(wy, z, sums.second[4]);
  sums.second[5] = fma(wz, z, sums.second[5]);
}

struct AddPartials {
  __device__ StatisticsPartial operator()(StatisticsPartial a, const StatisticsPartial& b) const {
    addPartial(a, b);
    return a;
  }
};

__global__ void __launch_bounds__(kThreads)
    partialsOfChunks(Voxels voxels, double floor, const double* shiftOfAll, int64_t chunks,
                     StatisticsPartial* partials) {
  VK_SHARED(StatisticsPartial, shared, kThreads / kWarpSize);
  const double shift = *shiftOfAll;
  const bool floorGiven = floor == floor;
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(voxels.count, (chunk + 1) * kChunk);
    StatisticsPartial own = nothing();
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      if (!voxels.counts(i)) continue;
      const double value = voxels.at(i);
      if (!(value - value == 0)) {
        own.nans += value != value ? 1 : 0;
        own.infinities += value != value ? 0 : 1;
        continue;
      }
      const int64_t row = voxels.width.quotient(i);
      const int64_t plane = voxels.height.quotient(row);
      const double x = double(i - row * voxels.width.divisor());
      const double y = double(row - plane * voxels.height.divisor());
      const double shifted = value - shift;
      ++own.counted;
      own.least = value < own.least ? value : own.least;
      own.greatest = value > own.greatest ? value : own.greatest;
      own.sum += shifted;
      own.sumOfSquares = fma(shifted, shifted, own.sumOfSquares);
      addPosition(own.weighted, floorGiven ? fmax(value - floor, 0.0) : shifted, x, y,
                  double(plane));
      addPosition(own.plain, 1, x, y, double(plane));
    }
    own = blockReduce<kThreads>(own, shared, AddPartials());
    if (threadIdx.x == 0) partials[chunk] = own;
  }
}

__global__ void __launch_bounds__(kThreads)
    statisticsOfPartials(const StatisticsPartial* partials, int64_t chunks, const double* shift,
                         bool floorGiven, vk_statistics_values* values) {
  VK_SHARED(StatisticsPartial, shared, kThreads / kWarpSize);
  StatisticsPartial all = nothing();
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) addPartial(all, partials[i]);
  all = blockReduce<kThreads>(all, shared, AddPartials());
  if (threadIdx.x == 0) finishStatistics(all, *shift, floorGiven, values);
}

struct Parts {
  vk_statistics_values* values;
  double* shift;
  double* firsts;
  StatisticsPartial* partials;
  int64_t bytes;

  Parts(int64_t chunks, void* memory) {
    Carver carver(memory);
    values = carver.take<vk_statistics_values>(1);
    shift = carver.take<double>(1);
    firsts = carver.take<double>(chunks);
    partials = carver.take<StatisticsPartial>(chunks);
    bytes = carver.bytes();
  }
};

int64_t chunksOf(const StatisticsArgs& args) {
  return chunkCount(args.depth * args.height * args.width, kChunk);
}

int64_t workspaceBytes(const StatisticsArgs& args) { return Parts(chunksOf(args), nullptr).bytes; }

void runStatistics(const StatisticsArgs& args, Context& context, const Workspace& workspace) {
  const int64_t chunks = chunksOf(args);
  const Parts parts(chunks, workspace.data);
  const Voxels voxels{
      args.type,           args.image,           args.mask,
      Divider(args.width), Divider(args.height), args.depth * args.height * args.width};
  const Grid grid{dim3(blocksFor(chunks, 1)), dim3(kThreads)};
  const Grid one{dim3(1), dim3(kThreads)};
  launch(context, grid, firstOfChunks, voxels, chunks, parts.firsts);
  launch(context, one, shiftOfChunks, parts.firsts, chunks, parts.shift);
  launch(context, grid, partialsOfChunks, voxels, args.weightFloor, parts.shift, chunks,
         parts.partials);
  launch(context, one, statisticsOfPartials, parts.partials, chunks, parts.shift,
         args.weightFloor == args.weightFloor, parts.values);
  deliver(context, args.values, parts.values, sizeof(*args.values));
}

}  // namespace

extern "C" CudaImplementations<StatisticsArgs> statisticsCuda() {
  static const Implementation<StatisticsArgs> rows[] = {
      cuda::row<StatisticsArgs>(runStatistics, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::statistics_cuda
