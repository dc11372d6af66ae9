#include "box_fusion/box_fusion.h"
#include "cuda/find_first.h"
#include "nms/block_best.h"
#include "nms/box_list.h"
#include "nms/suppress_cuda.h"

namespace vk::box_fusion_cuda {
namespace {

using namespace cuda;

/** Of a class: each has some of its boxes. */
constexpr int kThreads = 128;
/** Blocks, which have one class after the other. */
constexpr int64_t kMostBlocks = 2048;

struct Cluster {
  /** Of the weighted scores of its members, and of these times the corners. */
  double scoreSum;
  double cornerSums[6];
  double greatestScore;
  int32_t size;
  /** Place of its best member. */
  int32_t first;
};

/** Weights of all models. */
struct Models {
  const double* weights;
  double sum;
  double greatest;
};

__device__ int64_t modelOf(const BoxFusionArgs& args, int64_t box) {
  return args.models == nullptr ? 0 : args.models[box];
}

template <class T>
__device__ T weightedScore(const BoxFusionArgs& args, const Models& models, int64_t box) {
  return T(double(static_cast<const T*>(args.scores)[box]) * models.weights[modelOf(args, box)]);
}

/** NaN where a box takes no part. */
template <class T>
__global__ void __launch_bounds__(256) weighScores(BoxFusionArgs args, Models models, T* weighted) {
  forEachItem(args.boxes.count, [&](int64_t i) {
    const bool takesPart = double(static_cast<const T*>(args.scores)[i]) > args.scoreThreshold &&
                           comparableSidesOf<T>(args.boxes, i).volume > 0;
    weighted[i] = takesPart ? weightedScore<T>(args, models, i) : T(NAN);
  });
}

/** The k-th corner of the fused box; of one box, or where the scores sum to nothing, the best's. */
template <class T>
__device__ T fusedCorner(const Cluster& cluster, int k, const T* best) {
  return cluster.size > 1 && cluster.scoreSum > 0 ? T(cluster.cornerSums[k] / cluster.scoreSum)
                                                  : best[k];
}

template <class T>
__device__ BoxSides<T> fusedSides(const Cluster& cluster, int dimensions, const T* best) {
  BoxSides<T> sides{{0, 0, 0}, {1, 1, 1}, 1};
  for (int axis = 0; axis < dimensions; ++axis) {
    sides.low[axis] = fusedCorner(cluster, axis, best);
    sides.high[axis] = fusedCorner(cluster, dimensions + axis, best);
    sides.volume *= sides.high[axis] - sides.low[axis];
    // Not a number where infinite scores were averaged.
    if (!(sides.low[axis] <= sides.high[axis])) return {{}, {}, T(NAN)};
  }
  return sides;
}

template <class T>
struct Best {
  T overlap;
  int32_t cluster;
};

template <class T>
struct Better {
  __device__ Best<T> operator()(const Best<T>& a, const Best<T>& b) const {
    const bool takesB = b.overlap > a.overlap || (b.overlap == a.overlap && b.cluster < a.cluster);
    return takesB ? b : a;
  }
};

/** A block a class. Its boxes come one after the other, as each moves a fused box that the next
 * ones are compared with; the threads have the fused boxes. The clusters of a class are at the
 * places of its members, as many as there are; `clusterOf` says by place which one a box is in. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    fuseClasses(BoxFusionArgs args, BoxRanks ranks, const T* weighted, Cluster* clusters,
                BoxSides<T>* fused, int32_t* clusterOf) {
  VK_SHARED(Best<T>, shared, kThreads);
  const int n = args.boxes.dimensions;
  const T* const boxes = static_cast<const T*>(args.boxes.data);
  for (int32_t index = int32_t(blockIdx.x); index < ranks.classCount();
       index += int32_t(gridDim.x)) {
    const Range places = ranks.placesOf(index);
    int32_t end = int32_t(places.begin);
    for (int64_t place = places.begin; place < places.end; ++place) {
      const int64_t box = ranks.boxOf(place);
      const BoxSides<T> own = boxSidesOf<T>(args.boxes, box);
      Best<T> best{T(args.iouThreshold), 0x7FFFFFFF};
      for (int32_t i = int32_t(places.begin + threadIdx.x); i < end; i += kThreads) {
        const T overlap = boxIou(fused[i], own);
        if (overlap > T(args.iouThreshold)) best = Better<T>()(best, {overlap, i});
      }
      best = blockBest<kThreads>(best, shared, Better<T>());
      const bool joins = best.cluster != 0x7FFFFFFF;
      const int32_t to = joins ? best.cluster : end;
      if (!joins) ++end;
      if (threadIdx.x == 0) {
        const double score = double(weighted[box]);
        Cluster cluster = joins ? clusters[to] : Cluster{0, {}, score, 0, int32_t(place)};
        ++cluster.size;
        cluster.scoreSum += score;
        for (int k = 0; k < 2 * n; ++k) {
          cluster.cornerSums[k] += score * double(boxes[box * 2 * n + k]);
        }
        clusters[to] = cluster;
        fused[to] = fusedSides(cluster, n, boxes + ranks.boxOf(cluster.first) * 2 * n);
        clusterOf[place] = to;
      }
      __syncthreads();
    }
  }
}

/** Cluster, then model: so members of a model follow each other in their cluster. */
__global__ void __launch_bounds__(256)
    keysOfMembers(BoxFusionArgs args, BoxRanks ranks, const int32_t* clusterOf, uint64_t* keys,
                  int32_t* places) {
  forEachItem(args.boxes.count, [&](int64_t place) {
    places[place] = int32_t(place);
    keys[place] = place < ranks.counts->boxes ? uint64_t(clusterOf[place]) << 32 |
                                                    uint64_t(modelOf(args, ranks.boxOf(place)))
                                              : uint64_t(args.boxes.count) << 32;
  });
}

/** Weights of a cluster's boxes, and of the different models that made them. */
struct Weights {
  double boxes;
  double models;
};

struct JoinWeights {
  __device__ Weights operator()(const Weights& a, const Weights& b) const {
    return {a.boxes + b.boxes, a.models + b.models};
  }
};

/** Of the members with keys in [begin, end): a warp together. */
__device__ Weights weightsOf(const Models& models, const uint64_t* keys, int64_t begin,
                             int64_t end) {
  Weights sum{0, 0};
  for (int64_t i = begin + threadIdx.x % kWarpSize; i < end; i += kWarpSize) {
    const double weight = models.weights[keys[i] & 0xFFFFFFFFu];
    sum.boxes += weight;
    if (i == begin || keys[i] != keys[i - 1]) sum.models += weight;
  }
  __syncwarp();
  return warpReduce(sum, JoinWeights());
}

/** A warp a place, at which there may be a cluster: its score, at the rank of its best box, and
 * where it is; a key that sorts the greatest score first and those that are no cluster last. */
__global__ void __launch_bounds__(256)
    scoreClusters(BoxFusionArgs args, BoxRanks ranks, Models models, const Cluster* clusters,
                  const int32_t* clusterOf, const uint64_t* members, uint64_t* keys,
                  int32_t* clusterOfRank, double* scores, int32_t* count) {
  const int lane = int(threadIdx.x) % kWarpSize;
  for (int64_t place = int64_t(blockIdx.x) * (blockDim.x / kWarpSize) + threadIdx.x / kWarpSize;
       place < args.boxes.count; place += int64_t(gridDim.x) * (blockDim.x / kWarpSize)) {
    // Once a cluster: at its best member.
    const bool isBest = place < ranks.counts->boxes && clusters[clusterOf[place]].first == place;
    const int64_t rank = place < ranks.counts->boxes ? ranks.rankOf(place) : place;
    if (!isBest) {
      if (lane == 0) keys[rank] = UINT64_MAX;
      continue;
    }
    const uint64_t index = uint64_t(clusterOf[place]);
    const Cluster cluster = clusters[index];
    Weights weights{0, 0};
    if (args.kind >= VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE) {
      const int64_t begin = lowerBound(members, args.boxes.count, index << 32);
      weights = weightsOf(models, members, begin, begin + cluster.size);
    }
    const double size = double(cluster.size);
    double score = 0;
    switch (args.kind) {
      case VK_BOX_FUSION_AVERAGE:
        score = cluster.scoreSum / size * fmin(size, double(args.modelCount)) / models.sum;
        break;
      case VK_BOX_FUSION_SUM:
        score = cluster.scoreSum / models.sum;
        break;
      case VK_BOX_FUSION_MAX:
        score = cluster.greatestScore / models.greatest;
        break;
      case VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE:
        score = cluster.scoreSum / weights.boxes * (weights.models / models.sum);
        break;
      default:
        score = cluster.scoreSum / (weights.boxes + (models.sum - weights.models));
    }
    if (lane != 0) continue;
    keys[rank] = score == score ? ~sortKey(score) : UINT64_MAX - 1;
    clusterOfRank[rank] = int32_t(index);
    scores[index] = score;
    atomicAdd(count, 1);
  }
}

__global__ void __launch_bounds__(256) countUp(int64_t count, int32_t* numbers) {
  forEachItem(count, [&](int64_t i) { numbers[i] = int32_t(i); });
}

/** In the order of the scores; also where each cluster is now. */
template <class T>
__global__ void __launch_bounds__(256)
    writeFused(BoxFusionArgs args, BoxRanks ranks, const Cluster* clusters,
               const int32_t* clusterOfRank, const double* scores, const int32_t* sortedRanks,
               const int32_t* found, int32_t* position, int64_t* count) {
  const int n = args.boxes.dimensions;
  T* const fused = static_cast<T*>(args.fused);
  T* const fusedScores = static_cast<T*>(args.fusedScores);
  forEachItem(args.boxes.count, [&](int64_t i) {
    if (i == 0) *count = *found;
    if (i >= *found) {
      for (int k = 0; k < 2 * n; ++k) fused[i * 2 * n + k] = 0;
      fusedScores[i] = 0;
      args.best[i] = 0;
      return;
    }
    const int32_t index = clusterOfRank[sortedRanks[i]];
    const int64_t best = ranks.boxOf(clusters[index].first);
    const T* const box = static_cast<const T*>(args.boxes.data) + best * 2 * n;
    for (int k = 0; k < 2 * n; ++k) fused[i * 2 * n + k] = fusedCorner(clusters[index], k, box);
    fusedScores[i] = T(scores[index]);
    args.best[i] = best;
    position[index] = int32_t(i);
  });
}

__global__ void __launch_bounds__(256)
    writeMembers(BoxRanks ranks, const int32_t* clusterOf, const int32_t* position,
                 int64_t* clusterOfBox) {
  forEachItem(ranks.counts->boxes, [&](int64_t place) {
    clusterOfBox[ranks.boxOf(place)] = position[clusterOf[place]];
  });
}

struct IsNoModel {
  const int64_t* models;
  int64_t count;
  __device__ bool operator()(int64_t i) const { return models[i] < 0 || models[i] >= count; }
};

/** Before anything is written. */
void requireModels(const BoxFusionArgs& args, Context& context, void* memory) {
  if (args.models == nullptr) return;
  const int64_t box =
      findFirst(context, IsNoModel{args.models, args.modelCount}, args.boxes.count, memory);
  if (box < 0) return;
  int64_t model = 0;
  deliver(context, &model, args.models + box, sizeof model);
  refuseModel(args, box, model);
}

template <class T>
struct Fusion {
  BoxRanking<T> ranking;
  T* weighted;
  double* modelWeights;
  Cluster* clusters;
  BoxSides<T>* fused;
  int32_t* clusterOf;
  /** Of members by cluster and model, then of clusters by their scores. */
  uint64_t* keys;
  uint64_t* members;
  int32_t* numbers;
  int32_t* clusterOfRank;
  int32_t* position;
  double* scores;
  int32_t* found;
  int64_t* count;
  void* scratch;

  Fusion(const BoxFusionArgs& args, Carver& carver)
      : ranking(carver, args.boxes.count, args.classes != nullptr) {
    const int64_t n = args.boxes.count;
    weighted = carver.take<T>(n);
    modelWeights = carver.take<double>(args.modelCount);
    clusters = carver.take<Cluster>(n);
    fused = carver.take<BoxSides<T>>(n);
    clusterOf = carver.take<int32_t>(n);
    keys = carver.take<uint64_t>(n);
    members = carver.take<uint64_t>(n);
    numbers = carver.take<int32_t>(n);
    clusterOfRank = carver.take<int32_t>(n);
    position = carver.take<int32_t>(n);
    scores = carver.take<double>(n);
    found = carver.take<int32_t>(1);
    count = carver.take<int64_t>(1);
    scratch = carver.take<char>(radixSortBytes<uint64_t, int32_t>(n));
  }

  void run(const BoxFusionArgs& args, Context& context) const;
};

template <class T>
void Fusion<T>::run(const BoxFusionArgs& args, Context& context) const {
  const int64_t n = args.boxes.count;
  requireModels(args, context, count);
  const BoxRanks ranks = ranking.ranks();
  const cudaStream_t stream = streamOf(context);
  check(cudaMemcpyAsync(modelWeights, args.modelWeights, size_t(args.modelCount) * sizeof(double),
                        cudaMemcpyHostToDevice, stream));
  Models models{modelWeights, 0, 0};
  for (int64_t model = 0; model < args.modelCount; ++model) {
    models.sum += args.modelWeights[model];
    models.greatest = std::max(models.greatest, args.modelWeights[model]);
  }
  launch(context, gridOver(n), weighScores<T>, args, models, weighted);
  ranking.rank(context, weighted, -INFINITY, args.classes);
  const unsigned blocks = args.classes == nullptr ? 1u : unsigned(std::min(n, kMostBlocks));
  launch(context, {dim3(blocks), dim3(kThreads)}, fuseClasses<T>, args, ranks, weighted, clusters,
         fused, clusterOf);
  if (args.kind >= VK_BOX_FUSION_BOX_AND_MODEL_AVERAGE) {
    launch(context, gridOver(n), keysOfMembers, args, ranks, clusterOf, members, numbers);
    radixSort(context, members, numbers, n, 0, 32 + bitsOfNumbers(n + 1), scratch);
  }
  check(cudaMemsetAsync(found, 0, sizeof *found, stream));
  launch(context, {dim3(blocksFor(n, 256 / kWarpSize)), dim3(256)}, scoreClusters, args, ranks,
         models, clusters, clusterOf, members, keys, clusterOfRank, scores, found);
  launch(context, gridOver(n), countUp, n, numbers);
  radixSort(context, keys, numbers, n, 0, 64, scratch);
  launch(context, gridOver(n), writeFused<T>, args, ranks, clusters, clusterOfRank, scores, numbers,
         found, position, count);
  check(cudaMemsetAsync(args.clusterOf, 0xFF, size_t(n) * sizeof(int64_t), stream));
  launch(context, gridOver(n), writeMembers, ranks, clusterOf, position, args.clusterOf);
  deliver(context, args.count, count, sizeof(int64_t));
}

}  // namespace

extern "C" CudaImplementations<BoxFusionArgs> box_fusionCuda() {
  return cuda::BoxList<Fusion, BoxFusionArgs>::table();
}

}  // namespace vk::box_fusion_cuda
