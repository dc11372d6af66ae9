#include "nms/block_best.h"
#include "nms/box_list.h"
#include "nms/suppress_cuda.h"
#include "soft_nms/soft_nms.h"

namespace vk::soft_nms_cuda {
namespace {

using namespace cuda;

/** Of a class: each has some of its boxes. */
constexpr int kThreads = 128;
/** Blocks, which have one class after the other. */
constexpr int64_t kMostBlocks = 2048;

constexpr double kTaken = -INFINITY;

/** What is known of a box, by its place. */
struct Member {
  BoxSides<double> sides;
  double score;
  int32_t box;
};

struct Best {
  double score;
  int32_t box;
  int32_t place;
};

struct Better {
  __device__ Best operator()(const Best& a, const Best& b) const {
    const bool takesB = b.score > a.score || (b.score == a.score && b.box < a.box);
    return takesB ? b : a;
  }
};

template <class T>
__global__ void __launch_bounds__(256, 1)
    gatherMembers(SoftNmsArgs args, BoxRanks ranks, Member* members) {
  forEachItem(ranks.counts->boxes, [&](int64_t place) {
    const int64_t box = ranks.boxOf(place);
    members[place] = {wideSidesOf<T>(args.boxes, box),
                      double(static_cast<const T*>(args.scores)[box]), int32_t(box)};
  });
}

__device__ double decayOf(const SoftNmsArgs& args, const BoxSides<double>& best,
                          const BoxSides<double>& other) {
  const double iou = boxIou(best, other);
  if (iou == 0) return 1;
  if (args.decay == VK_SOFT_NMS_GAUSSIAN) return exp(-(iou * iou) / args.sigma);
  return iou > args.iouThreshold ? 1 - iou : 1;
}

/** A block a class. In one pass over its boxes the block lowers their scores by the box that was
 * kept last, and finds the best of what is left. */
__global__ void __launch_bounds__(kThreads)
    keepOfClasses(SoftNmsArgs args, BoxRanks ranks, Member* members, double* keptScores,
                  int32_t* keptCount) {
  VK_SHARED(Best, shared, kThreads);
  for (int32_t index = int32_t(blockIdx.x); index < ranks.classCount();
       index += int32_t(gridDim.x)) {
    const Range places = ranks.placesOf(index);
    int32_t last = -1;
    BoxSides<double> sides{};
    int64_t kept = 0;
    for (; kept < args.capacity; ++kept) {
      Best best{kTaken, 0x7FFFFFFF, -1};
      for (int64_t place = places.begin + threadIdx.x; place < places.end; place += kThreads) {
        Member& member = members[place];
        double score = member.score;
        if (score == kTaken) continue;
        if (last >= 0) score = place == last ? kTaken : score * decayOf(args, sides, member.sides);
        // Also what has become NaN.
        if (!(score > args.scoreThreshold)) score = kTaken;
        member.score = score;
        if (score != kTaken) best = Better()(best, {score, member.box, int32_t(place)});
      }
      best = blockBest<kThreads>(best, shared, Better());
      last = best.place;
      if (last < 0) break;
      sides = members[last].sides;
      if (threadIdx.x == 0) keptScores[best.box] = best.score;
    }
    if (threadIdx.x == 0) atomicAdd(keptCount, int32_t(kept));
  }
}

/** As scores only fall, the order over all classes is that of the scores that boxes were kept with.
 */
__global__ void __launch_bounds__(256)
    keysOfKept(const double* keptScores, int64_t count, uint64_t* keys, int32_t* boxes) {
  forEachItem(count, [&](int64_t i) {
    const double score = keptScores[i];
    keys[i] = score == score ? ~sortKey(score) : UINT64_MAX;
    boxes[i] = int32_t(i);
  });
}

template <class T>
__global__ void __launch_bounds__(256)
    writeKept(SoftNmsArgs args, const double* keptScores, const int32_t* boxes,
              const int32_t* keptCount, int64_t* count) {
  const int64_t kept = min(int64_t(*keptCount), args.capacity);
  T* const scores = static_cast<T*>(args.keptScores);
  forEachItem(args.capacity, [&](int64_t i) {
    if (i == 0) *count = kept;
    args.kept[i] = i < kept ? boxes[i] : -1;
    scores[i] = i < kept ? T(keptScores[boxes[i]]) : T(0);
  });
}

template <class T>
struct Choice {
  BoxRanking<T> ranking;
  Member* members;
  /** By box; NaN where it is not kept. */
  double* keptScores;
  uint64_t* keys;
  int32_t* boxes;
  int32_t* keptCount;
  int64_t* count;
  void* scratch;

  Choice(const SoftNmsArgs& args, Carver& carver)
      : ranking(carver, args.boxes.count, args.classes != nullptr),
        members(carver.take<Member>(args.boxes.count)),
        keptScores(carver.take<double>(args.boxes.count)),
        keys(carver.take<uint64_t>(args.boxes.count)),
        boxes(carver.take<int32_t>(args.boxes.count)),
        keptCount(carver.take<int32_t>(1)),
        count(carver.take<int64_t>(1)),
        scratch(carver.take<char>(radixSortBytes<uint64_t, int32_t>(args.boxes.count))) {}

  void run(const SoftNmsArgs& args, Context& context) const;
};

template <class T>
void Choice<T>::run(const SoftNmsArgs& args, Context& context) const {
  const int64_t n = args.boxes.count;
  const BoxRanks ranks = ranking.ranks();
  const cudaStream_t stream = streamOf(context);
  ranking.rank(context, static_cast<const T*>(args.scores), args.scoreThreshold, args.classes);
  launch(context, gridOver(n), gatherMembers<T>, args, ranks, members);
  // All bits set are NaN.
  check(cudaMemsetAsync(keptScores, 0xFF, size_t(n) * sizeof(double), stream));
  check(cudaMemsetAsync(keptCount, 0, sizeof *keptCount, stream));
  const unsigned blocks = args.classes == nullptr ? 1u : unsigned(std::min(n, kMostBlocks));
  launch(context, {dim3(blocks), dim3(kThreads)}, keepOfClasses, args, ranks, members, keptScores,
         keptCount);
  launch(context, gridOver(n), keysOfKept, keptScores, n, keys, boxes);
  radixSort(context, keys, boxes, n, 0, 64, scratch);
  if (args.capacity == 0) return;
  launch(context, gridOver(args.capacity), writeKept<T>, args, keptScores, boxes, keptCount, count);
  deliver(context, args.count, count, sizeof(int64_t));
}

}  // namespace

extern "C" CudaImplementations<SoftNmsArgs> soft_nmsCuda() {
  return cuda::BoxList<Choice, SoftNmsArgs>::table();
}

}  // namespace vk::soft_nms_cuda
