// On a device: the boxes that take part, class by class and in each the best first. What BoxOrder
// is on the CPU; the numbers of boxes and classes stay on the device, so kernels ask how many there
// are.
#pragma once

#include "cuda/kernel.h"
#include "cuda/sort.h"
#include "registry/boxes.h"

namespace vk::cuda {

template <class T>
struct ScoreKey;
template <>
struct ScoreKey<float> {
  using Type = uint32_t;
};
template <>
struct ScoreKey<double> {
  using Type = uint64_t;
};

struct BoxCounts {
  /** Boxes that take part, and classes that they are of. */
  int32_t boxes;
  int32_t classes;
};

/** What kernels are given. Ranks are over all classes, places are class by class. */
struct BoxRanks {
  const BoxCounts* counts;
  const int32_t* boxOfRank;
  /** The next three are null where all boxes are of one class. */
  const int32_t* rankOfPlace;
  const int32_t* classOfPlace;
  const int32_t* classBegin;

  __device__ int64_t rankOf(int64_t place) const {
    return rankOfPlace == nullptr ? place : rankOfPlace[place];
  }
  __device__ int64_t boxOf(int64_t place) const { return boxOfRank[rankOf(place)]; }
  __device__ int32_t classOf(int64_t place) const {
    return classOfPlace == nullptr ? 0 : classOfPlace[place];
  }
  __device__ int32_t classCount() const {
    return rankOfPlace == nullptr ? (counts->boxes > 0 ? 1 : 0) : counts->classes;
  }
  /** A class's places. */
  __device__ Range placesOf(int32_t index) const {
    if (rankOfPlace == nullptr) return {0, counts->boxes};
    return {classBegin[index], classBegin[index + 1]};
  }
};

namespace ranking {

template <class T, class Key>
__global__ void __launch_bounds__(256)
    keysOfScores(const T* scores, int64_t count, double threshold, Key* keys, int32_t* boxes,
                 BoxCounts* counts) {
  forEachItem(count, [&](int64_t i) {
    const bool takesPart = double(scores[i]) > threshold;
    // The last key is that of no number.
    keys[i] = takesPart ? Key(~sortKey(scores[i])) : Key(~Key{0});
    boxes[i] = int32_t(i);
    if (takesPart) atomicAdd(&counts->boxes, 1);
  });
}

template <class Key>
__global__ void __launch_bounds__(256)
    keysOfClasses(const int64_t* classes, const int32_t* boxOfRank, int64_t count,
                  const BoxCounts* counts, Key* keys, int32_t* ranks) {
  forEachItem(count, [&](int64_t rank) {
    keys[rank] = rank < counts->boxes ? sortKey(classes[boxOfRank[rank]]) : Key(~Key{0});
    ranks[rank] = int32_t(rank);
  });
}

template <class Key>
__device__ inline bool beginsClass(const Key* keys, int64_t place, const BoxCounts* counts) {
  return place > 0 && place < counts->boxes && keys[place] != keys[place - 1];
}

template <class Key>
__global__ void __launch_bounds__(256)
    markClasses(const Key* keys, int64_t count, const BoxCounts* counts, int32_t* begins) {
  forEachItem(count,
              [&](int64_t place) { begins[place] = beginsClass(keys, place, counts) ? 1 : 0; });
}

/** From how many classes begin before a place to the class that it is of. */
template <class Key>
__global__ void __launch_bounds__(256)
    numberClasses(const Key* keys, int64_t count, int32_t* classOfPlace, int32_t* classBegin,
                  BoxCounts* counts) {
  forEachItem(count, [&](int64_t place) {
    const int64_t boxes = counts->boxes;
    if (place >= boxes) return;
    const bool begins = beginsClass(keys, place, counts);
    const int32_t number = classOfPlace[place] + (begins ? 1 : 0);
    classOfPlace[place] = number;
    if (begins || place == 0) classBegin[number] = int32_t(place);
    if (place == boxes - 1) {
      classBegin[number + 1] = int32_t(boxes);
      counts->classes = number + 1;
    }
  });
}

}  // namespace ranking

/** The memory of a ranking of up to `count` boxes, and how it is made. */
template <class T>
class BoxRanking {
 public:
  using Key = typename ScoreKey<T>::Type;

  BoxRanking(Carver& carver, int64_t count, bool hasClasses) : count_(count) {
    counts_ = carver.take<BoxCounts>(1);
    keys_ = carver.take<Key>(count);
    boxOfRank_ = carver.take<int32_t>(count);
    int64_t scratch = radixSortBytes<Key, int32_t>(count);
    if (hasClasses) {
      classKeys_ = carver.take<uint64_t>(count);
      rankOfPlace_ = carver.take<int32_t>(count);
      classOfPlace_ = carver.take<int32_t>(count);
      classBegin_ = carver.take<int32_t>(count + 1);
      scratch = std::max(scratch, radixSortBytes<uint64_t, int32_t>(count));
      scratch = std::max(scratch, exclusiveSumBytes<int32_t>(count));
    }
    scratch_ = carver.take<char>(scratch);
  }

  BoxRanks ranks() const { return {counts_, boxOfRank_, rankOfPlace_, classOfPlace_, classBegin_}; }

  /** Of the boxes that score above the threshold; ties by index. */
  void rank(Context& context, const T* scores, double threshold, const int64_t* classes) const {
    using namespace ranking;
    const Grid grid = gridOver(count_);
    check(cudaMemsetAsync(counts_, 0, sizeof *counts_, streamOf(context)));
    launch(context, grid, keysOfScores<T, Key>, scores, count_, threshold, keys_, boxOfRank_,
           counts_);
    radixSort(context, keys_, boxOfRank_, count_, 0, int(8 * sizeof(Key)), scratch_);
    if (classes == nullptr) return;
    launch(context, grid, keysOfClasses<uint64_t>, classes, boxOfRank_, count_, counts_, classKeys_,
           rankOfPlace_);
    radixSort(context, classKeys_, rankOfPlace_, count_, 0, 64, scratch_);
    launch(context, grid, markClasses<uint64_t>, classKeys_, count_, counts_, classOfPlace_);
    exclusiveSum<int32_t>(context, classOfPlace_, count_, nullptr, scratch_);
    launch(context, grid, numberClasses<uint64_t>, classKeys_, count_, classOfPlace_, classBegin_,
           counts_);
  }

 private:
  int64_t count_;
  BoxCounts* counts_ = nullptr;
  Key* keys_ = nullptr;
  int32_t* boxOfRank_ = nullptr;
  uint64_t* classKeys_ = nullptr;
  int32_t* rankOfPlace_ = nullptr;
  int32_t* classOfPlace_ = nullptr;
  int32_t* classBegin_ = nullptr;
  void* scratch_ = nullptr;
};

/** Boxes are numbered in 32 bits, with room to spare. */
inline Refusal takesFewBoxes(const Boxes& boxes) {
  return boxes.count < int64_t{1} << 29 ? "" : "takes fewer than 2^29 boxes";
}

}  // namespace vk::cuda
