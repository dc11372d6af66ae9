// What the library finds when it loads this one: the devices, and the CUDA implementations of the
// operations, each of which is a table in kernels/<op>/<op>_cuda.cu.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "cuda/cuda_device.h"
#include "cuda/cuda_table.h"
#include "registry/registry.h"

namespace vk {

// An operation without CUDA kernels yet has no such function.
#define VK_OPERATION(name, Args) \
  struct Args;                   \
  extern "C" __attribute__((weak)) CudaImplementations<Args> name##Cuda();
#include "registry/operations.inc"
#undef VK_OPERATION

namespace {

template <class Args>
void add(std::vector<DeviceTable>& tables, const char* name, CudaImplementations<Args> (*rows)()) {
  if (rows == nullptr) return;
  const CudaImplementations<Args> found = rows();
  tables.push_back({name, found.rows.data(), static_cast<int64_t>(found.rows.size()),
                    reinterpret_cast<void (*)()>(found.call)});
}

const std::vector<DeviceTable>& tables() {
  static const std::vector<DeviceTable> all = [] {
    std::vector<DeviceTable> list;
#define VK_OPERATION(name, Args) add<Args>(list, #name, &name##Cuda);
#include "registry/operations.inc"
#undef VK_OPERATION
    return list;
  }();
  return all;
}

vk_status versions(int32_t* driver, int32_t* runtime) {
  return guarded([&] {
    cuda::check(cudaDriverGetVersion(driver));
    cuda::check(cudaRuntimeGetVersion(runtime));
  });
}

/** "13.1" of 13010. */
std::string versionText(int version) {
  return format("%d.%d", version / 1000, version % 1000 / 10);
}

vk_status countDevices(int32_t* devices) {
  return guarded([&] {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    int driver = 0, runtime = 0;
    if (error == cudaErrorInsufficientDriver && cudaDriverGetVersion(&driver) == cudaSuccess &&
        cudaRuntimeGetVersion(&runtime) == cudaSuccess) {
      cudaGetLastError();
      if (driver == 0) unsupported("no CUDA device: there is no NVIDIA driver");
      unsupported("no CUDA device: the NVIDIA driver is for CUDA %s, and this needs one for %s",
                  versionText(driver).c_str(), versionText(runtime).c_str());
    }
    cuda::check(error);
    *devices = count;
  });
}

vk_status describeDevice(int32_t index, vk_device_properties* properties) {
  return guarded([&] {
    cudaDeviceProp found;
    cuda::check(cudaGetDeviceProperties(&found, index));
    *properties = {};
    std::snprintf(properties->name, sizeof properties->name, "%s", found.name);
    properties->compute_major = found.major;
    properties->compute_minor = found.minor;
    properties->multiprocessors = found.multiProcessorCount;
    size_t free = 0, total = 0;
    cuda::check(cudaSetDevice(index));
    cuda::check(cudaMemGetInfo(&free, &total));
    properties->memory_bytes = static_cast<int64_t>(total);
    properties->free_bytes = static_cast<int64_t>(free);
  });
}

vk_status openDevice(int32_t index, int64_t memoryLimit, Device** device) {
  int32_t count = 0;
  // It says best why there is none.
  const vk_status status = countDevices(&count);
  if (status != VK_OK) return status;
  return guarded([&] { *device = new cuda::CudaDevice(index, memoryLimit); });
}

DeviceRuntime* runtimeOf(Device* device) { return static_cast<cuda::CudaDevice*>(device); }

}  // namespace
}  // namespace vk

extern "C" VK_API const vk::DevicePlugin* vk_device_plugin(uint32_t version) {
  if (version != vk::kDevicePluginVersion) return nullptr;
  static const vk::DevicePlugin plugin{
      vk_last_error,  vk::countDevices,    vk::describeDevice,
      vk::openDevice, vk::tables().data(), static_cast<int64_t>(vk::tables().size())};
  return &plugin;
}

extern "C" VK_API const vk::DeviceRuntimePlugin* vk_device_runtime() {
  static const vk::DeviceRuntimePlugin plugin{vk::versions, vk::runtimeOf};
  return &plugin;
}
