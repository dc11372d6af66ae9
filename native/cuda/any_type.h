// Elements of any type as f64, one at a time, for kernels that take every element type: the type is
// the same in the whole launch, so that a branch on it costs little beside the memory traffic.
#pragma once

#include <cstdint>

#include "cuda/kernel.h"
#include "voxkern/base.h"

namespace vk::cuda {

__device__ inline double halfToDouble(uint32_t bits) {
  const double sign = (bits & 0x8000u) != 0 ? -1.0 : 1.0;
  const uint32_t exponent = (bits >> 10) & 31u;
  const uint32_t mantissa = bits & 0x3FFu;
  if (exponent == 0) return sign * (double(mantissa) * 0x1p-24);
  const uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return double(__uint_as_float((bits & 0x8000u) << 16 | wide << 23 | mantissa << 13));
}

/** Exact for all but 64-bit integers beyond 2^53, which are rounded to nearest. A bool is 0 or 1.
 */
__device__ inline double elementAsDouble(vk_element_type type, const void* data, int64_t i) {
  switch (type) {
    case VK_BOOL:
      return static_cast<const uint8_t*>(data)[i] != 0 ? 1.0 : 0.0;
    case VK_I8:
      return double(static_cast<const int8_t*>(data)[i]);
    case VK_U8:
      return double(static_cast<const uint8_t*>(data)[i]);
    case VK_I16:
      return double(static_cast<const int16_t*>(data)[i]);
    case VK_U16:
      return double(static_cast<const uint16_t*>(data)[i]);
    case VK_I32:
      return double(static_cast<const int32_t*>(data)[i]);
    case VK_U32:
      return double(static_cast<const uint32_t*>(data)[i]);
    case VK_I64:
      return double(static_cast<const int64_t*>(data)[i]);
    case VK_U64:
      return double(static_cast<const uint64_t*>(data)[i]);
    case VK_BF16:
      return double(__uint_as_float(uint32_t(static_cast<const uint16_t*>(data)[i]) << 16));
    case VK_F16:
      return halfToDouble(static_cast<const uint16_t*>(data)[i]);
    case VK_F32:
      return double(static_cast<const float*>(data)[i]);
    case VK_F64:
      break;
  }
  return static_cast<const double*>(data)[i];
}

/** The nearest whole number, halves away from zero, within T's range; 0 for NaN. */
template <class T>
__device__ inline T toWhole(double value, double pastGreatest, double least, T greatest) {
  const double rounded = round(value);
  // One past the greatest is a power of two, hence exact.
  if (rounded >= pastGreatest) return greatest;
  if (rounded <= least) return T(least);
  return rounded != rounded ? T(0) : T(rounded);
}

/** Bits of the nearest 16-bit float of so many mantissa bits, ties to even. */
__device__ inline uint16_t toFloat16(double value, int mantissaBits) {
  const uint64_t bits = uint64_t(__double_as_longlong(value));
  const uint32_t sign = uint32_t(bits >> 48) & 0x8000u;
  const uint64_t magnitude = bits & 0x7FFFFFFFFFFFFFFFull;
  const int bias = (1 << (14 - mantissaBits)) - 1;
  const uint32_t infinity = uint32_t((1 << (15 - mantissaBits)) - 1) << mantissaBits;
  if (value != value) return uint16_t(infinity | 1u << (mantissaBits - 1));
  const int least = 1 - bias;
  int exponent = int(magnitude >> 52) - 1023;
  if (exponent > bias) return uint16_t(sign | infinity);
  int shift = 52 - mantissaBits;
  if (exponent < least) {
    shift += least - exponent;
    exponent = least;
  }
  if (shift > 54) return uint16_t(sign);
  const uint64_t mantissa = (magnitude & 0xFFFFFFFFFFFFFull) | uint64_t(1) << 52;
  const uint64_t rest = mantissa & ((uint64_t(1) << shift) - 1);
  const uint64_t half = uint64_t(1) << (shift - 1);
  uint32_t whole = uint32_t(mantissa >> shift);
  if (rest > half || (rest == half && (whole & 1u) != 0)) ++whole;
  // The leading bit adds one to the exponent, unless the number is subnormal.
  const uint32_t result = (uint32_t(exponent - least) << mantissaBits) + whole;
  return uint16_t(sign | (result < infinity ? result : infinity));
}

/** Stores the nearest value that the type has, as the contract of `convert` says. */
__device__ inline void storeAs(vk_element_type type, void* data, int64_t i, double value) {
  switch (type) {
    case VK_BOOL:
      static_cast<uint8_t*>(data)[i] = value != 0 ? 1 : 0;
      return;
    case VK_I8:
      static_cast<int8_t*>(data)[i] = toWhole<int8_t>(value, 0x1p7, -0x1p7, INT8_MAX);
      return;
    case VK_U8:
      static_cast<uint8_t*>(data)[i] = toWhole<uint8_t>(value, 0x1p8, 0, UINT8_MAX);
      return;
    case VK_I16:
      static_cast<int16_t*>(data)[i] = toWhole<int16_t>(value, 0x1p15, -0x1p15, INT16_MAX);
      return;
    case VK_U16:
      static_cast<uint16_t*>(data)[i] = toWhole<uint16_t>(value, 0x1p16, 0, UINT16_MAX);
      return;
    case VK_I32:
      static_cast<int32_t*>(data)[i] = toWhole<int32_t>(value, 0x1p31, -0x1p31, INT32_MAX);
      return;
    case VK_U32:
      static_cast<uint32_t*>(data)[i] = toWhole<uint32_t>(value, 0x1p32, 0, UINT32_MAX);
      return;
    case VK_I64:
      static_cast<int64_t*>(data)[i] = toWhole<int64_t>(value, 0x1p63, -0x1p63, INT64_MAX);
      return;
    case VK_U64:
      static_cast<uint64_t*>(data)[i] = toWhole<uint64_t>(value, 0x1p64, 0, UINT64_MAX);
      return;
    case VK_BF16:
      static_cast<uint16_t*>(data)[i] = toFloat16(value, 7);
      return;
    case VK_F16:
      static_cast<uint16_t*>(data)[i] = toFloat16(value, 10);
      return;
    case VK_F32:
      static_cast<float*>(data)[i] = float(value);
      return;
    case VK_F64:
      static_cast<double*>(data)[i] = value;
      return;
  }
}

}  // namespace vk::cuda
