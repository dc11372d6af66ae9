// Boxes of one class, sorted into cells by their centres, so that the boxes which may overlap one
// by more than a threshold are a few runs in memory.
//
// From IoU > t it follows that both boxes have more than t of their volume in common, so that along
// every axis the common extent is more than t times the larger of the two extents e and f. Hence
// the extents differ by less than a factor of 1 / t, and the centres by less than (e + f) / 2 - t
// max(e, f). Boxes of different sizes go to different levels, which bounds f.
#pragma once

#include "core/scratch.h"
#include "registry/boxes.h"

namespace vk {

/** Boxes of one block are compared together; the most lanes there are. */
constexpr int64_t kBoxBlock = 16;

/** Boxes as one array a coordinate, in blocks; the last block is filled up with empty boxes. */
struct BoxColumns {
  float* low[3];
  float* high[3];
  float* volume;
  /** A bit a box of each block. */
  uint16_t* dead;
};

/** Memory for the boxes of all classes; a class has at least kBoxBlock boxes. */
struct BoxGridMemory {
  BoxGridMemory(WorkspaceLayout& layout, int64_t boxes);

  BoxColumns columns;
  /** A member's place in the columns, or -1 where it is not comparable. */
  int32_t* position;
  /** The member at a place. */
  int32_t* member;
  int32_t* cellOf;
  int8_t* levelOf;
  int32_t* cellEnd;
};

class BoxGrid {
 public:
  /** Sorts the members of one class, whose boxes are boxOf(0) ... boxOf(count - 1) by rank. The
   * memory is that of all classes, of which this one takes its part from `begin` of all boxes. */
  template <class BoxOf>
  BoxGrid(const BoxGridMemory& memory, const Boxes& boxes, float threshold, int64_t begin,
          int64_t count, BoxOf&& boxOf)
      : BoxGrid(memory, boxes.dimensions, threshold, begin, count) {
    const float* const values = static_cast<const float*>(boxes.data);
    const int32_t corners = 2 * dimensions_;
    for (int64_t i = 0; i < count; ++i) measure(i, values + boxOf(i) * corners);
    layOut();
    for (int64_t i = 0; i < count; ++i) findCell(i, values + boxOf(i) * corners);
    beginCells();
    for (int64_t i = 0; i < count; ++i) place(i, values + boxOf(i) * corners);
    fillUp();
  }

  const BoxColumns& columns() const { return columns_; }
  int32_t positionOf(int64_t member) const { return position_[member]; }
  int32_t memberAt(int64_t position) const { return member_[position]; }

  /** run(begin, end) for each run of places where boxes may lie that the box at a place overlaps by
   * more than the threshold. */
  template <class Run>
  void forRunsNear(int64_t position, Run&& run) const {
    double centre[3] = {}, extent[3] = {};
    for (int axis = 0; axis < dimensions_; ++axis) {
      const double low = static_cast<double>(columns_.low[axis][position]);
      const double high = static_cast<double>(columns_.high[axis][position]);
      centre[axis] = 0.5 * (low + high);
      extent[axis] = high - low;
    }
    for (int32_t l = 0; l < levelCount_; ++l) {
      const Level& level = levels_[l];
      int32_t first[3], last[3];
      if (!cellsNear(level, centre, extent, first, last)) continue;
      for (int32_t z = first[2]; z <= last[2]; ++z) {
        for (int32_t y = first[1]; y <= last[1]; ++y) {
          const int32_t* const row =
              cellEnd_ + level.firstCell + (int64_t(z) * level.cells[1] + y) * level.cells[0];
          const int32_t begin = row[first[0]], end = row[last[0] + 1];
          if (begin < end) run(begin, end);
        }
      }
    }
  }

 private:
  struct Level {
    int64_t count;
    /** In cellEnd_, one before the end of the first cell: where the level begins. */
    int64_t firstCell;
    int32_t cells[3];
    /** Of the centres. */
    double low[3];
    double high[3];
    double cellsPerUnit[3];
    /** Of the extents. */
    double least[3];
    double most[3];
    double sum[3];
  };
  /** Extents of up to 2^-40 to 2^41, a factor of 4 a level. */
  static constexpr int32_t kMostLevels = 41;

  BoxGrid(const BoxGridMemory& memory, int32_t dimensions, float threshold, int64_t begin,
          int64_t count);
  void measure(int64_t member, const float* box);
  void layOut();
  void chooseCells(Level& level) const;
  void findCell(int64_t member, const float* box);
  void beginCells();
  void place(int64_t member, const float* box);
  void fillUp();
  bool cellsNear(const Level& level, const double* centre, const double* extent, int32_t* first,
                 int32_t* last) const;

  BoxColumns columns_;
  int32_t* position_;
  int32_t* member_;
  int32_t* cellOf_;
  int8_t* levelOf_;
  int32_t* cellEnd_;
  int32_t dimensions_;
  /** A little below the threshold, for the rounding of the comparison. */
  double threshold_;
  int64_t members_;
  int64_t comparable_ = 0;
  int32_t levelCount_ = 0;
  int64_t cellCount_ = 0;
  Level levels_[kMostLevels];
};

}  // namespace vk
