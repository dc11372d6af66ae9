// Device functions on numbers, and atomics. Threads change at barriers alone, so an atomic is what
// it says without more; the race detector is told that it is one.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <math.h>

#include "emulator/races.h"

using std::max;
using std::min;

inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __popcll(unsigned long long bits) { return std::popcount(bits); }
inline int __ffs(int bits) { return bits == 0 ? 0 : std::countr_zero(unsigned(bits)) + 1; }
inline int __ffsll(long long bits) {
  return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned long long>(bits)) + 1;
}
inline int __clz(int bits) { return std::countl_zero(unsigned(bits)); }
inline int __clzll(long long bits) {
  return std::countl_zero(static_cast<unsigned long long>(bits));
}
inline unsigned __brev(unsigned bits) {
  unsigned reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (bits >> i & 1u) << (31 - i);
  return reversed;
}

inline float __fmaf_rn(float a, float b, float c) { return std::fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline float rsqrtf(float a) { return 1.0f / std::sqrt(a); }
inline double rsqrt(double a) { return 1.0 / std::sqrt(a); }
inline float __saturatef(float a) { return a > 0 ? (a < 1 ? a : 1.0f) : 0.0f; }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline long long __double_as_longlong(double value) { return std::bit_cast<long long>(value); }
inline double __longlong_as_double(long long bits) { return std::bit_cast<double>(bits); }
inline int __float2int_rd(float value) { return int(std::floor(value)); }
inline int __float2int_rn(float value) { return int(std::nearbyint(value)); }
inline long long __double2ll_rn(double value) { return std::llrint(value); }
inline long long __float2ll_rn(float value) { return std::llrint(value); }
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(uint64_t(a) * b >> 32); }

template <class T>
T __ldg(const T* address) {
  return *address;
}

namespace vk::emulator {

template <class T, class Change>
T atomically(T* address, Change change) {
  const AtomicAccess access(address, sizeof(T));
  const T old = *address;
  *address = change(old);
  return old;
}

}  // namespace vk::emulator

#define VK_EMULATED_ATOMIC(name, T, expression)                                       \
  inline T name(T* address, T value) {                                                \
    return vk::emulator::atomically(address, [&](T old) -> T { return expression; }); \
  }
#define VK_EMULATED_ATOMICS(T)                                                                 \
  VK_EMULATED_ATOMIC(atomicAdd, T, static_cast<T>(old + value))                                \
  VK_EMULATED_ATOMIC(atomicMin, T, min(old, value))                                            \
  VK_EMULATED_ATOMIC(atomicMax, T, max(old, value))                                            \
  VK_EMULATED_ATOMIC(atomicExch, T, ((void)old, value))                                        \
  VK_EMULATED_ATOMIC(atomicAnd, T, static_cast<T>(old & value))                                \
  VK_EMULATED_ATOMIC(atomicOr, T, static_cast<T>(old | value))                                 \
  VK_EMULATED_ATOMIC(atomicXor, T, static_cast<T>(old ^ value))                                \
  inline T atomicCAS(T* address, T compare, T value) {                                         \
    return vk::emulator::atomically(address,                                                   \
                                    [&](T old) -> T { return old == compare ? value : old; }); \
  }
VK_EMULATED_ATOMICS(unsigned)
VK_EMULATED_ATOMICS(unsigned long long)
inline int atomicAdd(int* address, int value) {
  return int(atomicAdd(reinterpret_cast<unsigned*>(address), unsigned(value)));
}
inline int atomicSub(int* address, int value) {
  return int(atomicAdd(reinterpret_cast<unsigned*>(address), 0u - unsigned(value)));
}
VK_EMULATED_ATOMIC(atomicMin, int, min(old, value))
VK_EMULATED_ATOMIC(atomicMax, int, max(old, value))
VK_EMULATED_ATOMIC(atomicExch, int, ((void)old, value))
VK_EMULATED_ATOMIC(atomicAnd, int, (old & value))
VK_EMULATED_ATOMIC(atomicOr, int, (old | value))
inline int atomicCAS(int* address, int compare, int value) {
  return int(atomicCAS(reinterpret_cast<unsigned*>(address), unsigned(compare), unsigned(value)));
}
// There for completeness: their sums depend on the order of threads, which the emulator shuffles.
VK_EMULATED_ATOMIC(atomicAdd, float, (old + value))
VK_EMULATED_ATOMIC(atomicAdd, double, (old + value))
VK_EMULATED_ATOMIC(atomicExch, float, ((void)old, value))
#undef VK_EMULATED_ATOMICS
#undef VK_EMULATED_ATOMIC
