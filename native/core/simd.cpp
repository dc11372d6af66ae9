#include "core/simd.h"

#include <initializer_list>

namespace vk {

bool processorHas(vk_isa isa) {
  switch (isa) {
    case VK_ISA_AUTO:
    case VK_ISA_PORTABLE:
      return true;
    case VK_ISA_NEON:
#if defined(__aarch64__)
      return true;
#else
      return false;
#endif
    case VK_ISA_AVX2:
#if defined(__x86_64__)
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#else
      return false;
#endif
    case VK_ISA_AVX512:
#if defined(__x86_64__)
      return processorHas(VK_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#else
      return false;
#endif
  }
  return false;
}

const char* isaName(vk_isa isa) {
  static const char* const names[] = {"auto", "portable", "neon", "avx2", "avx512"};
  return isa >= VK_ISA_AUTO && isa <= VK_ISA_AVX512 ? names[isa] : "unknown";
}

}  // namespace vk

extern "C" vk_isa vk_processor_isa(void) {
  for (vk_isa isa : {VK_ISA_AVX512, VK_ISA_AVX2, VK_ISA_NEON}) {
    if (vk::processorHas(isa)) return isa;
  }
  return VK_ISA_PORTABLE;
}
