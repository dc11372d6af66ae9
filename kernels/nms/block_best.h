// The best of what the threads of a block have, for loops that ask for it at every step.
#pragma once

#include "cuda/kernel.h"

namespace vk::cuda {

/** `better(a, b)` of all, for every thread; it does not depend on their order. `shared` holds one
 * for each of the threads, a power of two of them. By halves through shared memory: of structs of
 * several words fewer steps than shuffles. Every thread of the block calls it. */
template <int kThreads, class T, class Better>
__device__ inline T blockBest(T value, T* shared, const Better& better) {
  static_assert((kThreads & (kThreads - 1)) == 0);
  __syncthreads();  // of the step before
  shared[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      shared[threadIdx.x] = better(shared[threadIdx.x], shared[threadIdx.x + half]);
    }
    __syncthreads();
  }
  return shared[0];
}

}  // namespace vk::cuda
