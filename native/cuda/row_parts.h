// Rows that follow each other in memory, cut into parts that some threads of a block share, and the
// mean and spread of each: what the normalisations have in common.
#pragma once

#include "core/parallel.h"
#include "cuda/lines.h"
#include "cuda/sums.h"

namespace vk::cuda {

/** Rows that follow each other in memory, in parts. */
class RowParts {
 public:
  /** Elements of a part. */
  static constexpr int64_t kElements = 8192;

  RowParts(int64_t rows, int64_t length)
      : length_(length),
        perRow_(length > kElements ? chunkCount(length, kElements) : 1),
        count_(rows * perRow_),
        lines_(count_, length < kElements ? length : kElements, 1) {}

  VK_HD int64_t count() const { return count_; }
  VK_HD int64_t perRow() const { return perRow_; }
  Grid grid() const { return lines_.grid(); }

  /** body(part, row, lane) */
  template <class Body>
  __device__ void forEach(const Body& body) const {
    lines_.forEach([&](int64_t part, int64_t lane) { body(part, part / perRow_, lane); });
  }
  /** body(element) for a lane's elements. */
  template <class Body>
  __device__ void forEachElement(int64_t part, int64_t lane, const Body& body) const {
    const int64_t row = part / perRow_;
    const int64_t begin = part % perRow_ * kElements;
    const int64_t end = min(length_, begin + kElements);
    for (int64_t i = begin + lane; i < end; i += lines_.lanes()) body(row * length_ + i);
  }
  /** body(part) for a lane's share of the parts of a row. */
  template <class Body>
  __device__ void forEachPart(int64_t part, int64_t lane, const Body& body) const {
    const int64_t row = part / perRow_;
    for (int64_t i = lane; i < perRow_; i += lines_.lanes()) body(row * perRow_ + i);
  }
  template <class T, class Combine>
  __device__ T reduce(T value, T* shared, Combine combine) const {
    return lines_.reduce(value, shared, combine);
  }

 private:
  int64_t length_;
  int64_t perRow_;
  int64_t count_;
  Lines lines_;
};

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    measureParts(RowParts parts, const T* input, Spread* spreads) {
  VK_SHARED(Spread, shared, kLineThreads);
  parts.forEach([&](int64_t part, int64_t, int64_t lane) {
    const Spread own = spreadOf<T>([&](const auto& take) {
      parts.forEachElement(part, lane, [&](int64_t at) { take(input[at]); });
    });
    const Spread all = parts.reduce(own, shared, JoinSpreads());
    if (lane == 0) spreads[part] = all;
  });
}

}  // namespace vk::cuda
