// Moments of values, and how the segments of a normalisation are dealt out to threads.
#pragma once

#include <cstdint>

#include "core/row_pieces.h"

namespace vk {

/** Of values: their number, mean and sum of squared deviations from it. */
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  /** Adds other values (Chan, Golub, LeVeque). */
  void add(const Moments& other) {
    if (other.count == 0) return;
    const double total = count + other.count;
    const double difference = other.mean - mean;
    mean += difference * (other.count / total);
    squares += other.squares + difference * difference * (count * other.count / total);
    count = total;
  }
  double variance() const { return count > 0 ? squares / count : 0; }
};

/** Of a row of a gradient g: sums of g and of g times the normalised input. */
struct GradientSums {
  double gradient = 0;
  double product = 0;

  void add(const GradientSums& other) {
    gradient += other.gradient;
    product += other.product;
  }
};

/** A segment is read twice, for its statistics and to be normalised. A large one is worked on by
 * all threads together, so that its second reading finds it in the shared cache, the threads' own
 * included; of small ones each thread has its own. */
class SegmentSchedule {
 public:
  SegmentSchedule(int64_t segments, int64_t rows, int64_t length)
      : segments_(segments), pieces_(rows, length) {
    const int64_t elements = rows * length;
    perTask_ =
        elements > 0 && elements < RowPieces::kElements ? RowPieces::kElements / elements : 1;
  }
  bool together() const { return pieces_.tasks() > kMostAlone; }
  /** Of one segment. */
  const RowPieces& pieces() const { return pieces_; }
  int64_t segments() const { return segments_; }
  /** Tasks of segments that one thread each works on. */
  int64_t tasks() const { return chunkCount(segments_, perTask_); }
  Range segmentsOf(int64_t task) const { return chunkRange(segments_, perTask_, task); }

 private:
  /** 1 MiB: what a second-level cache holds. */
  static constexpr int64_t kMostAlone = 4;

  int64_t segments_;
  RowPieces pieces_;
  int64_t perTask_;
};

}  // namespace vk
