// Greedy suppression of ranked boxes on a device. Rows of boxes are gone through in panels: a bit
// for each box behind that one of the panel suppresses, then one block decides which boxes of the
// panel are kept, then these remove what is behind. So the bits of a panel are in memory, not all
// N^2.
#pragma once

#include "box_iou/box_iou_math.h"
#include "cuda/reduce.h"
#include "nms/box_ranking.h"
#include "nms/nms.h"

namespace vk::cuda {

using BoxBits = unsigned long long;
constexpr int kBoxBits = 64;

__device__ inline bool isKept(const BoxBits* kept, int64_t place) {
  return (kept[place / kBoxBits] >> (place % kBoxBits) & 1) != 0;
}

/** As the box is compared; one that is not comparable has no volume, and meets nothing. */
template <class T>
__device__ inline BoxSides<T> comparableSidesOf(const Boxes& boxes, int64_t index) {
  const BoxSides<T> sides = boxSidesOf<T>(boxes, index);
  bool comparable = sides.volume == sides.volume;
  for (int axis = 0; axis < boxes.dimensions; ++axis) {
    comparable = comparable && sides.high[axis] - sides.low[axis] >= T(kNmsLeastExtent);
  }
  return comparable ? sides : BoxSides<T>{};
}

/** The same in f64, once the tensor's type has said whether it is comparable. */
template <class T>
__device__ inline BoxSides<double> wideSidesOf(const Boxes& boxes, int64_t index) {
  const BoxSides<T> sides = comparableSidesOf<T>(boxes, index);
  BoxSides<double> wide{{}, {}, 1};
  for (int axis = 0; axis < 3; ++axis) {
    wide.low[axis] = double(sides.low[axis]);
    wide.high[axis] = double(sides.high[axis]);
    wide.volume *= wide.high[axis] - wide.low[axis];
  }
  return wide;
}

/** The contract says this arithmetic to the rounding. */
template <class T>
__device__ inline bool suppresses(const BoxSides<T>& kept, const BoxSides<T>& other, T threshold) {
  const T common = commonVolume(kept, other);
  return common > threshold * (kept.volume + other.volume - common);
}

struct OrBits {
  __device__ BoxBits operator()(BoxBits a, BoxBits b) const { return a | b; }
};

/** Where the class that is being kept from goes on from panel to panel. */
struct KeptOfClass {
  int64_t kept;
  int32_t index;
};

namespace suppression {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;
/** Words of boxes that a block compares with a word of rows. */
constexpr int kWordsOfBlock = kThreads / kBoxBits;
/** Most rows of a panel, and most bytes of its bits where rows are more than one word. */
constexpr int64_t kMostRows = 4096;
constexpr int64_t kMostBytes = int64_t{64} << 20;

/** Rows [first, first + rows) and the boxes behind: masks[word * rows + row], words counted from
 * the panel's first. */
struct Panel {
  int64_t first;
  int64_t rows;
  BoxBits* masks;
  /** A bit a place: of those that are suppressed, and of those that are kept. */
  BoxBits* removed;
  BoxBits* kept;

  __device__ int64_t firstWord() const { return first / kBoxBits; }
};

template <class T>
__global__ void __launch_bounds__(kThreads)
    gatherSides(Boxes boxes, BoxRanks ranks, BoxSides<T>* sides) {
  forEachItem(ranks.counts->boxes, [&](int64_t place) {
    sides[place] = comparableSidesOf<T>(boxes, ranks.boxOf(place));
  });
}

/** A thread a row and a word of 64 boxes, which the block has in shared memory. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    findSuppressed(const BoxSides<T>* boxes, BoxRanks ranks, Panel panel, T threshold) {
  VK_SHARED(BoxSides<T>, columns, kThreads);
  VK_SHARED(int32_t, classes, kThreads);
  const int64_t count = ranks.counts->boxes;
  const int64_t rowWord = panel.firstWord() + blockIdx.y;
  const int64_t word = rowWord + int64_t(blockIdx.x) * kWordsOfBlock + threadIdx.x / kBoxBits;
  const int64_t row = rowWord * kBoxBits + threadIdx.x % kBoxBits;
  const int64_t column = word * kBoxBits + threadIdx.x % kBoxBits;
  if (column < count) {
    columns[threadIdx.x] = boxes[column];
    classes[threadIdx.x] = ranks.classOf(column);
  }
  __syncthreads();
  if (row >= count || word * kBoxBits >= count) return;
  // A row that is suppressed suppresses nothing, and nobody reads its bits.
  if ((panel.removed[rowWord] >> (row % kBoxBits) & 1) != 0) return;
  const BoxSides<T> box = boxes[row];
  const int32_t own = ranks.classOf(row);
  const int base = int(threadIdx.x) / kBoxBits * kBoxBits;
  BoxBits bits = 0;
  for (int i = 0; i < kBoxBits; ++i) {
    const int64_t other = word * kBoxBits + i;
    // Classes rise with the places.
    if (other >= count || classes[base + i] > own) break;
    if (other > row && suppresses(box, columns[base + i], threshold)) bits |= BoxBits{1} << i;
  }
  panel.masks[(word - panel.firstWord()) * panel.rows + (row - panel.first)] = bits;
}

/** Bits of the word that one of 64 kept rows of the panel suppresses; for every lane of the warp.
 */
__device__ inline BoxBits removedBy(const Panel& panel, int64_t word, int64_t rowWord, BoxBits kept,
                                    int lane) {
  const BoxBits* const masks =
      panel.masks + (word - panel.firstWord()) * panel.rows + rowWord * kBoxBits - panel.first;
  BoxBits bits = 0;
  for (int row = lane; row < kBoxBits; row += kWarpSize) {
    if ((kept >> row & 1) != 0) bits |= masks[row];
  }
  return bits;
}

/** The greedy choice itself, among 64 boxes. */
__device__ inline BoxBits keepAmong(BoxBits left, const BoxBits* masks, const int32_t* classes,
                                    int64_t mostOfClass, KeptOfClass* state) {
  BoxBits kept = 0;
  while (left != 0) {
    const int i = __ffsll(static_cast<long long>(left)) - 1;
    left &= left - 1;
    if (state->index != classes[i]) *state = {0, classes[i]};
    if (state->kept == mostOfClass) continue;
    ++state->kept;
    kept |= BoxBits{1} << i;
    left &= ~masks[i];
  }
  return kept;
}

/** One block decides on the panel's rows, 64 after the other. */
template <int kSize>
__global__ void __launch_bounds__(kSize)
    keepOfPanel(BoxRanks ranks, Panel panel, int64_t mostOfClass, KeptOfClass* state) {
  VK_SHARED(BoxBits, removed, kMostRows / kBoxBits);
  VK_SHARED(BoxBits, masks, kBoxBits);
  VK_SHARED(int32_t, classes, kBoxBits);
  VK_SHARED(BoxBits, keptNow, 1);
  const int64_t count = ranks.counts->boxes;
  if (panel.first >= count) return;
  const int words = int(min(panel.rows, count - panel.first) + kBoxBits - 1) / kBoxBits;
  const int warp = int(threadIdx.x) / kWarpSize, lane = int(threadIdx.x) % kWarpSize;
  for (int word = int(threadIdx.x); word < words; word += kThreads) {
    removed[word] = panel.removed[panel.firstWord() + word];
  }
  KeptOfClass ofClass = *state;  // of thread 0
  for (int word = 0; word < words; ++word) {
    __syncthreads();
    const int64_t place = panel.first + word * kBoxBits + threadIdx.x;
    if (threadIdx.x < kBoxBits && place < count) {
      masks[threadIdx.x] = panel.masks[word * panel.rows + word * kBoxBits + threadIdx.x];
      classes[threadIdx.x] = ranks.classOf(place);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      const int64_t boxes = min(count - place, int64_t{kBoxBits});
      const BoxBits all = boxes == kBoxBits ? ~BoxBits{0} : (BoxBits{1} << boxes) - 1;
      keptNow[0] = keepAmong(all & ~removed[word], masks, classes, mostOfClass, &ofClass);
      panel.kept[panel.firstWord() + word] = keptNow[0];
    }
    __syncthreads();
    const BoxBits kept = keptNow[0];
    for (int other = word + 1 + warp; other < words; other += kWarps) {
      const BoxBits bits = warpReduce(
          removedBy(panel, panel.firstWord() + other, panel.firstWord() + word, kept, lane),
          OrBits());
      if (lane == 0) removed[other] |= bits;
    }
  }
  if (threadIdx.x == 0) *state = ofClass;
}

/** What the panel's kept boxes remove behind it: a warp a word. */
template <int kSize>
__global__ void __launch_bounds__(kSize) removeBehind(BoxRanks ranks, Panel panel) {
  const int64_t words = (ranks.counts->boxes + kBoxBits - 1) / kBoxBits;
  const int64_t panelWords = panel.rows / kBoxBits;
  const int lane = int(threadIdx.x) % kWarpSize;
  for (int64_t word =
           panel.firstWord() + panelWords + int64_t(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
       word < words; word += int64_t(gridDim.x) * kWarps) {
    BoxBits bits = 0;
    for (int64_t rows = panel.firstWord(); rows < panel.firstWord() + panelWords; ++rows) {
      bits |= removedBy(panel, word, rows, panel.kept[rows], lane);
    }
    bits = warpReduce(bits, OrBits());
    if (lane == 0) panel.removed[word] |= bits;
  }
}

}  // namespace suppression

/** The memory of a suppression among up to `count` boxes, and its steps. */
template <class T>
class Suppression {
 public:
  Suppression(Carver& carver, int64_t count) : count_(count) {
    using namespace suppression;
    words_ = chunkCount(count, kBoxBits);
    const int64_t fit = kMostBytes / (std::max<int64_t>(1, words_) * int64_t(sizeof(BoxBits)));
    panel_.rows = std::min(std::max<int64_t>(1, std::min(fit, kMostRows) / kBoxBits),
                           std::max<int64_t>(1, words_)) *
                  kBoxBits;
    sides_ = carver.take<BoxSides<T>>(count);
    panel_.masks = carver.take<BoxBits>(words_ * panel_.rows);
    panel_.removed = carver.take<BoxBits>(words_);
    panel_.kept = carver.take<BoxBits>(words_);
    state_ = carver.take<KeptOfClass>(1);
  }

  /** A bit a place. */
  const BoxBits* kept() const { return panel_.kept; }
  /** By place. */
  const BoxSides<T>* sides() const { return sides_; }

  void run(Context& context, const Boxes& boxes, const BoxRanks& ranks, T threshold,
           int64_t mostOfClass) const {
    using namespace suppression;
    const cudaStream_t stream = streamOf(context);
    check(cudaMemsetAsync(panel_.removed, 0, size_t(words_) * sizeof(BoxBits), stream));
    check(cudaMemsetAsync(panel_.kept, 0, size_t(words_) * sizeof(BoxBits), stream));
    // No class is of this index.
    check(cudaMemsetAsync(state_, 0xFF, sizeof *state_, stream));
    launch(context, gridOver(count_), gatherSides<T>, boxes, ranks, sides_);
    Panel panel = panel_;
    for (panel.first = 0; panel.first < count_; panel.first += panel.rows) {
      const int64_t rest = words_ - panel.first / kBoxBits;
      const int64_t rowWords = std::min(rest, panel.rows / kBoxBits);
      launch(context, {dim3(blocksFor(rest, kWordsOfBlock), unsigned(rowWords)), dim3(kThreads)},
             findSuppressed<T>, sides_, ranks, panel, threshold);
      launch(context, {dim3(1), dim3(kThreads)}, keepOfPanel<kThreads>, ranks, panel, mostOfClass,
             state_);
      launch(context, {dim3(blocksFor(rest - rowWords, kWarps)), dim3(kThreads)},
             removeBehind<kThreads>, ranks, panel);
    }
  }

 private:
  int64_t count_;
  int64_t words_ = 0;
  BoxSides<T>* sides_ = nullptr;
  suppression::Panel panel_{};
  KeptOfClass* state_ = nullptr;
};

}  // namespace vk::cuda
