#include "core/device.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "core/device_cudnn.h"
#include "core/device_runtime.h"

namespace vk {
namespace {

struct Loaded {
  const DevicePlugin* plugin = nullptr;
  const DeviceRuntimePlugin* runtime = nullptr;
  const CudnnPlugin* cudnn = nullptr;
  /** Why there is none. */
  std::string reason;
};

/** The folder of this library, with its last slash. */
std::string ownFolder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&vk_abi_version), &info) == 0) return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

/** Where a backend's library is looked for. */
std::string libraryOf(vk_backend backend) {
  std::string name =
      backend == VK_BACKEND_CUDA ? "libvoxkern_cuda.so" : "libvoxkern_cuda_emulated.so";
#ifdef VK_CASES
  // The build for the cases has another one, which looks for races.
  const char* const variant = std::getenv("VOXKERN_CUDA_EMULATED");
  if (backend == VK_BACKEND_CUDA_EMULATED && variant != nullptr) name = variant;
#endif
  return ownFolder() + name;
}

Loaded load(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const error = dlerror();
    return {nullptr, nullptr, nullptr, error != nullptr ? error : path + " could not be loaded"};
  }
  using Entry = const DevicePlugin*(uint32_t);
  using RuntimeEntry = const DeviceRuntimePlugin*();
  using CudnnEntry = const CudnnPlugin*();
  Entry* const entry = reinterpret_cast<Entry*>(dlsym(library, "vk_device_plugin"));
  RuntimeEntry* const runtime =
      reinterpret_cast<RuntimeEntry*>(dlsym(library, "vk_device_runtime"));
  CudnnEntry* const cudnn = reinterpret_cast<CudnnEntry*>(dlsym(library, "vk_device_cudnn"));
  const DevicePlugin* const plugin = entry != nullptr && runtime != nullptr && cudnn != nullptr
                                         ? entry(kDevicePluginVersion)
                                         : nullptr;
  if (plugin == nullptr) {
    return {nullptr, nullptr, nullptr, path + " is of another version than this library"};
  }
  return {plugin, runtime(), cudnn(), ""};
}

struct Libraries {
  std::mutex mutex;
  std::map<vk_backend, Loaded> loaded;
  std::map<vk_backend, std::string> paths;
};

Libraries& libraries() {
  static Libraries all;
  return all;
}

/** Loaded once a process, and kept. */
const Loaded& loaded(vk_backend backend) {
  if (backend != VK_BACKEND_CUDA && backend != VK_BACKEND_CUDA_EMULATED) {
    invalidArgument("backend %d has no devices", static_cast<int>(backend));
  }
  Libraries& all = libraries();
  const std::lock_guard<std::mutex> lock(all.mutex);
  auto found = all.loaded.find(backend);
  if (found == all.loaded.end()) {
    const auto given = all.paths.find(backend);
    const std::string path = given != all.paths.end() ? given->second : libraryOf(backend);
    found = all.loaded.emplace(backend, load(path)).first;
  }
  if (found->second.plugin == nullptr) {
    unsupported("no CUDA backend: %s", found->second.reason.c_str());
  }
  return found->second;
}

}  // namespace

const DevicePlugin& devicePlugin(vk_backend backend) { return *loaded(backend).plugin; }

const DeviceRuntimePlugin& deviceRuntimePlugin(vk_backend backend) {
  return *loaded(backend).runtime;
}

void checkDevice(const DevicePlugin& plugin, vk_status status) {
  if (status != VK_OK) throw Error(status, plugin.lastError());
}

const DeviceTable* deviceTable(const Context& context, const char* operation) {
  for (int64_t i = 0; i < context.plugin->tableCount; ++i) {
    const DeviceTable& table = context.plugin->tables[i];
    if (std::strcmp(table.operation, operation) == 0) return &table;
  }
  return nullptr;
}

}  // namespace vk

extern "C" {

vk_status vk_device_library(vk_backend backend, const char* path) {
  return vk::guarded([&] {
    if (path == nullptr) vk::invalidArgument("the path of the library is missing");
    vk::Libraries& all = vk::libraries();
    const std::lock_guard<std::mutex> lock(all.mutex);
    if (all.loaded.count(backend) > 0) {
      vk::invalidArgument("the library of backend %d is loaded already", static_cast<int>(backend));
    }
    all.paths[backend] = path;
  });
}

vk_status vk_device_count(vk_backend backend, int32_t* count) {
  return vk::guarded([&] {
    const vk::DevicePlugin& plugin = vk::devicePlugin(backend);
    vk::checkDevice(plugin, plugin.count(count));
  });
}

vk_status vk_device_describe(vk_backend backend, int32_t device_index,
                             vk_device_properties* properties) {
  return vk::guarded([&] {
    const vk::DevicePlugin& plugin = vk::devicePlugin(backend);
    vk::checkDevice(plugin, plugin.describe(device_index, properties));
  });
}

vk_status vk_cudnn_configure(vk_backend backend, const char* library, vk_cudnn_use use) {
  return vk::guarded([&] {
    vk::checkDevice(vk::devicePlugin(backend), vk::loaded(backend).cudnn->configure(library, use));
  });
}

vk_status vk_cudnn_describe(vk_backend backend, vk_cudnn_report* report) {
  return vk::guarded([&] {
    vk::checkDevice(vk::devicePlugin(backend), vk::loaded(backend).cudnn->describe(report));
  });
}

}  // extern "C"
