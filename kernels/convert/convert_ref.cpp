#include <cmath>
#include <cstring>
#include <limits>

#include "convert/convert.h"

namespace vk {
namespace {

template <class T>
T element(const void* data, int64_t i) {
  return static_cast<const T*>(data)[i];
}

double bfloat(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return double(value);
}

double half(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double mantissa = bits & 1023;
  double magnitude = std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 0) magnitude = std::ldexp(mantissa, -24);
  if (exponent == 31) {
    magnitude = mantissa == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
  }
  return bits >> 15 ? -magnitude : magnitude;
}

double valueOf(vk_element_type type, const void* data, int64_t i) {
  switch (type) {
    case VK_BOOL:
      return element<uint8_t>(data, i) != 0 ? 1 : 0;
    case VK_I8:
      return element<int8_t>(data, i);
    case VK_U8:
      return element<uint8_t>(data, i);
    case VK_I16:
      return element<int16_t>(data, i);
    case VK_U16:
      return element<uint16_t>(data, i);
    case VK_I32:
      return element<int32_t>(data, i);
    case VK_U32:
      return element<uint32_t>(data, i);
    case VK_I64:
      return double(element<int64_t>(data, i));
    case VK_U64:
      return double(element<uint64_t>(data, i));
    case VK_BF16:
      return bfloat(element<uint16_t>(data, i));
    case VK_F16:
      return half(element<uint16_t>(data, i));
    case VK_F32:
      return double(element<float>(data, i));
    case VK_F64:
      return element<double>(data, i);
  }
  return 0;
}

template <class T>
void putInteger(void* data, int64_t i, double value) {
  T result = 0;
  const double rounded = std::round(value);
  // One past the largest is a power of two, hence exact.
  if (rounded >= std::ldexp(1.0, std::numeric_limits<T>::digits)) {
    result = std::numeric_limits<T>::max();
  } else if (rounded <= double(std::numeric_limits<T>::min())) {
    result = std::numeric_limits<T>::min();
  } else if (!std::isnan(rounded)) {
    result = static_cast<T>(rounded);
  }
  static_cast<T*>(data)[i] = result;
}

/** Bits of the nearest number of a 16-bit format, ties to even. */
uint16_t nearest16(double value, int mantissaBits, int leastExponent, int greatestExponent) {
  const int exponentMask = (1 << (15 - mantissaBits)) - 1;
  const int sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return uint16_t(exponentMask << mantissaBits | 1 << (mantissaBits - 1));
  if (magnitude == 0) return uint16_t(sign);
  const int infinity = sign | exponentMask << mantissaBits;
  if (std::isinf(value)) return uint16_t(infinity);
  int exponent = std::max(std::ilogb(magnitude), leastExponent);
  double steps = std::nearbyint(std::ldexp(magnitude, mantissaBits - exponent));
  if (steps >= std::ldexp(1.0, mantissaBits + 1)) {
    steps /= 2;
    ++exponent;
  }
  if (exponent > greatestExponent) return uint16_t(infinity);
  const int whole = int(steps);
  if (whole < 1 << mantissaBits) return uint16_t(sign | whole);
  return uint16_t(sign | (exponent - leastExponent + 1) << mantissaBits |
                  (whole - (1 << mantissaBits)));
}

void put(vk_element_type type, void* data, int64_t i, double value) {
  switch (type) {
    case VK_BOOL:
      static_cast<uint8_t*>(data)[i] = value != 0 ? 1 : 0;
      return;
    case VK_I8:
      return putInteger<int8_t>(data, i, value);
    case VK_U8:
      return putInteger<uint8_t>(data, i, value);
    case VK_I16:
      return putInteger<int16_t>(data, i, value);
    case VK_U16:
      return putInteger<uint16_t>(data, i, value);
    case VK_I32:
      return putInteger<int32_t>(data, i, value);
    case VK_U32:
      return putInteger<uint32_t>(data, i, value);
    case VK_I64:
      return putInteger<int64_t>(data, i, value);
    case VK_U64:
      return putInteger<uint64_t>(data, i, value);
    case VK_BF16:
      static_cast<uint16_t*>(data)[i] = nearest16(value, 7, -126, 127);
      return;
    case VK_F16:
      static_cast<uint16_t*>(data)[i] = nearest16(value, 10, -14, 15);
      return;
    case VK_F32:
      static_cast<float*>(data)[i] = float(value);
      return;
    case VK_F64:
      static_cast<double*>(data)[i] = value;
      return;
  }
}

}  // namespace

void convertReference(const ConvertArgs& args, Context&, const Workspace&) {
  const bool plain = args.scale == 1 && args.offset == 0;
  for (int64_t i = 0; i < args.count; ++i) {
    if (plain && args.inputType == args.outputType && args.inputType != VK_BOOL) {
      const int64_t bytes = elementSize(args.inputType);
      std::memcpy(static_cast<char*>(args.output) + i * bytes,
                  static_cast<const char*>(args.input) + i * bytes, size_t(bytes));
    } else if (plain && args.inputType == VK_I64 && args.outputType == VK_U64) {
      const int64_t value = element<int64_t>(args.input, i);
      static_cast<uint64_t*>(args.output)[i] = value < 0 ? 0 : uint64_t(value);
    } else if (plain && args.inputType == VK_U64 && args.outputType == VK_I64) {
      const uint64_t value = element<uint64_t>(args.input, i);
      static_cast<int64_t*>(args.output)[i] = value > INT64_MAX ? INT64_MAX : int64_t(value);
    } else {
      double value = valueOf(args.inputType, args.input, i);
      if (!plain) value = value * args.scale + args.offset;
      put(args.outputType, args.output, i, value);
    }
  }
}

}  // namespace vk
