#include "cuda/any_type.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "label_overlap/label_overlap.h"

namespace vk::label_overlap_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 512;
/** A block counts in shared memory where its three rows fit. */
constexpr int64_t kMostShared = 48 * 1024 / int64_t(sizeof(unsigned));
constexpr int64_t kVoxelsOfThread = 16;
using Count = unsigned long long;

struct Rest {
  int64_t outside;
  int64_t notWhole;
};

/** The label's place in the table; -1 where it has none. */
__device__ int32_t placeOf(const LabelOverlapArgs& args, vk_element_type type, const void* labels,
                           int64_t i, Rest& rest) {
  if (i >= args.count) return -1;
  const double label = elementAsDouble(type, labels, i);
  if (label != floor(label) || label - label != 0) {
    ++rest.notWhole;
    return -1;
  }
  if (label < double(args.firstLabel) || label > double(args.firstLabel + args.labels - 1)) {
    ++rest.outside;
    return -1;
  }
  return int32_t(int64_t(label) - args.firstLabel);
}

/** add(row, place, how many) for the block's voxels, the rest into `rest`. Label maps consist of
 * runs: the lanes of one label are counted together. */
template <class Add>
__device__ void countLabels(const LabelOverlapArgs& args, Rest& rest, const Add& add) {
  const int lane = int(threadIdx.x) % kWarpSize;
  const unsigned before = (1u << lane) - 1;
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  int64_t first = int64_t(blockIdx.x) * blockDim.x + threadIdx.x - lane;
  for (; first < args.count; first += step) {
    const int32_t a = placeOf(args, args.typeA, args.a, first + lane, rest);
    const int32_t b = placeOf(args, args.typeB, args.b, first + lane, rest);
    const unsigned likeA = __match_any_sync(kWholeWarp, a);
    const unsigned likeB = __match_any_sync(kWholeWarp, b);
    const unsigned inBoth = likeA & __ballot_sync(kWholeWarp, a == b);
    if (a >= 0 && (likeA & before) == 0) {
      add(0, a, unsigned(__popc(likeA)));
      if (inBoth != 0) add(2, a, unsigned(__popc(inBoth)));
    }
    if (b >= 0 && (likeB & before) == 0) add(1, b, unsigned(__popc(likeB)));
  }
}

__device__ void addRest(const Rest& own, Count* rest) {
  VK_SHARED(int64_t, shared, kThreads / kWarpSize);
  const int64_t outside = blockSum<kThreads>(own.outside, shared);
  const int64_t notWhole = blockSum<kThreads>(own.notWhole, shared);
  if (threadIdx.x != 0) return;
  if (outside != 0) atomicAdd(rest, Count(outside));
  if (notWhole != 0) atomicAdd(rest + 1, Count(notWhole));
}

__global__ void __launch_bounds__(kThreads, 1) overlapInShared(LabelOverlapArgs args, Count* rest) {
  VK_DYNAMIC_SHARED(unsigned, counts);
  const int labels = int(args.labels);
  for (int i = int(threadIdx.x); i < 3 * labels; i += kThreads) counts[i] = 0;
  __syncthreads();
  Rest own{0, 0};
  countLabels(args, own, [&](int row, int32_t place, unsigned many) {
    atomicAdd(counts + row * labels + place, many);
  });
  addRest(own, rest);
  __syncthreads();
  for (int i = int(threadIdx.x); i < 3 * labels; i += kThreads) {
    if (counts[i] != 0) atomicAdd(reinterpret_cast<Count*>(args.counts) + i, Count(counts[i]));
  }
}

__global__ void __launch_bounds__(kThreads, 1) overlapInGlobal(LabelOverlapArgs args, Count* rest) {
  Rest own{0, 0};
  countLabels(args, own, [&](int row, int32_t place, unsigned many) {
    atomicAdd(reinterpret_cast<Count*>(args.counts) + row * args.labels + place, Count(many));
  });
  addRest(own, rest);
}

int64_t workspaceBytes(const LabelOverlapArgs&) { return sizeof(Rest); }

void runLabelOverlap(const LabelOverlapArgs& args, Context& context, const Workspace& workspace) {
  Count* const rest = workspace.as<Count>();
  check(cudaMemsetAsync(args.counts, 0, size_t(3 * args.labels) * sizeof(int64_t),
                        streamOf(context)));
  check(cudaMemsetAsync(rest, 0, sizeof(Rest), streamOf(context)));
  // As many as are busy at once; but a block's counts are 32 bits wide.
  const int64_t most =
      max(4 * int64_t(deviceOf(context).multiprocessors()), (args.count >> 31) + 1);
  const int64_t blocks = min(most, int64_t(blocksFor(args.count, kThreads * kVoxelsOfThread)));
  Grid grid{dim3(unsigned(blocks)), dim3(kThreads)};
  if (3 * args.labels <= kMostShared) {
    grid.sharedBytes = size_t(3 * args.labels) * sizeof(unsigned);
    launch(context, grid, overlapInShared, args, rest);
  } else {
    launch(context, grid, overlapInGlobal, args, rest);
  }
  Rest found;
  deliver(context, &found, rest, sizeof found);
  args.rest->outside = found.outside;
  args.rest->not_whole = found.notWhole;
}

}  // namespace

extern "C" CudaImplementations<LabelOverlapArgs> label_overlapCuda() {
  static const Implementation<LabelOverlapArgs> rows[] = {
      cuda::row<LabelOverlapArgs>(runLabelOverlap, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::label_overlap_cuda
