// Quotients of indices by what is only known on the device. A division of 64 bits is a call of some
// hundred instructions there, one of 32 bits takes about twenty, and nearly all indices are small.
#pragma once

#include <cstdint>

#include "cuda/kernel.h"

namespace vk::cuda {

/** a / b, neither of which is negative. */
__device__ inline int64_t quotient(int64_t a, int64_t b) {
  if (((a | b) >> 32) == 0) return int64_t(uint32_t(a) / uint32_t(b));
  // Bit by bit: it is rare, and a call would cost registers where it is not.
  const uint64_t divisor = uint64_t(b);
  uint64_t rest = uint64_t(a), result = 0;
  for (int bit = __clzll(b) - __clzll(a); bit >= 0; --bit) {
    if (rest < divisor << bit) continue;
    rest -= divisor << bit;
    result |= uint64_t{1} << bit;
  }
  return int64_t(result);
}

struct Division {
  int64_t quotient;
  int64_t remainder;
};

__device__ inline Division divide(int64_t a, int64_t b) {
  const int64_t q = quotient(a, b);
  return {q, a - q * b};
}

}  // namespace vk::cuda
