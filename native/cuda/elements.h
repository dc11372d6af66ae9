// Walks over the elements of tensors: several loads under way at once, an element's number cut into
// offsets without divisions, copies by an element's size.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "core/host_device.h"
#include "cuda/kernel.h"
#include "voxkern/base.h"

namespace vk::cuda {

constexpr int kElementThreads = 256;
/** Of these kernels' launch bounds. Without it nvcc spills registers on some devices, for the sake
 * of more blocks than the memory needs. */
constexpr int kElementBlocks = 2;

/** Blocks for `forEachTile`, whose threads take `kEach` items each. */
template <int kEach>
inline Grid gridOfTiles(int64_t items) {
  return {dim3(blocksFor(items, int64_t(kEach) * kElementThreads)), dim3(kElementThreads)};
}

/** store(item, load(item)) for every item. A thread loads all of its `kEach` items of a tile before
 * it stores the first, so that the memory has enough to do even where the compiler has to assume
 * that the output is the input. Neighbouring threads take neighbouring items: an access of a warp
 * is in one piece whatever the tensor is aligned to. */
template <int kEach, class Load, class Store>
__device__ inline void forEachTile(int64_t items, const Load& load, const Store& store) {
  constexpr int64_t kTile = int64_t(kEach) * kElementThreads;
  for (int64_t tile = int64_t(blockIdx.x) * kTile; tile < items;
       tile += int64_t(gridDim.x) * kTile) {
    decltype(load(int64_t{0})) values[kEach];
    VK_UNROLL
    for (int k = 0; k < kEach; ++k) {
      const int64_t i = tile + k * kElementThreads + threadIdx.x;
      if (i < items) values[k] = load(i);
    }
    VK_UNROLL
    for (int k = 0; k < kEach; ++k) {
      const int64_t i = tile + k * kElementThreads + threadIdx.x;
      if (i < items) store(i, values[k]);
    }
  }
}

/** Items a thread has under way where they are of this type: 16 bytes, and not more than four. */
template <class T>
constexpr int kItemsEach = sizeof(T) > 8   ? 1
                           : sizeof(T) > 4 ? 2
                                           : 4;

/** Division by a number that is known before the launch. Below 2^31 it is a multiplication
 * (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994). */
class Divider {
 public:
  Divider() = default;
  explicit Divider(int64_t divisor) : divisor_(divisor) {
    if (divisor < 1 || divisor >= kMost) return;
    while ((int64_t{1} << shift_) < divisor) ++shift_;
    const uint64_t rest = (uint64_t{1} << shift_) - uint64_t(divisor);
    magic_ = uint32_t((rest << 32) / uint64_t(divisor) + 1);
  }

  VK_HD int64_t divisor() const { return divisor_; }
  /** Of numbers from 0 on. */
  VK_HD int64_t quotient(int64_t number) const {
    if (number >= kMost || divisor_ >= kMost) return number / divisor_;
    const uint32_t n = uint32_t(number);
    return (uint32_t(uint64_t(n) * magic_ >> 32) + n) >> shift_;
  }

 private:
  static constexpr int64_t kMost = int64_t{1} << 31;

  int64_t divisor_ = 1;
  uint32_t magic_ = 1;
  int32_t shift_ = 0;
};

/** Where an element lies in several tensors that are walked together, by its number among the axes.
 */
template <int kTensors>
struct AxisWalk {
  struct Offsets {
    int64_t of[kTensors];
  };

  int32_t rank = 0;
  /** Slowest first. */
  Divider sizes[VK_MAX_RANK];
  int64_t strides[VK_MAX_RANK][kTensors];

  void add(int64_t size, std::initializer_list<int64_t> steps) {
    sizes[rank] = Divider(size);
    int tensor = 0;
    for (const int64_t step : steps) strides[rank][tensor++] = step;
    ++rank;
  }

  __device__ Offsets offsets(int64_t element) const {
    Offsets sum{};
    VK_NO_UNROLL
    for (int32_t axis = rank - 1; axis >= 0; --axis) {
      const int64_t rest = axis > 0 ? sizes[axis].quotient(element) : 0;
      const int64_t at = element - rest * sizes[axis].divisor();
      for (int tensor = 0; tensor < kTensors; ++tensor) {
        sum.of[tensor] += at * strides[axis][tensor];
      }
      element = rest;
    }
    return sum;
  }
  /** Of the first tensor. */
  __device__ int64_t offset(int64_t element) const { return offsets(element).of[0]; }
};

/** body(T()) with an unsigned type of the elements' size: how elements are copied. */
template <class Body>
void withBits(int64_t elementBytes, const Body& body) {
  switch (elementBytes) {
    case 1:
      return body(uint8_t());
    case 2:
      return body(uint16_t());
    case 4:
      return body(uint32_t());
    default:
      return body(uint64_t());
  }
}

}  // namespace vk::cuda
