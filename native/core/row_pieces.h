// Rows of elements cut into tasks of about one size: long rows into pieces, short rows several a
// task. The cut depends on the rows alone, so one partial result a piece keeps a reduction's bits.
#pragma once

#include <cstdint>

#include "core/parallel.h"

namespace vk {

struct RowPiece {
  int64_t row;
  /** Of the pieces of all rows. */
  int64_t index;
  /** Of the piece within its row, and of the row's piece within contiguous rows. */
  int64_t begin;
  int64_t offset;
  int64_t count;
};

class RowPieces {
 public:
  static constexpr int64_t kElements = 65536;

  RowPieces(int64_t rows, int64_t length)
      : rows_(rows),
        length_(length),
        perRow_(length > 0 ? chunkCount(length, kElements) : 1),
        rowsPerTask_(perRow_ > 1 ? 1 : kElements / (length > 0 ? length : kElements)) {}

  int64_t perRow() const { return perRow_; }
  int64_t count() const { return rows_ * perRow_; }
  int64_t tasks() const { return perRow_ > 1 ? count() : chunkCount(rows_, rowsPerTask_); }

  /** body(piece) for the pieces of a task. */
  template <class Body>
  inline __attribute__((always_inline)) void forEach(int64_t task, Body&& body) const {
    if (perRow_ > 1) {
      const int64_t row = task / perRow_;
      const Range range = chunkRange(length_, kElements, task % perRow_);
      body(RowPiece{row, task, range.begin, row * length_ + range.begin, range.end - range.begin});
      return;
    }
    const Range rows = chunkRange(rows_, rowsPerTask_, task);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      body(RowPiece{row, row, 0, row * length_, length_});
    }
  }

  /** Of one partial sum a piece, those of a row, in order. */
  double sumOf(int64_t row, const double* partials) const {
    double sum = 0;
    for (int64_t piece = 0; piece < perRow_; ++piece) sum += partials[row * perRow_ + piece];
    return sum;
  }

 private:
  int64_t rows_;
  int64_t length_;
  int64_t perRow_;
  int64_t rowsPerTask_;
};

}  // namespace vk
