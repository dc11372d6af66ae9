#include "cuda/cuda_table.h"
#include "nms/nms.h"
#include "nms/suppress_cuda.h"

namespace vk {
namespace {

using namespace cuda;

template <class T>
struct Memory {
  BoxRanking<T> ranking;
  Suppression<T> suppression;
  /** By rank: 1 where the box is kept; then how many are before. */
  int32_t* before;
  int32_t* total;
  int64_t* count;
  void* scratch;

  Memory(const NmsArgs& args, Carver& carver)
      : ranking(carver, args.boxes.count, args.classes != nullptr),
        suppression(carver, args.boxes.count),
        before(carver.take<int32_t>(args.boxes.count)),
        total(carver.take<int32_t>(1)),
        count(carver.take<int64_t>(1)),
        scratch(carver.take<char>(exclusiveSumBytes<int32_t>(args.boxes.count))) {}
};

__device__ bool isKept(const BoxBits* kept, int64_t place) {
  return (kept[place / kBoxBits] >> (place % kBoxBits) & 1) != 0;
}

__global__ void __launch_bounds__(256)
    markKept(BoxRanks ranks, const BoxBits* kept, int32_t* marks) {
  forEachItem(ranks.counts->boxes,
              [&](int64_t place) { marks[ranks.rankOf(place)] = isKept(kept, place) ? 1 : 0; });
}

/** The kept boxes, the best first, and -1 behind. */
__global__ void __launch_bounds__(256)
    writeKept(BoxRanks ranks, const BoxBits* kept, const int32_t* before, const int32_t* total,
              int64_t places, NmsArgs args, int64_t* count) {
  forEachItem(places, [&](int64_t i) {
    if (i == 0) *count = min(int64_t{*total}, args.capacity);
    if (i < args.capacity && i >= *total) args.kept[i] = -1;
    if (i >= ranks.counts->boxes || !isKept(kept, i)) return;
    const int64_t rank = ranks.rankOf(i);
    if (before[rank] < args.capacity) args.kept[before[rank]] = ranks.boxOfRank[rank];
  });
}

template <class T>
void suppress(const NmsArgs& args, Context& context, const Workspace& workspace) {
  *args.count = 0;
  if (args.boxes.count == 0) return;
  Carver carver(workspace.data);
  const Memory<T> memory(args, carver);
  const BoxRanks ranks = memory.ranking.ranks();
  const int64_t n = args.boxes.count;
  memory.ranking.rank(context, static_cast<const T*>(args.scores), args.scoreThreshold,
                      args.classes);
  memory.suppression.run(context, args.boxes, ranks, T(args.iouThreshold), args.mostOfClass);
  check(cudaMemsetAsync(memory.before, 0, size_t(n) * sizeof(int32_t), streamOf(context)));
  launch(context, gridOver(n), markKept, ranks, memory.suppression.kept(), memory.before);
  exclusiveSum<int32_t>(context, memory.before, n, memory.total, memory.scratch);
  launch(context, gridOver(n), writeKept, ranks, memory.suppression.kept(), memory.before,
         memory.total, n, args, memory.count);
  deliver(context, args.count, memory.count, sizeof(int64_t));
}

void runNms(const NmsArgs& args, Context& context, const Workspace& workspace) {
  if (args.boxes.type == VK_F64) {
    suppress<double>(args, context, workspace);
  } else {
    suppress<float>(args, context, workspace);
  }
}

Refusal accepts(const NmsArgs& args) { return takesFewBoxes(args.boxes); }

int64_t workspaceBytes(const NmsArgs& args) {
  Carver carver(nullptr);
  if (args.boxes.type == VK_F64) {
    Memory<double>(args, carver);
  } else {
    Memory<float>(args, carver);
  }
  return carver.bytes();
}

}  // namespace

CudaImplementations<NmsArgs> nmsCuda() {
  static const Implementation<NmsArgs> rows[] = {
      cuda::row<NmsArgs>(runNms, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk
