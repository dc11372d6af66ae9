#include "resize/resize_taps.h"

#include <algorithm>

#include "resize/resize_math.h"

namespace vk {
namespace {

int64_t mostTaps(const ResizeArgs& args, int axis) {
  if (args.outSize[axis] == 0) return 0;
  if (args.params.mode == VK_SAMPLING_NEAREST) return 1;
  return std::min(2 * resizeReach(args, axis) + 2, args.inSize[axis]);
}

/** Writes the taps of output voxel i and returns how many they are; *outside where it is
 * extrapolated. */
int64_t tapsOf(const ResizeArgs& args, int axis, int64_t i, int32_t* index, float* weight,
               bool* outside) {
  const ResizeSpan span = resizeSpan(args, axis, i);
  *outside = span.outside;
  if (span.outside) return 0;
  int64_t count = 0;
  for (int64_t at = span.first; at <= span.last; ++at) {
    const float share = float(resizeShare(args, span, at));
    if (share == 0) continue;
    index[count] = int32_t(at);
    weight[count++] = share;
  }
  return count;
}

int64_t mostTapsOfAll(const ResizeArgs& args) {
  int64_t most = 0;
  for (int axis = 0; axis < 3; ++axis) {
    most = std::max(most, mostTaps(args, axis) * args.outSize[axis]);
  }
  return most;
}

int64_t largestSize(const ResizeArgs& args) {
  int64_t largest = 0;
  for (int axis = 0; axis < 3; ++axis) {
    largest = std::max({largest, args.inSize[axis], args.outSize[axis]});
  }
  return largest;
}

void fillLanes(ResizeTable* table) {
  int64_t most = 0;
  for (int64_t i = 0; i < table->toSize; ++i) {
    most = std::max(most, table->begin[i + 1] - table->begin[i]);
  }
  table->laneTaps = most;
  if (most > kResizeVectorTaps) {
    table->laneIndex = nullptr;
    table->laneWeight = nullptr;
    return;
  }
  for (int64_t k = 0; k < most; ++k) {
    for (int64_t i = 0; i < table->toSize; ++i) {
      const int64_t tap = table->begin[i] + k;
      const bool has = tap < table->begin[i + 1];
      table->laneIndex[k * table->toSize + i] = has ? table->index[tap] : 0;
      table->laneWeight[k * table->toSize + i] = has ? table->weight[tap] : 0;
    }
  }
}

bool isIdentity(const ResizeTable& table) {
  if (table.fromSize != table.toSize) return false;
  for (int64_t i = 0; i < table.toSize; ++i) {
    const int64_t tap = table.begin[i];
    if (table.begin[i + 1] != tap + 1 || table.index[tap] != i || table.weight[tap] != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace

ResizeTables::ResizeTables(const ResizeArgs& args, bool transposed, WorkspaceLayout* layout)
    : args_(args), transposed_(transposed), tables_(), begin_(), index_(), weight_() {
  for (int axis = 0; axis < 3; ++axis) {
    ResizeTable& table = tables_[axis];
    const int64_t taps = mostTaps(args, axis) * args.outSize[axis];
    table.fromSize = transposed ? args.outSize[axis] : args.inSize[axis];
    table.toSize = transposed ? args.inSize[axis] : args.outSize[axis];
    table.begin = layout->take<int64_t>(table.toSize + 1);
    table.index = layout->take<int32_t>(taps);
    table.weight = layout->take<float>(taps);
    table.laneIndex = layout->take<int32_t>(axis == 2 ? kResizeVectorTaps * table.toSize : 0);
    table.laneWeight = layout->take<float>(axis == 2 ? kResizeVectorTaps * table.toSize : 0);
    const bool crops = args.params.coordinates == VK_RESIZE_TF_CROP_AND_RESIZE && !transposed;
    table.outside = crops ? layout->take<uint8_t>(table.toSize) : nullptr;
  }
  if (!transposed) return;
  begin_ = layout->take<int64_t>(largestSize(args) + 1);
  index_ = layout->take<int32_t>(mostTapsOfAll(args));
  weight_ = layout->take<float>(mostTapsOfAll(args));
}

void ResizeTables::build() {
  for (int axis = 0; axis < 3; ++axis) {
    ResizeTable& table = tables_[axis];
    int64_t* begin = transposed_ ? begin_ : table.begin;
    int32_t* index = transposed_ ? index_ : table.index;
    float* weight = transposed_ ? weight_ : table.weight;
    const int64_t outputs = args_.outSize[axis];
    begin[0] = 0;
    for (int64_t i = 0; i < outputs; ++i) {
      bool outside = false;
      begin[i + 1] =
          begin[i] + tapsOf(args_, axis, i, index + begin[i], weight + begin[i], &outside);
      if (table.outside != nullptr) table.outside[i] = outside ? 1 : 0;
    }
    if (transposed_) {
      // By counting: the taps of an input voxel come in the order of the outputs.
      std::fill(table.begin, table.begin + table.toSize + 1, 0);
      for (int64_t tap = 0; tap < begin[outputs]; ++tap) ++table.begin[index[tap] + 1];
      for (int64_t i = 0; i < table.toSize; ++i) table.begin[i + 1] += table.begin[i];
      for (int64_t i = 0; i < outputs; ++i) {
        for (int64_t tap = begin[i]; tap < begin[i + 1]; ++tap) {
          const int64_t at = table.begin[index[tap]]++;
          table.index[at] = int32_t(i);
          table.weight[at] = weight[tap];
        }
      }
      // Every start has become the next one's.
      for (int64_t i = table.toSize; i > 0; --i) table.begin[i] = table.begin[i - 1];
      table.begin[0] = 0;
    }
    table.identity = isIdentity(table);
    if (axis == 2) fillLanes(&table);
  }
}

}  // namespace vk
