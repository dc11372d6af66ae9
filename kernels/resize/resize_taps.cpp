#include "resize/resize_taps.h"

#include <algorithm>
#include <cmath>

namespace vk {
namespace {

double scaleOf(const ResizeArgs& args, int axis) {
  const double given = args.params.scale[axis];
  return given > 0 ? given : double(args.outSize[axis]) / double(args.inSize[axis]);
}

/** Where output voxel i lies in the input. */
double positionOf(const ResizeArgs& args, int axis, int64_t i) {
  const double s = scaleOf(args, axis);
  const double in = double(args.inSize[axis]);
  const double out = double(args.outSize[axis]);
  const double x = double(i);
  switch (args.params.coordinates) {
    case VK_RESIZE_HALF_PIXEL:
      return (x + 0.5) / s - 0.5;
    case VK_RESIZE_HALF_PIXEL_SYMMETRIC:
      return 0.5 * in * (1 - out / (s * in)) + (x + 0.5) / s - 0.5;
    case VK_RESIZE_PYTORCH_HALF_PIXEL:
      return out > 1 ? (x + 0.5) / s - 0.5 : 0;
    case VK_RESIZE_ALIGN_CORNERS:
      // Not s in where s comes from the sizes: the last voxel is the last corner then, to the bit.
      return out > 1 ? x * (in - 1) / ((args.params.scale[axis] > 0 ? s * in : out) - 1) : 0;
    case VK_RESIZE_ASYMMETRIC:
      return x / s;
    case VK_RESIZE_TF_CROP_AND_RESIZE:
      break;
  }
  const double first = args.params.roi_begin[axis];
  const double last = args.params.roi_end[axis];
  if (out <= 1) return 0.5 * (first + last) * (in - 1);
  return first * (in - 1) + x * (last - first) * (in - 1) / (out - 1);
}

double nearestOf(vk_resize_nearest nearest, double p) {
  switch (nearest) {
    case VK_RESIZE_ROUND_PREFER_FLOOR:
      return std::ceil(p - 0.5);
    case VK_RESIZE_ROUND_PREFER_CEIL:
      return std::floor(p + 0.5);
    case VK_RESIZE_FLOOR:
      return std::floor(p);
    case VK_RESIZE_CEIL:
      break;
  }
  return std::ceil(p);
}

double filter(const ResizeArgs& args, double distance) {
  const double d = std::fabs(distance);
  if (args.params.mode == VK_SAMPLING_LINEAR) return d < 1 ? 1 - d : 0;
  const double a = args.params.cubic_coefficient;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** How much a tap's distance shrinks in the filter: below 1 the filter is wider. */
double shrinkOf(const ResizeArgs& args, int axis) {
  return args.params.antialias != 0 ? std::min(scaleOf(args, axis), 1.0) : 1.0;
}

/** Voxels to either side of the position that the filter reaches. */
int64_t reachOf(const ResizeArgs& args, int axis) {
  const double support = args.params.mode == VK_SAMPLING_LINEAR ? 1 : 2;
  return int64_t(std::ceil(support / shrinkOf(args, axis)));
}

int64_t mostTaps(const ResizeArgs& args, int axis) {
  if (args.outSize[axis] == 0) return 0;
  if (args.params.mode == VK_SAMPLING_NEAREST) return 1;
  return std::min(2 * reachOf(args, axis) + 2, args.inSize[axis]);
}

/** Writes the taps of output voxel i and returns how many they are; *outside where it is
 * extrapolated. */
int64_t tapsOf(const ResizeArgs& args, int axis, int64_t i, int32_t* index, float* weight,
               bool* outside) {
  const int64_t last = args.inSize[axis] - 1;
  double p = positionOf(args, axis, i);
  *outside =
      args.params.coordinates == VK_RESIZE_TF_CROP_AND_RESIZE && !(p >= 0 && p <= double(last));
  if (*outside) return 0;
  if (args.params.mode == VK_SAMPLING_NEAREST) {
    const double nearest = nearestOf(args.params.nearest, p);
    index[0] = int32_t(std::clamp(nearest, 0.0, double(last)));
    weight[0] = 1;
    return 1;
  }
  const double shrink = shrinkOf(args, axis);
  const int64_t reach = reachOf(args, axis);
  // Further out all taps are the edge.
  p = std::clamp(p, -double(reach) - 2, double(last + reach) + 2);
  const int64_t cell = int64_t(std::floor(p));
  const int64_t begin = cell - reach + 1;
  const int64_t end = cell + reach;
  const bool none = end < 0 || begin > last;
  const bool excludes = args.params.exclude_outside != 0 && !none;
  double sum = 0;
  for (int64_t k = begin; k <= end; ++k) {
    if (!excludes || (k >= 0 && k <= last)) sum += filter(args, (double(k) - p) * shrink);
  }
  // Taps beyond an edge add to the edge's.
  const int64_t first = std::clamp<int64_t>(begin, 0, last);
  const int64_t final = std::clamp<int64_t>(end, 0, last);
  int64_t count = 0;
  for (int64_t at = first; at <= final; ++at) {
    const int64_t from = at == first && !excludes ? begin : at;
    const int64_t to = at == final && !excludes ? end : at;
    double total = 0;
    for (int64_t k = from; k <= to; ++k) total += filter(args, (double(k) - p) * shrink);
    const float share = float(total / sum);
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
