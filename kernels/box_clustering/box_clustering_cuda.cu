#include "box_clustering/box_clustering.h"
#include "nms/box_list.h"
#include "nms/suppress_cuda.h"

namespace vk::box_clustering_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

/** The cluster of a box whose best box has a rank. */
struct Merged {
  double score;
  double corners[6];
};

/** By place the rank of the best box of its cluster; `none` where there is no cluster. A warp a
 * box: the lanes have the boxes before it, 32 after the other, of which the first kept one that
 * suppresses it is the best box. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    findLeaders(BoxRanks ranks, const BoxSides<T>* sides, const BoxBits* kept, T threshold,
                uint32_t none, uint32_t* leaders) {
  const int lane = int(threadIdx.x) % kWarpSize;
  for (int64_t place = int64_t(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
       place < ranks.counts->boxes; place += int64_t(gridDim.x) * kWarps) {
    const BoxSides<T> own = sides[place];
    int64_t leader = place;
    if (!isKept(kept, place)) {
      unsigned found = 0;
      int64_t first = ranks.placesOf(ranks.classOf(place)).begin;
      for (; first < place; first += kWarpSize) {
        const int64_t other = first + lane;
        const bool hit =
            other < place && isKept(kept, other) && suppresses(sides[other], own, threshold);
        found = __ballot_sync(kWholeWarp, hit);
        if (found != 0) break;
      }
      leader = first + __ffs(int(found)) - 1;
    }
    // A box that is not comparable has no volume.
    if (lane == 0) leaders[place] = own.volume > 0 ? uint32_t(ranks.rankOf(leader)) : none;
  }
}

/** Members are sorted by their sources, where there are some, then by their leaders. */
__global__ void __launch_bounds__(kThreads)
    keysOfSources(BoxRanks ranks, const int64_t* sources, int64_t count, uint64_t* keys,
                  int32_t* places) {
  forEachItem(count, [&](int64_t place) {
    places[place] = int32_t(place);
    if (sources == nullptr) return;
    keys[place] = place < ranks.counts->boxes ? sortKey(sources[ranks.boxOf(place)]) : UINT64_MAX;
  });
}

__global__ void __launch_bounds__(kThreads)
    keysOfLeaders(BoxRanks ranks, const uint32_t* leaders, const int32_t* places, int64_t count,
                  uint32_t none, uint32_t* keys) {
  forEachItem(count, [&](int64_t i) {
    keys[i] = places[i] < ranks.counts->boxes ? leaders[places[i]] : none;
  });
}

/** Sums over members. */
struct Sums {
  double weight;
  double score;
  double coverage;
  double sources;
  double corners[6];
};

struct JoinSums {
  __device__ Sums operator()(const Sums& a, const Sums& b) const {
    Sums sum{
        a.weight + b.weight, a.score + b.score, a.coverage + b.coverage, a.sources + b.sources, {}};
    for (int k = 0; k < 6; ++k) sum.corners[k] = a.corners[k] + b.corners[k];
    return sum;
  }
};

template <class T>
__device__ double optional(const void* values, int64_t index) {
  return values == nullptr ? 1 : double(static_cast<const T*>(values)[index]);
}

/** A warp a rank: merges the members of the cluster whose best box is of this rank, if there is
 * one, and says whether it is to be had. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    mergeClusters(BoxClusteringArgs args, BoxRanks ranks, const uint32_t* keys,
                  const int32_t* places, Merged* merged, int32_t* wanted) {
  const int lane = int(threadIdx.x) % kWarpSize;
  const int64_t n = args.boxes.count;
  const int64_t corners = 2 * args.boxes.dimensions;
  for (int64_t rank = int64_t(blockIdx.x) * kWarps + threadIdx.x / kWarpSize; rank < n;
       rank += int64_t(gridDim.x) * kWarps) {
    const int64_t begin = lowerBound(keys, n, uint32_t(rank));
    const int64_t end = lowerBound(keys, n, uint32_t(rank + 1));
    if (begin == end) {
      if (lane == 0) wanted[rank] = 0;
      continue;
    }
    const T* const boxes = static_cast<const T*>(args.boxes.data);
    const T* const best = boxes + ranks.boxOfRank[rank] * corners;
    const BoxSides<double> bestSides = wideSidesOf<T>(args.boxes, ranks.boxOfRank[rank]);
    Sums sums{};
    for (int64_t i = begin + lane; i < end; i += kWarpSize) {
      const int64_t box = ranks.boxOf(places[i]);
      const BoxSides<double> sides = wideSidesOf<T>(args.boxes, box);
      const double weight =
          boxIou(bestSides, sides) * sides.volume * optional<T>(args.weights, box);
      const double weighted = double(static_cast<const T*>(args.scores)[box]) * weight;
      // Members of one source follow each other.
      const bool isOther = args.sources == nullptr || i == begin ||
                           args.sources[box] != args.sources[ranks.boxOf(places[i - 1])];
      Sums own{weight, weighted, optional<T>(args.coverage, box), isOther ? 1.0 : 0.0, {}};
      for (int k = 0; k < corners; ++k) {
        own.corners[k] = weighted * double(boxes[box * corners + k]);
      }
      sums = JoinSums()(sums, own);
    }
    __syncwarp();
    sums = warpReduce(sums, JoinSums());
    if (lane != 0) continue;
    const double size = double(end - begin);
    const double missing = fmax(0.0, args.ensemble * (sums.coverage / size) - sums.sources);
    Merged result{sums.score / (sums.weight + missing * (sums.weight / size)), {}};
    for (int k = 0; k < corners; ++k) {
      result.corners[k] = sums.score > 0 ? sums.corners[k] / sums.score : double(best[k]);
    }
    merged[rank] = result;
    wanted[rank] = result.score > args.leastClusterScore ? 1 : 0;
  }
}

/** `number` of a rank: how many wanted clusters come before it. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    writeClusters(BoxClusteringArgs args, BoxRanks ranks, const Merged* merged,
                  const int32_t* wanted, const int32_t* number, const int32_t* total,
                  int64_t* count) {
  const int64_t corners = 2 * args.boxes.dimensions;
  T* const clusters = static_cast<T*>(args.clusters);
  T* const scores = static_cast<T*>(args.clusterScores);
  forEachItem(args.boxes.count, [&](int64_t rank) {
    if (rank == 0) *count = *total;
    if (rank >= *total) {
      for (int k = 0; k < corners; ++k) clusters[rank * corners + k] = 0;
      scores[rank] = 0;
      args.best[rank] = 0;
    }
    if (wanted[rank] == 0) return;
    const int64_t to = number[rank];
    for (int k = 0; k < corners; ++k) clusters[to * corners + k] = T(merged[rank].corners[k]);
    scores[to] = T(merged[rank].score);
    args.best[to] = ranks.boxOfRank[rank];
  });
}

__global__ void __launch_bounds__(kThreads)
    writeMembers(BoxRanks ranks, const uint32_t* leaders, uint32_t none, const int32_t* wanted,
                 const int32_t* number, int64_t* clusterOf) {
  forEachItem(ranks.counts->boxes, [&](int64_t place) {
    const uint32_t leader = leaders[place];
    if (leader != none && wanted[leader] != 0) clusterOf[ranks.boxOf(place)] = number[leader];
  });
}

template <class T>
struct Clustering {
  BoxRanking<T> ranking;
  Suppression<T> suppression;
  uint32_t* leaders;
  uint64_t* sourceKeys;
  uint32_t* leaderKeys;
  int32_t* places;
  Merged* merged;
  int32_t* wanted;
  int32_t* number;
  int32_t* total;
  int64_t* count;
  void* scratch;

  Clustering(const BoxClusteringArgs& args, Carver& carver)
      : ranking(carver, args.boxes.count, args.classes != nullptr),
        suppression(carver, args.boxes.count) {
    const int64_t n = args.boxes.count;
    leaders = carver.take<uint32_t>(n);
    sourceKeys = carver.take<uint64_t>(args.sources != nullptr ? n : 0);
    leaderKeys = carver.take<uint32_t>(n);
    places = carver.take<int32_t>(n);
    merged = carver.take<Merged>(n);
    wanted = carver.take<int32_t>(n);
    number = carver.take<int32_t>(n);
    total = carver.take<int32_t>(1);
    count = carver.take<int64_t>(1);
    scratch = carver.take<char>(
        std::max(radixSortBytes<uint64_t, int32_t>(n), exclusiveSumBytes<int32_t>(n)));
  }

  void run(const BoxClusteringArgs& args, Context& context) const;
};

template <class T>
void Clustering<T>::run(const BoxClusteringArgs& args, Context& context) const {
  const int64_t n = args.boxes.count;
  const BoxRanks ranks = ranking.ranks();
  const cudaStream_t stream = streamOf(context);
  const uint32_t none = uint32_t(n);
  const Grid warps{dim3(blocksFor(n, kWarps)), dim3(kThreads)};
  const T threshold = T(args.iouThreshold);
  ranking.rank(context, static_cast<const T*>(args.scores), args.scoreThreshold, args.classes);
  suppression.run(context, args.boxes, ranks, threshold, n);
  launch(context, warps, findLeaders<T>, ranks, suppression.sides(), suppression.kept(), threshold,
         none, leaders);
  launch(context, gridOver(n), keysOfSources, ranks, args.sources, n, sourceKeys, places);
  if (args.sources != nullptr) {
    radixSort(context, sourceKeys, places, n, 0, 64, scratch);
  }
  launch(context, gridOver(n), keysOfLeaders, ranks, leaders, places, n, none, leaderKeys);
  radixSort(context, leaderKeys, places, n, 0, bitsOfNumbers(n + 1), scratch);
  launch(context, warps, mergeClusters<T>, args, ranks, leaderKeys, places, merged, wanted);
  check(cudaMemcpyAsync(number, wanted, size_t(n) * sizeof(int32_t), cudaMemcpyDeviceToDevice,
                        stream));
  exclusiveSum<int32_t>(context, number, n, total, scratch);
  launch(context, gridOver(n), writeClusters<T>, args, ranks, merged, wanted, number, total, count);
  check(cudaMemsetAsync(args.clusterOf, 0xFF, size_t(n) * sizeof(int64_t), stream));
  launch(context, gridOver(n), writeMembers, ranks, leaders, none, wanted, number, args.clusterOf);
  deliver(context, args.count, count, sizeof(int64_t));
}

}  // namespace

extern "C" CudaImplementations<BoxClusteringArgs> box_clusteringCuda() {
  return cuda::BoxList<Clustering, BoxClusteringArgs>::table();
}

}  // namespace vk::box_clustering_cuda
