// Instruction sets: which this processor has, and the table a SIMD kernel exports its variants in.
//
// A `<op>_cpu.cpp` is compiled once per instruction set by Highway (foreach_target): it defines
// HWY_TARGET_INCLUDE, includes core/simd_begin.h, and writes its code in namespace
// vk::HWY_NAMESPACE. See kernels/README.md.
#pragma once

#include <cstdint>
#include <type_traits>

#include "voxkern/base.h"

namespace vk {

bool processorHas(vk_isa isa);
const char* isaName(vk_isa isa);

/** The variants of one kernel function; a null entry is not compiled on this architecture. */
template <class Function>
struct SimdTable {
  Function* avx512;
  Function* avx2;
  Function* neon;
  Function* portable;
};

}  // namespace vk
