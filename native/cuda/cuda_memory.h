// What a device of a context holds: its memory, and recordings with theirs.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "cuda/cuda_device.h"

struct vk_recording {
  cudaGraphExec_t work = nullptr;
  /** What was freed while it was recorded, by its size: taken again for what was recorded later,
   * and kept for as long as the recording. */
  std::multimap<int64_t, void*> spare;
};

namespace vk::cuda {

/** The device's own stream-ordered pool, with the context's budget counted here. */
struct CudaDevice::Memory {
  ~Memory() {
    if (side != nullptr) cudaStreamDestroy(side);
  }

  /** A block of at least so many bytes and at most twice as many, or null. */
  void* takeSpare(int64_t bytes) {
    const auto found = recording->spare.lower_bound(bytes);
    if (found == recording->spare.end() || found->first / 2 > bytes) return nullptr;
    void* const block = found->second;
    recording->spare.erase(found);
    return block;
  }

  /** Memory of the device, in the order of the stream. What is recorded does not take memory
   * whenever it is done, so meanwhile that is another stream. */
  void* take(size_t bytes, cudaStream_t stream) {
    if (recording != nullptr) {
      if (side == nullptr) check(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking));
      stream = side;
    }
    void* block = nullptr;
    if (cudaMallocAsync(&block, bytes, stream) == cudaErrorMemoryAllocation &&
        recording == nullptr) {
      cudaGetLastError();
      // What was freed may not have come back yet, or lie in pieces.
      check(cudaStreamSynchronize(stream));
      cudaMemPoolTrimTo(pool, 0);
    }
    if (block == nullptr) check(cudaMallocAsync(&block, bytes, stream));
    if (stream == side) check(cudaStreamSynchronize(side));
    return block;
  }

  std::mutex mutex;
  std::unordered_map<void*, int64_t> sizes;
  vk_memory_report report{};
  cudaMemPool_t pool{};
  std::set<void*> pinned;
  cudaStream_t side = nullptr;
  std::set<vk_recording*> recordings;
  /** While there is one. */
  vk_recording* recording = nullptr;
};

}  // namespace vk::cuda
