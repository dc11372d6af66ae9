// Overlaps and distances as whole numbers on a device, so that atomics find the greatest one.
#pragma once

#include "cuda/kernel.h"
#include "registry/boxes.h"

namespace vk::cuda {

template <class T>
struct OrderType;
template <>
struct OrderType<float> {
  using Type = unsigned;
};
template <>
struct OrderType<double> {
  using Type = unsigned long long;
};
template <class T>
using Order = typename OrderType<T>::Type;

/** The bits of a number that is not negative, which order as it does. */
__device__ inline unsigned orderOf(float value) { return __float_as_uint(value); }
__device__ inline unsigned long long orderOf(double value) {
  return static_cast<unsigned long long>(__double_as_longlong(value));
}
__device__ inline float valueOf(unsigned order) { return __uint_as_float(order); }
__device__ inline double valueOf(unsigned long long order) {
  return __longlong_as_double(static_cast<long long>(order));
}

/** What the number of an anchor or box is where there is none. */
constexpr unsigned kNobody = 0xFFFFFFFFu;

/** Anchors and boxes are numbered in 32 bits, with room to spare. */
inline Refusal takesFewAnchors(const Boxes& anchors, const Boxes& boxes) {
  constexpr int64_t kMost = int64_t{1} << 29;
  return anchors.count < kMost && boxes.count < kMost ? "" : "takes fewer than 2^29 boxes";
}

}  // namespace vk::cuda
