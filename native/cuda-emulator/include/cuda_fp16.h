// Stands in for the toolkit's header of this name: half precision as something to convert to and
// from.
#pragma once

#include <cstdint>

struct alignas(2) __half {
  _Float16 value;
};

/** To nearest, ties to even. */
inline __half __float2half_rn(float value) { return {static_cast<_Float16>(value)}; }
inline __half __float2half(float value) { return __float2half_rn(value); }
inline float __half2float(__half value) { return static_cast<float>(value.value); }
