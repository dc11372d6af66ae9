#include "core/device.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace vk {
namespace {

struct Loaded {
  const DevicePlugin* plugin = nullptr;
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

Loaded load(vk_backend backend) {
  std::string name =
      backend == VK_BACKEND_CUDA ? "libvoxkern_cuda.so" : "libvoxkern_cuda_emulated.so";
#ifdef VK_CASES
  // The build for the cases has another one, which looks for races.
  const char* const variant = std::getenv("VOXKERN_CUDA_EMULATED");
  if (backend == VK_BACKEND_CUDA_EMULATED && variant != nullptr) name = variant;
#endif
  void* const library = dlopen((ownFolder() + name).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const error = dlerror();
    return {nullptr, error != nullptr ? error : name + " could not be loaded"};
  }
  using Entry = const DevicePlugin*(uint32_t);
  Entry* const entry = reinterpret_cast<Entry*>(dlsym(library, "vk_device_plugin"));
  const DevicePlugin* const plugin = entry != nullptr ? entry(kDevicePluginVersion) : nullptr;
  if (plugin == nullptr) return {nullptr, name + " is of another version than this library"};
  return {plugin, ""};
}

/** Loaded once a process, and kept. */
const Loaded& loaded(vk_backend backend) {
  static std::mutex mutex;
  static std::map<vk_backend, Loaded> all;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = all.find(backend);
  return found != all.end() ? found->second : all.emplace(backend, load(backend)).first->second;
}

}  // namespace

const DevicePlugin& devicePlugin(vk_backend backend) {
  if (backend != VK_BACKEND_CUDA && backend != VK_BACKEND_CUDA_EMULATED) {
    invalidArgument("backend %d has no devices", static_cast<int>(backend));
  }
  const Loaded& plugin = loaded(backend);
  if (plugin.plugin == nullptr) unsupported("no CUDA backend: %s", plugin.reason.c_str());
  return *plugin.plugin;
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

}  // extern "C"
