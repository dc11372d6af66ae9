// What CUDA adds to the language: qualifiers, indices, barriers, shared memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>

#include "emulator/vector_types.h"

// Kernels are told from other functions by their symbols, see tests/kernels-that-ran.
#define __global__ __attribute__((abi_tag("kernel")))
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

// Where the running thread is.
extern constinit thread_local uint3 threadIdx;
extern constinit thread_local uint3 blockIdx;
extern constinit thread_local dim3 blockDim;
extern constinit thread_local dim3 gridDim;
constexpr int warpSize = 32;

namespace vk::emulator {

using Where = std::source_location;

enum class BarrierKind { kPlain, kCount, kAnd, kOr };

/** Waits for every thread of the block; the number of threads whose predicate is not 0. */
int blockBarrier(BarrierKind kind, int predicate, const Where& where);

/** The block's array behind this key: one declaration of shared memory. */
void* sharedArray(const void* key, size_t bytes, size_t alignment, const Where& where);
void* dynamicShared(const Where& where);

/** Ends the kernel with a fault, as __trap does. */
[[noreturn]] void trap();

}  // namespace vk::emulator

inline void __syncthreads(const vk::emulator::Where& where = vk::emulator::Where::current()) {
  vk::emulator::blockBarrier(vk::emulator::BarrierKind::kPlain, 0, where);
}
inline int __syncthreads_count(int predicate,
                               const vk::emulator::Where& where = vk::emulator::Where::current()) {
  return vk::emulator::blockBarrier(vk::emulator::BarrierKind::kCount, predicate, where);
}
inline int __syncthreads_and(int predicate,
                             const vk::emulator::Where& where = vk::emulator::Where::current()) {
  return vk::emulator::blockBarrier(vk::emulator::BarrierKind::kAnd, predicate, where);
}
inline int __syncthreads_or(int predicate,
                            const vk::emulator::Where& where = vk::emulator::Where::current()) {
  return vk::emulator::blockBarrier(vk::emulator::BarrierKind::kOr, predicate, where);
}
inline void __trap() { vk::emulator::trap(); }
// Other threads run at barriers alone, so memory is in order.
inline void __threadfence() {}
inline void __threadfence_block() {}
