#include "cuda/cuda_device.h"

#include <utility>

#include "cuda/cuda_memory.h"
#include "cuda/cudnn.h"

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
    case cudaErrorStreamCaptureUnsupported:
    case cudaErrorStreamCaptureInvalidated:
      throw Error(VK_UNSUPPORTED, "this cannot be recorded: " + text);
    default:
      throw Error(VK_DEVICE_FAULT, text);
  }
}

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
  if (memory_->recording != nullptr) recordEnd(nullptr);
  while (!memory_->recordings.empty()) release(*memory_->recordings.begin());
  cudaStreamSynchronize(stream_);
  cudnn::forget(*this);
  for (void* const block : memory_->pinned) cudaFreeHost(block);
  for (const auto& [block, bytes] : memory_->sizes) cudaFreeAsync(block, stream_);
  cudaStreamSynchronize(stream_);
  cudaStreamDestroy(stream_);
}

void CudaDevice::use() const { check(cudaSetDevice(index_)); }

void CudaDevice::noteFault(const char* message) noexcept {
  if (fault_.empty()) fault_ = message;
}

void CudaDevice::requireUsable() const {
  if (!fault_.empty()) {
    throw Error(VK_DEVICE_FAULT,
                "the device failed earlier, the context cannot be used: " + fault_);
  }
}

vk_status CudaDevice::usable() noexcept {
  return guarded([&] {
    requireUsable();
    use();
  });
}

template <class Body>
vk_status CudaDevice::noting(Body&& body) noexcept {
  const vk_status status = guarded([&] {
    requireUsable();
    use();
    body();
  });
  if (status == VK_DEVICE_FAULT) noteFault(vk_last_error());
  return status;
}

vk_status CudaDevice::allocate(int64_t bytes, void** memory) noexcept {
  return noting([&] {
    if (bytes < 0) invalidArgument("allocation of %lld bytes", static_cast<long long>(bytes));
    const std::lock_guard<std::mutex> lock(memory_->mutex);
    if (memory_->recording != nullptr && (*memory = memory_->takeSpare(bytes)) != nullptr) return;
    vk_memory_report& report = memory_->report;
    if (bytes > report.budget - report.in_use) {
      throw Error(
          VK_OUT_OF_MEMORY,
          format("allocation of %lld bytes, with %lld of the device's budget of %lld in use",
                 static_cast<long long>(bytes), static_cast<long long>(report.in_use),
                 static_cast<long long>(report.budget)));
    }
    // An empty tensor has an address as well: a view without one is missing.
    *memory = memory_->take(size_t(bytes > 0 ? bytes : 1), stream_);
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
  if (memory_->recording != nullptr) {
    memory_->recording->spare.emplace(found->second, memory);
    return;
  }
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

void CudaDevice::requireWaiting() const {
  if (memory_->recording != nullptr) {
    throw Error(VK_UNSUPPORTED, "what waits for the device cannot be recorded");
  }
}

vk_status CudaDevice::copy(void* to, const void* from, int64_t bytes) noexcept {
  return noting([&] {
    requireWaiting();
    check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDefault, stream_));
    check(cudaStreamSynchronize(stream_));
  });
}

vk_status CudaDevice::copyAsync(void* to, const void* from, int64_t bytes) noexcept {
  return noting(
      [&] { check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDefault, stream_)); });
}

vk_status CudaDevice::zero(void* memory, int64_t bytes) noexcept {
  return noting([&] { check(cudaMemsetAsync(memory, 0, size_t(bytes), stream_)); });
}

vk_status CudaDevice::synchronize() noexcept {
  return noting([&] {
    requireWaiting();
    check(cudaStreamSynchronize(stream_));
  });
}

void deliver(Context& context, void* host, const void* device, int64_t bytes) {
  deviceOf(context).requireWaiting();
  check(cudaMemcpyAsync(host, device, size_t(bytes), cudaMemcpyDefault, streamOf(context)));
  check(cudaStreamSynchronize(streamOf(context)));
}

vk_status CudaDevice::allocatePinned(int64_t bytes, void** memory) noexcept {
  return guarded([&] {
    use();
    const std::lock_guard<std::mutex> lock(memory_->mutex);
    check(cudaMallocHost(memory, size_t(bytes > 0 ? bytes : 1)));
    memory_->pinned.insert(*memory);
  });
}

void CudaDevice::freePinned(void* memory) noexcept {
  const std::lock_guard<std::mutex> lock(memory_->mutex);
  if (memory_->pinned.erase(memory) == 0) return;
  cudaSetDevice(index_);
  cudaFreeHost(memory);
}

vk_status CudaDevice::recordBegin() noexcept {
  return noting([&] {
    const std::lock_guard<std::mutex> lock(memory_->mutex);
    if (memory_->recording != nullptr) invalidArgument("the context records already");
    auto recording = std::make_unique<vk_recording>();
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed));
    memory_->recording = recording.get();
    memory_->recordings.insert(recording.release());
  });
}

vk_status CudaDevice::recordEnd(vk_recording** recording) noexcept {
  vk_recording* ended = nullptr;
  {
    const std::lock_guard<std::mutex> lock(memory_->mutex);
    ended = std::exchange(memory_->recording, nullptr);
  }
  const vk_status status = noting([&] {
    if (ended == nullptr) invalidArgument("the context does not record");
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream_, &graph));
    const cudaError_t error = cudaGraphInstantiate(&ended->work, graph, 0);
    cudaGraphDestroy(graph);
    check(error);
  });
  if (status == VK_OK && recording != nullptr) {
    *recording = ended;
  } else if (ended != nullptr) {
    release(ended);
  }
  return status;
}

vk_status CudaDevice::replay(vk_recording* recording) noexcept {
  return noting([&] {
    if (memory_->recordings.count(recording) == 0) {
      invalidArgument("the recording is not of this context");
    }
    check(cudaGraphLaunch(recording->work, stream_));
  });
}

void CudaDevice::destroy(vk_recording* recording) noexcept {
  if (memory_->recordings.count(recording) > 0) release(recording);
}

void CudaDevice::release(vk_recording* recording) noexcept {
  cudaSetDevice(index_);
  // It may be running.
  if (memory_->recording == nullptr) cudaStreamSynchronize(stream_);
  if (recording->work != nullptr) cudaGraphExecDestroy(recording->work);
  for (const auto& [bytes, block] : recording->spare) free(block);
  const std::lock_guard<std::mutex> lock(memory_->mutex);
  memory_->recordings.erase(recording);
  delete recording;
}

}  // namespace vk::cuda
