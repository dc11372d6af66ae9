#include "nms/nms.h"
#include "nms/box_list.h"
#include "nms/suppress_cuda.h"

namespace vk::nms_cuda {
namespace {

using namespace cuda;

template <class T>
struct Choice {
  BoxRanking<T> ranking;
  Suppression<T> suppression;
  /** By rank: 1 where the box is kept; then how many are before. */
  int32_t* before;
  int32_t* total;
  int64_t* count;
  void* scratch;

  Choice(const NmsArgs& args, Carver& carver)
      : ranking(carver, args.boxes.count, args.classes != nullptr),
        suppression(carver, args.boxes.count),
        before(carver.take<int32_t>(args.boxes.count)),
        total(carver.take<int32_t>(1)),
        count(carver.take<int64_t>(1)),
        scratch(carver.take<char>(exclusiveSumBytes<int32_t>(args.boxes.count))) {}

  void run(const NmsArgs& args, Context& context) const;
};

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
void Choice<T>::run(const NmsArgs& args, Context& context) const {
  const BoxRanks ranks = ranking.ranks();
  const int64_t n = args.boxes.count;
  ranking.rank(context, static_cast<const T*>(args.scores), args.scoreThreshold, args.classes);
  suppression.run(context, args.boxes, ranks, T(args.iouThreshold), args.mostOfClass);
  check(cudaMemsetAsync(before, 0, size_t(n) * sizeof(int32_t), streamOf(context)));
  launch(context, gridOver(n), markKept, ranks, suppression.kept(), before);
  exclusiveSum<int32_t>(context, before, n, total, scratch);
  launch(context, gridOver(n), writeKept, ranks, suppression.kept(), before, total, n, args, count);
  deliver(context, args.count, count, sizeof(int64_t));
}

}  // namespace

extern "C" CudaImplementations<NmsArgs> nmsCuda() {
  return cuda::BoxList<Choice, NmsArgs>::table();
}

}  // namespace vk::nms_cuda
