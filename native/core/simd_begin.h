// Included by every `<op>_cpu.cpp` after it has defined HWY_TARGET_INCLUDE. No guard: Highway
// includes the file once per instruction set. The portable variant is Highway's scalar target (one
// lane), so code must not assume more than one lane.
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd.h"

#ifndef VK_SIMD_TABLE
#if HWY_ARCH_X86
#define VK_SIMD_VARIANTS(function) \
  { N_AVX3::function, N_AVX2::function, nullptr, HWY_STATIC_DISPATCH(function) }
#elif HWY_ARCH_ARM_A64
#define VK_SIMD_VARIANTS(function) \
  { nullptr, nullptr, N_NEON::function, nullptr }
#else
#define VK_SIMD_VARIANTS(function) \
  { nullptr, nullptr, nullptr, HWY_STATIC_DISPATCH(function) }
#endif
/** In the HWY_ONCE part, inside namespace vk: defines `const SimdTable<...> <function>Table`. */
#define VK_SIMD_TABLE(function)                                                            \
  extern const SimdTable<std::remove_reference_t<decltype(HWY_STATIC_DISPATCH(function))>> \
      function##Table;                                                                     \
  const SimdTable<std::remove_reference_t<decltype(HWY_STATIC_DISPATCH(function))>>        \
      function##Table = VK_SIMD_VARIANTS(function)
#endif
