// The device of a context, as the host code of the CUDA kernels sees it.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "core/device.h"
#include "core/device_runtime.h"

namespace vk::cuda {

/** Throws what the call failed with: out of memory, or a fault that ends the context's use. */
void check(cudaError_t error);

class CudaDevice final : public Device, public DeviceRuntime {
 public:
  CudaDevice(int32_t index, int64_t memoryLimit);
  ~CudaDevice() override;

  vk_status allocate(int64_t bytes, void** memory) noexcept override;
  void free(void* memory) noexcept override;
  void trim() noexcept override;
  vk_memory_report memory() const noexcept override;
  vk_status copy(void* to, const void* from, int64_t bytes) noexcept override;
  vk_status synchronize() noexcept override;
  vk_status usable() noexcept override;

  vk_status copyAsync(void* to, const void* from, int64_t bytes) noexcept override;
  vk_status zero(void* memory, int64_t bytes) noexcept override;
  vk_status allocatePinned(int64_t bytes, void** memory) noexcept override;
  void freePinned(void* memory) noexcept override;
  vk_status recordBegin() noexcept override;
  vk_status recordEnd(vk_recording** recording) noexcept override;
  vk_status replay(vk_recording* recording) noexcept override;
  void destroy(vk_recording* recording) noexcept override;

  cudaStream_t stream() const { return stream_; }
  int32_t multiprocessors() const { return multiprocessors_; }
  /** Remembers a fault, so that `usable` says so from then on. */
  void noteFault(const char* message) noexcept;
  /** Throws VK_UNSUPPORTED while operations are recorded: nothing is done that one could wait for.
   */
  void requireWaiting() const;

 private:
  struct Memory;
  void use() const;
  void requireUsable() const;
  /** Runs what may find that the device has failed. */
  template <class Body>
  vk_status noting(Body&& body) noexcept;
  void release(vk_recording* recording) noexcept;

  int32_t index_;
  int32_t multiprocessors_ = 0;
  cudaStream_t stream_ = nullptr;
  std::unique_ptr<Memory> memory_;
  std::string fault_;
};

inline CudaDevice& deviceOf(Context& context) { return static_cast<CudaDevice&>(*context.device); }
inline cudaStream_t streamOf(Context& context) { return deviceOf(context).stream(); }

/** Copies what an operation gives to the host (a measure's value), and waits for it. */
void deliver(Context& context, void* host, const void* device, int64_t bytes);

}  // namespace vk::cuda
