#include "nms/box_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "nms/nms.h"

namespace vk {
namespace {

/** The comparison in f32 is exact to less than 2^-19 of its terms. */
constexpr double kSlack = 0x1p-16;
/** Below it the common extent may underflow where its ratio matters; boxes need only touch. */
constexpr double kLeastUsefulThreshold = 0x1p-40;
/** A row of cells is at least this many mean extents high and wide; cells are this long. */
constexpr double kRow = 0.75;
constexpr double kCell = 0.25;
/** On average, at least. */
constexpr int64_t kBoxesACell = 2;

double centreOf(const float* box, int axis, int dimensions) {
  return 0.5 * (static_cast<double>(box[axis]) + static_cast<double>(box[dimensions + axis]));
}

}  // namespace

BoxGridMemory::BoxGridMemory(WorkspaceLayout& layout, int64_t boxes) {
  // Each class is filled up to whole blocks, and is a block or more.
  const int64_t places = 2 * boxes + kBoxBlock;
  for (float*& low : columns.low) low = layout.take<float>(places);
  for (float*& high : columns.high) high = layout.take<float>(places);
  columns.volume = layout.take<float>(places);
  columns.dead = layout.take<uint16_t>(places / kBoxBlock);
  position = layout.take<int32_t>(places);
  member = layout.take<int32_t>(places);
  cellOf = layout.take<int32_t>(boxes);
  levelOf = layout.take<int8_t>(boxes);
  // A level of n boxes has one cell or n / kBoxesACell.
  cellEnd = layout.take<int32_t>(2 * boxes);
}

BoxGrid::BoxGrid(const BoxGridMemory& memory, int32_t dimensions, float threshold, int64_t begin,
                 int64_t count)
    : columns_(memory.columns),
      cellOf_(memory.cellOf + begin),
      levelOf_(memory.levelOf + begin),
      cellEnd_(memory.cellEnd + 2 * begin),
      dimensions_(dimensions),
      threshold_(static_cast<double>(threshold) * (1 - kSlack)),
      members_(count) {
  // Earlier classes of a block or more take less than twice their boxes, in whole blocks.
  const int64_t first = 2 * begin / kBoxBlock * kBoxBlock;
  for (float*& low : columns_.low) low += first;
  for (float*& high : columns_.high) high += first;
  columns_.volume += first;
  columns_.dead += first / kBoxBlock;
  position_ = memory.position + first;
  member_ = memory.member + first;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (Level& level : levels_) {
    level.count = 0;
    for (int axis = 0; axis < 3; ++axis) {
      level.low[axis] = level.least[axis] = kInfinity;
      level.high[axis] = level.most[axis] = -kInfinity;
      level.sum[axis] = 0;
    }
  }
}

void BoxGrid::measure(int64_t member, const float* box) {
  bool comparable = true;
  float largest = 0;
  for (int axis = 0; axis < dimensions_; ++axis) {
    const float low = box[axis], high = box[dimensions_ + axis];
    constexpr float kLargest = static_cast<float>(kNmsLargestCoordinate);
    comparable = comparable && low >= -kLargest && high <= kLargest &&
                 high - low >= static_cast<float>(kNmsLeastExtent);
    largest = std::max(largest, high - low);
  }
  if (!comparable) {
    levelOf_[member] = -1;
    return;
  }
  const int32_t exponent = static_cast<int32_t>(std::bit_cast<uint32_t>(largest) >> 23) - 127;
  const int32_t index = std::min((exponent + 40) / 2, kMostLevels - 1);
  levelOf_[member] = static_cast<int8_t>(index);
  Level& level = levels_[index];
  ++level.count;
  for (int axis = 0; axis < dimensions_; ++axis) {
    const double centre = centreOf(box, axis, dimensions_);
    const double extent = static_cast<double>(box[dimensions_ + axis] - box[axis]);
    level.low[axis] = std::min(level.low[axis], centre);
    level.high[axis] = std::max(level.high[axis], centre);
    level.least[axis] = std::min(level.least[axis], extent);
    level.most[axis] = std::max(level.most[axis], extent);
    level.sum[axis] += extent;
  }
}

/** Brings the levels that have boxes to the front. */
void BoxGrid::layOut() {
  int8_t compact[kMostLevels];
  for (int32_t l = 0; l < kMostLevels; ++l) {
    if (levels_[l].count == 0) continue;
    compact[l] = static_cast<int8_t>(levelCount_);
    levels_[levelCount_] = levels_[l];
    Level& level = levels_[levelCount_++];
    chooseCells(level);
    level.firstCell = cellCount_;
    cellCount_ += int64_t{1} + int64_t(level.cells[0]) * level.cells[1] * level.cells[2];
    comparable_ += level.count;
  }
  for (int64_t i = 0; i < members_; ++i) {
    if (levelOf_[i] >= 0) levelOf_[i] = compact[levelOf_[i]];
  }
  std::fill_n(cellEnd_, cellCount_, 0);
}

/** Cells as fine as the boxes, or as coarse as their number makes worth it. */
void BoxGrid::chooseCells(Level& level) const {
  const double allowed = static_cast<double>(std::max<int64_t>(1, level.count / kBoxesACell));
  double edge[3];
  for (int axis = 0; axis < 3; ++axis) {
    level.cells[axis] = 1;
    level.cellsPerUnit[axis] = 0;
    edge[axis] = (axis == 0 ? kCell : kRow) * level.sum[axis] / static_cast<double>(level.count);
  }
  for (;; edge[0] *= 1.25, edge[1] *= 1.25, edge[2] *= 1.25) {
    double total = 1;
    for (int axis = 0; axis < dimensions_; ++axis) {
      total *= std::floor((level.high[axis] - level.low[axis]) / edge[axis]) + 1;
    }
    if (total <= allowed) break;
  }
  for (int axis = 0; axis < dimensions_; ++axis) {
    level.cellsPerUnit[axis] = 1 / edge[axis];
    level.cells[axis] = static_cast<int32_t>((level.high[axis] - level.low[axis]) / edge[axis]) + 1;
  }
}

void BoxGrid::findCell(int64_t member, const float* box) {
  if (levelOf_[member] < 0) return;
  const Level& level = levels_[levelOf_[member]];
  int64_t cell = 0;
  for (int axis = dimensions_ - 1; axis >= 0; --axis) {
    const double at =
        (centreOf(box, axis, dimensions_) - level.low[axis]) * level.cellsPerUnit[axis];
    cell = cell * level.cells[axis] + std::min(static_cast<int32_t>(at), level.cells[axis] - 1);
  }
  cellOf_[member] = static_cast<int32_t>(level.firstCell + 1 + cell);
  ++cellEnd_[cellOf_[member]];
}

/** From counts to where each cell begins, which place() moves on to where it ends. */
void BoxGrid::beginCells() {
  int32_t sum = 0;
  for (int64_t cell = 0; cell < cellCount_; ++cell) {
    const int32_t count = cellEnd_[cell];
    cellEnd_[cell] = sum;
    sum += count;
  }
}

void BoxGrid::place(int64_t member, const float* box) {
  if (levelOf_[member] < 0) {
    position_[member] = -1;
    return;
  }
  const int32_t position = cellEnd_[cellOf_[member]]++;
  position_[member] = position;
  member_[position] = static_cast<int32_t>(member);
  float volume = 1;
  for (int axis = 0; axis < dimensions_; ++axis) {
    columns_.low[axis][position] = box[axis];
    columns_.high[axis][position] = box[dimensions_ + axis];
    volume *= box[dimensions_ + axis] - box[axis];
  }
  columns_.volume[position] = volume;
}

void BoxGrid::fillUp() {
  const int64_t blocks = chunkCount(comparable_, kBoxBlock);
  for (int64_t i = comparable_; i < blocks * kBoxBlock; ++i) {
    for (int axis = 0; axis < dimensions_; ++axis) {
      columns_.low[axis][i] = columns_.high[axis][i] = 0;
    }
    columns_.volume[i] = 0;
  }
  std::fill_n(columns_.dead, blocks, uint16_t{0});
}

bool BoxGrid::cellsNear(const Level& level, const double* centre, const double* extent,
                        int32_t* first, int32_t* last) const {
  for (int axis = 0; axis < 3; ++axis) {
    first[axis] = last[axis] = 0;
    if (axis >= dimensions_) continue;
    const double e = extent[axis];
    double radius = 0.5 * (e + level.most[axis]);
    if (threshold_ >= kLeastUsefulThreshold) {
      const double least = std::max(level.least[axis], threshold_ * e);
      const double most = std::min(level.most[axis], e / threshold_);
      if (least > most) return false;
      // Largest over the extents f that fit; rises up to f = e, and beyond where t < 1/2.
      const double f = threshold_ < 0.5 ? most : std::clamp(e, least, most);
      radius = 0.5 * (e + f) - threshold_ * std::max(e, f);
    }
    radius *= 1 + kSlack;
    const double from = centre[axis] - radius, to = centre[axis] + radius;
    if (to < level.low[axis] || from > level.high[axis]) return false;
    const double end = static_cast<double>(level.cells[axis] - 1);
    const double scale = level.cellsPerUnit[axis];
    first[axis] = static_cast<int32_t>(std::clamp((from - level.low[axis]) * scale, 0.0, end));
    last[axis] = static_cast<int32_t>(std::clamp((to - level.low[axis]) * scale, 0.0, end));
  }
  return true;
}

}  // namespace vk
