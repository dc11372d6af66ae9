#include "box_matcher/atss_candidates.h"
#include "cuda/cuda_table.h"
#include "cuda/reduce.h"

namespace vk::box_matcher_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;

// --- by overlap

template <class T>
struct Hull {
  T low[3];
  T high[3];
};

template <class T>
struct JoinHulls {
  __device__ Hull<T> operator()(const Hull<T>& a, const Hull<T>& b) const {
    Hull<T> hull;
    for (int axis = 0; axis < 3; ++axis) {
      hull.low[axis] = smallerOf(a.low[axis], b.low[axis]);
      hull.high[axis] = largerOf(a.high[axis], b.high[axis]);
    }
    return hull;
  }
};

/** Memory of a block that goes through boxes. */
template <class T>
struct Listed {
  Hull<T>* hulls;
  BoxSides<T>* boxes;
  unsigned* numbers;
  unsigned* sums;
};

/** body(box, overlap) for every box that the block's anchors may overlap, in order; the threads of
 * the block, which all call it, have an anchor each. Anchors lie in the order of their places, so a
 * box that does not meet their hull is passed over: rounding keeps order, so it overlaps none. */
template <class T, class Body>
__device__ void eachOverlap(const BoxMatcherArgs& args, const BoxSides<T>& anchor,
                            const Listed<T>& listed, const Body& body) {
  Hull<T> hull;
  const bool usable = anchor.volume == anchor.volume;
  for (int axis = 0; axis < 3; ++axis) {
    hull.low[axis] = usable ? anchor.low[axis] : T(INFINITY);
    hull.high[axis] = usable ? anchor.high[axis] : -T(INFINITY);
  }
  hull = blockReduce<kThreads>(hull, listed.hulls, JoinHulls<T>());
  for (int64_t first = 0; first < args.boxes.count; first += kThreads) {
    const int64_t i = first + threadIdx.x;
    BoxSides<T> box{{}, {}, T(NAN)};
    if (i < args.boxes.count) box = boxSidesOf<T>(args.boxes, i);
    bool meets = box.volume == box.volume;
    for (int axis = 0; axis < 3; ++axis) {
      meets = meets && box.low[axis] < hull.high[axis] && box.high[axis] > hull.low[axis];
    }
    unsigned count;
    const unsigned at = blockExclusiveSum<kThreads>(meets ? 1u : 0u, listed.sums, &count);
    if (meets) {
      listed.boxes[at] = box;
      listed.numbers[at] = unsigned(i);
    }
    __syncthreads();
    for (unsigned k = 0; k < count; ++k) body(listed.numbers[k], boxIou(anchor, listed.boxes[k]));
    __syncthreads();
  }
}

#define VK_LISTED(T)                                   \
  VK_SHARED(Hull<T>, hulls, kThreads / kWarpSize);     \
  VK_SHARED(BoxSides<T>, boxes, kThreads);             \
  VK_SHARED(unsigned, numbers, kThreads);              \
  VK_SHARED(unsigned, sums, kThreads / kWarpSize + 1); \
  const Listed<T> listed { hulls, boxes, numbers, sums }

/** Of each anchor its match; and where the best of each box is wanted, each anchor's own box and
 * each box's greatest overlap. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    matchAnchors(BoxMatcherArgs args, unsigned* boxOfAnchor, Order<T>* greatest) {
  VK_LISTED(T);
  for (int64_t first = int64_t(blockIdx.x) * kThreads; first < args.anchors.count;
       first += int64_t(gridDim.x) * kThreads) {
    const int64_t i = first + threadIdx.x;
    const bool has = i < args.anchors.count;
    BoxSides<T> anchor{{}, {}, T(NAN)};
    if (has) anchor = boxSidesOf<T>(args.anchors, i);
    T best = 0;
    unsigned bestBox = kNobody;
    eachOverlap(args, anchor, listed, [&](unsigned box, T overlap) {
      if (overlap > best) {
        best = overlap;
        bestBox = box;
      }
      if (!args.bestOfEachBox || __ballot_sync(kWholeWarp, overlap > 0) == 0) return;
      const T ofWarp = warpReduce(overlap > 0 ? overlap : T(0), Larger());
      if (threadIdx.x % kWarpSize == 0) atomicMax(greatest + box, orderOf(ofWarp));
    });
    if (!has) continue;
    args.matches[i] = best >= T(args.foreground)  ? int64_t(bestBox)
                      : best < T(args.background) ? kNoBox
                                                  : kIgnored;
    if (args.overlaps != nullptr) static_cast<T*>(args.overlaps)[i] = best;
    if (args.bestOfEachBox) boxOfAnchor[i] = bestBox;
  }
}

/** Of each box the first anchor that overlaps it most. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    findBest(BoxMatcherArgs args, const Order<T>* greatest, unsigned* anchorOfBox) {
  VK_LISTED(T);
  for (int64_t first = int64_t(blockIdx.x) * kThreads; first < args.anchors.count;
       first += int64_t(gridDim.x) * kThreads) {
    const int64_t i = first + threadIdx.x;
    BoxSides<T> anchor{{}, {}, T(NAN)};
    if (i < args.anchors.count) anchor = boxSidesOf<T>(args.anchors, i);
    eachOverlap(args, anchor, listed, [&](unsigned box, T overlap) {
      if (overlap > 0 && orderOf(overlap) == greatest[box]) {
        atomicMin(anchorOfBox + box, unsigned(i));
      }
    });
  }
}

#undef VK_LISTED

/** Several boxes may have the same anchor, and match it to the same box. */
__global__ void __launch_bounds__(kThreads)
    matchBest(int64_t boxes, const unsigned* anchorOfBox, const unsigned* boxOfAnchor,
              int64_t* matches) {
  forEachItem(boxes, [&](int64_t box) {
    const unsigned anchor = anchorOfBox[box];
    if (anchor == kNobody) return;
    atomicExch(reinterpret_cast<unsigned long long*>(matches + anchor),
               static_cast<unsigned long long>(boxOfAnchor[anchor]));
  });
}

template <class T>
struct Memory {
  unsigned* boxOfAnchor;
  Order<T>* greatest;
  unsigned* anchorOfBox;

  Memory(const BoxMatcherArgs& args, Carver& carver)
      : boxOfAnchor(carver.take<unsigned>(args.bestOfEachBox ? args.anchors.count : 0)),
        greatest(carver.take<Order<T>>(args.bestOfEachBox ? args.boxes.count : 0)),
        anchorOfBox(carver.take<unsigned>(args.bestOfEachBox ? args.boxes.count : 0)) {}
};

template <class T>
void match(const BoxMatcherArgs& args, Context& context, const Workspace& workspace) {
  Carver carver(workspace.data);
  const Memory<T> memory(args, carver);
  const cudaStream_t stream = streamOf(context);
  const size_t boxes = size_t(args.boxes.count);
  if (args.bestOfEachBox && boxes > 0) {
    check(cudaMemsetAsync(memory.greatest, 0, boxes * sizeof(Order<T>), stream));
    check(cudaMemsetAsync(memory.anchorOfBox, 0xFF, boxes * sizeof(unsigned), stream));
  }
  const Grid grid = gridOver(args.anchors.count);
  launch(context, grid, matchAnchors<T>, args, memory.boxOfAnchor, memory.greatest);
  if (!args.bestOfEachBox) return;
  launch(context, grid, findBest<T>, args, memory.greatest, memory.anchorOfBox);
  launch(context, gridOver(args.boxes.count), matchBest, args.boxes.count, memory.anchorOfBox,
         memory.boxOfAnchor, args.matches);
}

void runMatcher(const BoxMatcherArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.anchors.type,
             [&](auto number) { match<decltype(number)>(args, context, workspace); });
}

Refusal accepts(const BoxMatcherArgs& args) { return takesFewAnchors(args.anchors, args.boxes); }

int64_t workspaceBytes(const BoxMatcherArgs& args) {
  Carver carver(nullptr);
  withFloats(args.anchors.type, [&](auto number) { Memory<decltype(number)>(args, carver); });
  return carver.bytes();
}

// --- adaptively

/** A block a box: its threshold, from all of its candidates in their order; and what each anchor
 * that is to be matched has of it. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    judgeCandidates(BoxMatcherAtssArgs args, AtssCandidates<T> found, Order<T>* greatest) {
  VK_SHARED(double, threshold, 1);
  for (int64_t index = blockIdx.x; index < args.boxes.count; index += gridDim.x) {
    const BoxSides<T> box = boxSidesOf<T>(args.boxes, index);
    const unsigned count = found.counts[index];
    const auto* const items = found.items + index * found.most;
    T* const overlaps = found.overlaps + index * found.most;
    for (unsigned c = threadIdx.x; c < count; c += kThreads) {
      overlaps[c] = boxIou(boxSidesOf<T>(args.anchors, items[c].anchor), box);
    }
    __syncthreads();
    // The order of these sums is the contract's.
    if (threadIdx.x == 0 && count > 0) {
      double sum = 0, squares = 0;
      for (unsigned c = 0; c < count; ++c) sum += double(overlaps[c]);
      const double mean = sum / double(count);
      for (unsigned c = 0; c < count; ++c) {
        squares += (double(overlaps[c]) - mean) * (double(overlaps[c]) - mean);
      }
      threshold[0] = mean + (count > 1 ? sqrt(squares / (double(count) - 1)) : 0.0);
    }
    __syncthreads();
    for (unsigned c = threadIdx.x; c < count; c += kThreads) {
      const BoxSides<T> anchor = boxSidesOf<T>(args.anchors, items[c].anchor);
      bool matches = overlaps[c] > 0 && !(double(overlaps[c]) < threshold[0]);
      for (int axis = 0; axis < args.boxes.dimensions; ++axis) {
        const T centre = (anchor.low[axis] + anchor.high[axis]) * T(0.5);
        const T toEdge = smallerOf(centre - box.low[axis], box.high[axis] - centre);
        matches = matches && toEdge > T(args.leastDistance);
      }
      if (matches) {
        atomicMax(greatest + items[c].anchor, orderOf(overlaps[c]));
      } else {
        overlaps[c] = 0;
      }
    }
    __syncthreads();
  }
}

/** Of each anchor the first box that overlaps it most. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    claimAnchors(int64_t boxes, AtssCandidates<T> found, const Order<T>* greatest,
                 unsigned* boxOfAnchor) {
  for (int64_t box = blockIdx.x; box < boxes; box += gridDim.x) {
    for (unsigned c = threadIdx.x; c < found.counts[box]; c += kThreads) {
      const T overlap = found.overlaps[box * found.most + c];
      const unsigned anchor = found.items[box * found.most + c].anchor;
      if (overlap > 0 && orderOf(overlap) == greatest[anchor]) {
        atomicMin(boxOfAnchor + anchor, unsigned(box));
      }
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    writeMatches(BoxMatcherAtssArgs args, const Order<T>* greatest, const unsigned* boxOfAnchor) {
  forEachItem(args.anchors.count, [&](int64_t i) {
    args.matches[i] = boxOfAnchor[i] == kNobody ? kNoBox : int64_t(boxOfAnchor[i]);
    if (args.overlaps != nullptr) static_cast<T*>(args.overlaps)[i] = valueOf(greatest[i]);
  });
}

template <class T>
struct AtssMemory {
  AtssCandidates<T> found;
  Order<T>* greatest;
  unsigned* boxOfAnchor;

  AtssMemory(const BoxMatcherAtssArgs& args, Carver& carver) : found{} {
    for (int32_t level = 0; level < args.levels; ++level) {
      found.most += std::min<int64_t>(args.levelSizes[level], args.candidates);
    }
    found.items = carver.take<atss::Candidate<T>>(args.boxes.count * found.most);
    found.overlaps = carver.take<T>(args.boxes.count * found.most);
    found.counts = carver.take<unsigned>(args.boxes.count);
    greatest = carver.take<Order<T>>(args.anchors.count);
    boxOfAnchor = carver.take<unsigned>(args.anchors.count);
  }
};

template <class T>
void matchAdaptively(const BoxMatcherAtssArgs& args, Context& context, const Workspace& workspace) {
  const int64_t anchors = args.anchors.count, boxes = args.boxes.count;
  if (anchors == 0) return;
  Carver carver(workspace.data);
  const AtssMemory<T> memory(args, carver);
  const cudaStream_t stream = streamOf(context);
  check(cudaMemsetAsync(memory.greatest, 0, size_t(anchors) * sizeof(Order<T>), stream));
  check(cudaMemsetAsync(memory.boxOfAnchor, 0xFF, size_t(anchors) * sizeof(unsigned), stream));
  if (boxes > 0) {
    check(cudaMemsetAsync(memory.found.counts, 0, size_t(boxes) * sizeof(unsigned), stream));
  }
  const Grid blockEach{dim3(blocksFor(boxes, 1)), dim3(kThreads)};
  int64_t begin = 0;
  for (int32_t level = 0; level < args.levels; ++level) {
    const int64_t end = begin + args.levelSizes[level];
    if (end > begin) launch(context, blockEach, findCandidates<T>, args, begin, end, memory.found);
    begin = end;
  }
  launch(context, blockEach, judgeCandidates<T>, args, memory.found, memory.greatest);
  launch(context, blockEach, claimAnchors<T>, boxes, memory.found, memory.greatest,
         memory.boxOfAnchor);
  launch(context, gridOver(anchors), writeMatches<T>, args, memory.greatest, memory.boxOfAnchor);
}

void runAtss(const BoxMatcherAtssArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.anchors.type,
             [&](auto number) { matchAdaptively<decltype(number)>(args, context, workspace); });
}

Refusal atssAccepts(const BoxMatcherAtssArgs& args) {
  return takesFewAnchors(args.anchors, args.boxes);
}

int64_t atssWorkspaceBytes(const BoxMatcherAtssArgs& args) {
  Carver carver(nullptr);
  withFloats(args.anchors.type, [&](auto number) { AtssMemory<decltype(number)>(args, carver); });
  return carver.bytes();
}

}  // namespace

extern "C" CudaImplementations<BoxMatcherArgs> box_matcherCuda() {
  static const Implementation<BoxMatcherArgs> rows[] = {
      cuda::row<BoxMatcherArgs>(runMatcher, accepts, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BoxMatcherAtssArgs> box_matcher_atssCuda() {
  static const Implementation<BoxMatcherAtssArgs> rows[] = {
      cuda::row<BoxMatcherAtssArgs>(runAtss, atssAccepts, atssWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::box_matcher_cuda
