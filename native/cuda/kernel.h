// What a kernel is written with, for nvcc and for the emulator: shared memory, launches, sums of
// blocks. See kernels/README.md.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/cuda_device.h"

// Shared memory is declared by macro, so that the emulator can put red zones around each array:
//   VK_SHARED(float, tile, 256);        // float tile[256]
//   VK_DYNAMIC_SHARED(float, values);   // as many bytes as the launch says
// VK_UNROLL before a loop asks nvcc for its iterations one after the other, so that an array that
// they index stays in registers; VK_NO_UNROLL asks for the opposite.
#ifdef __CUDACC__
#define VK_UNROLL _Pragma("unroll")
#define VK_NO_UNROLL _Pragma("unroll 1")
#define VK_PRAGMA(words) _Pragma(#words)
#define VK_UNROLL_BY(rounds) VK_PRAGMA(unroll(rounds))
#define VK_SHARED(type, name, count) __shared__ type name[count]
#define VK_DYNAMIC_SHARED(type, name)                              \
  extern __shared__ __align__(16) unsigned char vkDynamicShared[]; \
  type* const name = reinterpret_cast<type*>(vkDynamicShared)
#else
#define VK_UNROLL
#define VK_NO_UNROLL
#define VK_UNROLL_BY(rounds)
#define VK_SHARED(type, name, count)                                 \
  static const char name##Key = 0;                                   \
  type* const name = static_cast<type*>(::vk::emulator::sharedArray( \
      &name##Key, sizeof(type) * size_t(count), alignof(type), std::source_location::current()))
#define VK_DYNAMIC_SHARED(type, name) \
  type* const name =                  \
      static_cast<type*>(::vk::emulator::dynamicShared(std::source_location::current()))
#endif

namespace vk::cuda {

constexpr int kWarpSize = 32;
constexpr unsigned kWholeWarp = 0xFFFFFFFFu;

struct Grid {
  dim3 blocks;
  dim3 threads;
  size_t sharedBytes = 0;
};

/** Starts a kernel on the context's stream; throws when it cannot be started. Whether it went well
 * shows when the stream is waited for. A grid without blocks is no launch. */
template <class... Parameters, class... Arguments>
void launch(Context& context, const Grid& grid, void (*kernel)(Parameters...),
            Arguments... arguments) {
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return;
  cudaLaunchConfig_t config{};
  config.gridDim = grid.blocks;
  config.blockDim = grid.threads;
  config.dynamicSmemBytes = grid.sharedBytes;
  config.stream = streamOf(context);
  if (grid.sharedBytes > size_t{48} * 1024) {
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               int(grid.sharedBytes)));
  }
  check(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
}

/** Blocks of `each` items; a kernel whose blocks are more than the grid allows strides over them.
 */
inline unsigned blocksFor(int64_t items, int64_t each) {
  constexpr int64_t kMost = 0x7FFFFFFF;
  const int64_t blocks = (items + each - 1) / each;
  return unsigned(blocks < kMost ? blocks : kMost);
}

/** One thread an item, in blocks of 256: call `forEachItem` in the kernel. */
inline Grid gridOver(int64_t items) { return {dim3(blocksFor(items, 256)), dim3(256)}; }

/** body(item) for every item of this thread. */
template <class Body>
__device__ inline void forEachItem(int64_t items, const Body& body) {
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < items; i += step) body(i);
}

/** values[k] of an array in registers, where k is not known when compiled. */
template <int kCount, class T>
__device__ inline T pick(const T (&values)[kCount], int k) {
  T value = values[0];
  VK_UNROLL for (int i = 1; i < kCount; ++i) value = k == i ? values[i] : value;
  return value;
}

/** Sum over the block's `kThreads` threads, in an order that is always the same; for thread 0.
 * `shared` holds an element for each warp. Every thread of the block has to call it. */
template <int kThreads, class T>
__device__ inline T blockSum(T value, T* shared) {
  static_assert(kThreads % kWarpSize == 0 && kThreads <= 1024);
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    value += __shfl_down_sync(kWholeWarp, value, distance);
  }
  __syncthreads();  // of an earlier sum in the same memory
  if (threadIdx.x % kWarpSize == 0) shared[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int warp = 1; warp < kThreads / kWarpSize; ++warp) value += shared[warp];
  }
  return value;
}

}  // namespace vk::cuda
