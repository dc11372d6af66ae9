#include "cuda/cuda_device.h"

#include <mutex>
#include <unordered_map>

namespace vk::cuda {

void check(cudaError_t error) {
  if (error == cudaSuccess) return;
  const std::string text =
      format("CUDA: %s (%s)", cudaGetErrorString(error), cudaGetErrorName(error));
  cudaGetLastError();
  switch (error) {
    case cudaErrorMemoryAllocation:
      throw Error(VK_OUT_OF_MEMORY, text);
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
    case cudaErrorNotSupported:
      throw Error(VK_UNSUPPORTED, text);
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
      throw Error(VK_INTERNAL_ERROR, text);
    default:
      throw Error(VK_DEVICE_FAULT, text);
  }
}

/** The device's own stream-ordered pool, with the context's budget counted here. */
struct CudaDevice::Memory {
  std::mutex mutex;
  std::unordered_map<void*, int64_t> sizes;
  vk_memory_report report{};
  cudaMemPool_t pool{};
};

CudaDevice::CudaDevice(int32_t index, int64_t memoryLimit)
    : index_(index), memory_(std::make_unique<Memory>()) {
  int count = 0;
  check(cudaGetDeviceCount(&count));
  if (index < 0 || index >= count) {
    invalidArgument("CUDA device %d asked for, and there are %d", index, count);
  }
  use();
  check(cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, index));
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total));
  memory_->report.budget = memoryLimit > 0 ? memoryLimit : int64_t(total / 5 * 4);
  // Freed memory stays with the process: mapping it again would cost as much as a small kernel.
  check(cudaDeviceGetDefaultMemPool(&memory_->pool, index));
  uint64_t keep = UINT64_MAX;
  check(cudaMemPoolSetAttribute(memory_->pool, cudaMemPoolAttrReleaseThreshold, &keep));
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}

CudaDevice::~CudaDevice() {
  cudaSetDevice(index_);
  for (const auto& [block, bytes] : memory_->sizes) cudaFreeAsync(block, stream_);
  cudaStreamSynchronize(stream_);
  cudaStreamDestroy(stream_);
}

void CudaDevice::use() const { check(cudaSetDevice(index_)); }

void CudaDevice::noteFault(const char* message) noexcept {
  if (fault_.empty()) fault_ = message;
}

vk_status CudaDevice::usable() noexcept {
  return guarded([&] {
    if (!fault_.empty()) {
      throw Error(VK_DEVICE_FAULT,
                  "the device failed earlier, the context cannot be used: " + fault_);
    }
    use();
  });
}

vk_status CudaDevice::allocate(int64_t bytes, void** memory) noexcept {
  return guarded([&] {
    if (bytes < 0) invalidArgument("allocation of %lld bytes", static_cast<long long>(bytes));
    use();
    const std::lock_guard<std::mutex> lock(memory_->mutex);
    vk_memory_report& report = memory_->report;
    if (bytes > report.budget - report.in_use) {
      throw Error(
          VK_OUT_OF_MEMORY,
          format("allocation of %lld bytes, with %lld of the device's budget of %lld in use",
                 static_cast<long long>(bytes), static_cast<long long>(report.in_use),
                 static_cast<long long>(report.budget)));
    }
    // An empty tensor has an address as well: a view without one is missing.
    check(cudaMallocAsync(memory, size_t(bytes > 0 ? bytes : 1), stream_));
    memory_->sizes[*memory] = bytes;
    report.in_use += bytes;
    if (report.in_use > report.high_water) report.high_water = report.in_use;
  });
}

void CudaDevice::free(void* memory) noexcept {
  if (memory == nullptr) return;
  const std::lock_guard<std::mutex> lock(memory_->mutex);
  const auto found = memory_->sizes.find(memory);
  if (found == memory_->sizes.end()) return;
  memory_->report.in_use -= found->second;
  memory_->sizes.erase(found);
  cudaSetDevice(index_);
  cudaFreeAsync(memory, stream_);
}

void CudaDevice::trim() noexcept {
  cudaSetDevice(index_);
  cudaStreamSynchronize(stream_);
  cudaMemPoolTrimTo(memory_->pool, 0);
}

vk_memory_report CudaDevice::memory() const noexcept {
  const std::lock_guard<std::mutex> lock(memory_->mutex);
  vk_memory_report report = memory_->report;
  uint64_t reserved = 0, used = 0;
  cudaMemPoolGetAttribute(memory_->pool, cudaMemPoolAttrReservedMemCurrent, &reserved);
  cudaMemPoolGetAttribute(memory_->pool, cudaMemPoolAttrUsedMemCurrent, &used);
  report.cached = int64_t(reserved - used);
  return report;
}

vk_status CudaDevice::copy(void* to, const void* from, int64_t bytes) noexcept {
  const vk_status status = guarded([&] {
    use();
    check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDefault, stream_));
    check(cudaStreamSynchronize(stream_));
  });
  if (status == VK_DEVICE_FAULT) noteFault(vk_last_error());
  return status;
}

vk_status CudaDevice::synchronize() noexcept {
  const vk_status status = guarded([&] {
    use();
    check(cudaStreamSynchronize(stream_));
  });
  if (status == VK_DEVICE_FAULT) noteFault(vk_last_error());
  return status;
}

void deliver(Context& context, void* host, const void* device, int64_t bytes) {
  check(cudaMemcpyAsync(host, device, size_t(bytes), cudaMemcpyDefault, streamOf(context)));
  check(cudaStreamSynchronize(streamOf(context)));
}

}  // namespace vk::cuda
