// Streams, events, graphs and memory of the emulated device.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#if defined(__linux__)
#include <dlfcn.h>
#endif
#include <cxxabi.h>

#include "emulator.h"

namespace vk::emulator {

using Work = std::function<void()>;

struct Graph {
  std::vector<Work> work;
};

struct Stream {
  std::deque<Work> work;
  /** While it is being captured. */
  Graph* capture = nullptr;
};

struct Event {
  Stream* stream = nullptr;
  bool done = true;
  std::chrono::steady_clock::time_point when;
};

namespace {

/** What a process has of the emulated device. One lock: work of two contexts runs in turn. */
struct DeviceState {
  std::recursive_mutex mutex;
  std::vector<Stream*> streams;
  std::map<const void*, int> sharedLimit;
  /** Sticks once a kernel has failed. */
  cudaError_t fault = cudaSuccess;
  size_t used = 0;
  std::map<void*, size_t> allocations;
};

DeviceState& device() {
  static DeviceState* const state = new DeviceState;
  return *state;
}

using Lock = std::lock_guard<std::recursive_mutex>;

thread_local cudaError_t lastError = cudaSuccess;
thread_local int currentDevice = 0;

cudaError_t result(cudaError_t error) {
  if (error != cudaSuccess) lastError = error;
  return error;
}

size_t number(const char* variable, size_t otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

size_t memoryLimit() { return number("VOXKERN_EMULATOR_MEMORY", size_t{4} << 30); }
int deviceCount() { return int(number("VOXKERN_EMULATOR_DEVICES", 1)); }
constexpr int kRuntimeVersion = 13000;
int driverVersion() { return int(number("VOXKERN_EMULATOR_DRIVER", kRuntimeVersion)); }

void drain(Stream& stream) {
  while (!stream.work.empty()) {
    const Work work = std::move(stream.work.front());
    stream.work.pop_front();
    if (device().fault == cudaSuccess) work();
  }
}

cudaError_t enqueue(Stream* stream, Work work) {
  const Lock lock(device().mutex);
  if (device().fault != cudaSuccess) return result(device().fault);
  if (stream == nullptr) return result(cudaErrorInvalidValue);
  if (stream->capture != nullptr) {
    stream->capture->work.push_back(std::move(work));
  } else {
    stream->work.push_back(std::move(work));
  }
  return cudaSuccess;
}

cudaError_t drainAll() {
  for (size_t i = 0; i < device().streams.size(); ++i) drain(*device().streams[i]);
  return result(device().fault);
}

}  // namespace

std::string kernelName(const void* kernel) {
  Dl_info info{};
  if (dladdr(kernel, &info) != 0 && info.dli_sname != nullptr && info.dli_saddr == kernel) {
    int status = 0;
    char* const name = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
    const std::string text = status == 0 ? name : info.dli_sname;
    std::free(name);
    return text;
  }
  char text[32];
  std::snprintf(text, sizeof text, "at %p", kernel);
  return text;
}

namespace {

/** Adds what ran to the file VOXKERN_EMULATOR_KERNELS when the process ends: a line a kernel, where
 * it lies in the library. */
class RunLog {
 public:
  ~RunLog() {
    const char* const path = std::getenv("VOXKERN_EMULATOR_KERNELS");
    std::FILE* const file = path != nullptr ? std::fopen(path, "a") : nullptr;
    if (file == nullptr) return;
    std::string lines;
    for (const void* kernel : kernels_) {
      Dl_info info{};
      if (dladdr(kernel, &info) == 0) continue;
      char line[32];
      std::snprintf(line, sizeof line, "%016zx\n", size_t(kernel) - size_t(info.dli_fbase));
      lines += line;
    }
    // In one piece: other processes write as well.
    std::fwrite(lines.data(), 1, lines.size(), file);
    std::fclose(file);
  }
  void note(const void* kernel) { kernels_.insert(kernel); }

 private:
  std::set<const void*> kernels_;
};

RunLog& runLog() {
  static RunLog log;
  return log;
}

}  // namespace

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, Work thread) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  const uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.z > 64 || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
      grid.x > 0x7FFFFFFFu || grid.y > 65535 || grid.z > 65535) {
    return result(cudaErrorInvalidConfiguration);
  }
  const Lock lock(device().mutex);
  const auto limit = device().sharedLimit.find(kernel);
  const size_t most = limit != device().sharedLimit.end() ? size_t(limit->second) : kSharedDefault;
  if (config.dynamicSmemBytes > most) return result(cudaErrorInvalidValue);
  KernelLaunch launch{grid, block, config.dynamicSmemBytes, kernel, std::move(thread)};
  return enqueue(config.stream, [launch = std::move(launch)] {
    // VOXKERN_EMULATOR_FAULT=N lets the N-th kernel of the process fail.
    static const size_t failing = number("VOXKERN_EMULATOR_FAULT", 0);
    static size_t launched = 0;
    runLog().note(launch.kernel);
    if (++launched == failing || !runKernel(launch)) device().fault = cudaErrorLaunchFailure;
  });
}

cudaError_t setAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || size_t(value) > kSharedMost) return result(cudaErrorInvalidValue);
  const Lock lock(device().mutex);
  device().sharedLimit[kernel] = value;
  return cudaSuccess;
}

cudaError_t occupancy(int* blocks, int blockSize, size_t dynamicBytes) {
  const int byThreads = 2048 / std::max(blockSize, 32);
  const int byShared = dynamicBytes > 0 ? int((228 * 1024) / (dynamicBytes + 1024)) : 32;
  *blocks = std::min({byThreads, byShared, 32});
  return cudaSuccess;
}

}  // namespace vk::emulator

using namespace vk::emulator;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorNotReady:
      return "cudaErrorNotReady";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorNotSupported:
      return "cudaErrorNotSupported";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
  }
  return "unknown error";
}

const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

cudaError_t cudaGetLastError() { return std::exchange(lastError, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return lastError; }

// --- devices

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (driverVersion() < kRuntimeVersion) return result(cudaErrorInsufficientDriver);
  *count = deviceCount();
  return *count > 0 ? cudaSuccess : result(cudaErrorNoDevice);
}
cudaError_t cudaGetDevice(int* index) {
  *index = currentDevice;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int index) {
  if (index < 0 || index >= deviceCount()) return result(cudaErrorInvalidDevice);
  currentDevice = index;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int index) {
  if (index < 0 || index >= deviceCount()) return result(cudaErrorInvalidDevice);
  *properties = {};
  std::strcpy(properties->name, "Voxkern's emulated CUDA device");
  properties->totalGlobalMem = memoryLimit();
  properties->sharedMemPerBlock = kSharedDefault;
  properties->sharedMemPerBlockOptin = kSharedMost;
  properties->sharedMemPerMultiprocessor = kSharedMost + 1024;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  properties->maxThreadsPerMultiProcessor = 2048;
  properties->multiProcessorCount = 4;
  properties->major = 9;
  properties->minor = 0;
  properties->l2CacheSize = 50 << 20;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int index) {
  cudaDeviceProp properties;
  const cudaError_t error = cudaGetDeviceProperties(&properties, index);
  if (error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = int(properties.sharedMemPerBlockOptin);
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = properties.multiProcessorCount;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = properties.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = properties.minor;
      break;
  }
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  const Lock lock(device().mutex);
  return drainAll();
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const Lock lock(device().mutex);
  *total = memoryLimit();
  *free = *total - std::min(*total, device().used);
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = driverVersion();
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kRuntimeVersion;
  return cudaSuccess;
}

// --- streams, events, graphs

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Lock lock(device().mutex);
  *stream = new Stream;
  device().streams.push_back(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Lock lock(device().mutex);
  drain(*stream);
  std::erase(device().streams, stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (stream->capture != nullptr) return result(cudaErrorStreamCaptureUnsupported);
  drain(*stream);
  return result(device().fault);
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const Lock lock(device().mutex);
  return stream->work.empty() ? device().fault : cudaErrorNotReady;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return enqueue(stream, [event] {
    while (!event->done && event->stream != nullptr && !event->stream->work.empty()) {
      const Work work = std::move(event->stream->work.front());
      event->stream->work.pop_front();
      work();
    }
  });
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*), void* data) {
  return enqueue(stream, [function, data] { function(data); });
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new Event;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->done = false;
  event->stream = stream;
  return enqueue(stream, [event] {
    event->done = true;
    event->when = std::chrono::steady_clock::now();
  });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return event->stream != nullptr ? cudaStreamSynchronize(event->stream) : cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (!begin->done || !end->done) return result(cudaErrorNotReady);
  *milliseconds = std::chrono::duration<float, std::milli>(end->when - begin->when).count();
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const Lock lock(device().mutex);
  if (stream->capture != nullptr) return result(cudaErrorStreamCaptureUnsupported);
  stream->capture = new Graph;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Lock lock(device().mutex);
  *graph = std::exchange(stream->capture, nullptr);
  return *graph != nullptr ? cudaSuccess : result(cudaErrorInvalidValue);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  *executable = new Graph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const Work& work : executable->work) {
    const cudaError_t error = enqueue(stream, work);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

// --- memory: each allocation is one of malloc's, exactly as large as asked for, so that the
// address sanitizer knows its ends.

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  const Lock lock(device().mutex);
  *memory = nullptr;
  if (device().used + bytes > memoryLimit()) return result(cudaErrorMemoryAllocation);
  void* block = nullptr;
  if (posix_memalign(&block, 256, std::max<size_t>(bytes, 1)) != 0) {
    return result(cudaErrorMemoryAllocation);
  }
  // Device memory holds what the last owner left in it.
  std::memset(block, 0xFF, bytes);
  device().used += bytes;
  device().allocations[block] = bytes;
  declareDevice(block, bytes);
  *memory = block;
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  const Lock lock(device().mutex);
  if (memory == nullptr) return cudaSuccess;
  drainAll();
  const auto found = device().allocations.find(memory);
  if (found == device().allocations.end()) return result(cudaErrorInvalidValue);
  device().used -= found->second;
  device().allocations.erase(found);
  forgetDevice(memory);
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t) {
  return cudaMalloc(memory, bytes);
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  return enqueue(stream, [memory] {
    const auto found = device().allocations.find(memory);
    device().used -= found->second;
    device().allocations.erase(found);
    forgetDevice(memory);
    std::free(memory);
  });
}
// Nothing is kept for reuse: a use after it is freed has to be found.
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = 0;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  const Lock lock(device().mutex);
  *static_cast<uint64_t*>(value) = device().used;
  return cudaSuccess;
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
cudaError_t cudaMallocHost(void** memory, size_t bytes) {
  *memory = std::malloc(std::max<size_t>(bytes, 1));
  return *memory != nullptr ? cudaSuccess : result(cudaErrorMemoryAllocation);
}
cudaError_t cudaFreeHost(void* memory) {
  const Lock lock(device().mutex);
  drainAll();
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return enqueue(stream, [to, from, bytes] { std::memcpy(to, from, bytes); });
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  const Lock lock(device().mutex);
  const cudaError_t error = drainAll();
  if (error == cudaSuccess) std::memcpy(to, from, bytes);
  return error;
}
cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream) {
  return enqueue(stream, [memory, value, bytes] { std::memset(memory, value, bytes); });
}
cudaError_t cudaMemset(void* memory, int value, size_t bytes) {
  const Lock lock(device().mutex);
  const cudaError_t error = drainAll();
  if (error == cudaSuccess) std::memset(memory, value, bytes);
  return error;
}

// --- what libraries that stand in for NVIDIA's need of the device; they find it by name

extern "C" __attribute__((visibility("default"))) int vk_emulator_enqueue(void* stream,
                                                                          void (*function)(void*),
                                                                          void* data) {
  return int(cudaLaunchHostFunc(static_cast<cudaStream_t>(stream), function, data));
}

/** From an address to the end of its allocation; 0 outside of device memory. */
extern "C" __attribute__((visibility("default"))) size_t vk_emulator_device_bytes(
    const void* memory) {
  const Lock lock(device().mutex);
  const auto& all = device().allocations;
  auto found = all.upper_bound(const_cast<void*>(memory));
  if (found == all.begin()) return 0;
  --found;
  const size_t at = size_t(static_cast<const char*>(memory) - static_cast<char*>(found->first));
  return at < found->second ? found->second - at : 0;
}
