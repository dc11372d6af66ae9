// Tables of operations that have plain C++ loops for some or all of their element types.
#pragma once

#include "registry/registry.h"

namespace vk {

/** Plain loops on every processor, and a reference. */
template <class Args>
struct PlainImplementations {
  Implementation<Args> rows[2];

  PlainImplementations(Kernel<Args>* plain, Refusal (*plainAccepts)(const Args&),
                       int64_t (*plainWorkspaceBytes)(const Args&), Kernel<Args>* reference,
                       Refusal (*referenceAccepts)(const Args&))
      : rows{{"cpu-plain", VK_BACKEND_CPU, VK_ISA_PORTABLE, plain, plainAccepts,
              plainWorkspaceBytes},
             {"reference", VK_BACKEND_REFERENCE, VK_ISA_PORTABLE, reference, referenceAccepts,
              nullptr}} {}

  operator Implementations<Args>() const { return rows; }
};

/** One SIMD kernel of f32, plain loops for what else there is, and a reference for all. */
template <class Args>
struct HostAndPlainImplementations {
  Implementation<Args> rows[6];

  HostAndPlainImplementations(const SimdTable<Kernel<Args>>& simd,
                              Refusal (*simdAccepts)(const Args&),
                              int64_t (*simdWorkspaceBytes)(const Args&), Kernel<Args>* plain,
                              Refusal (*plainAccepts)(const Args&), Kernel<Args>* reference,
                              Refusal (*referenceAccepts)(const Args&)) {
    const HostImplementations<Args> host(simd, simdAccepts, simdWorkspaceBytes, reference);
    const PlainImplementations<Args> rest(plain, plainAccepts, nullptr, reference,
                                          referenceAccepts);
    for (int row = 0; row < 4; ++row) rows[row] = host.rows[row];
    for (int row = 0; row < 2; ++row) rows[4 + row] = rest.rows[row];
  }

  operator Implementations<Args>() const { return rows; }
};

}  // namespace vk
