// What the library knows of a device: the CUDA plugins implement it. They are libraries of their
// own, loaded when a context asks for them, and no exception crosses between them and this one:
// what can fail returns a status, and the message is the plugin's last error.
#pragma once

#include <cstdint>

#include "core/context.h"
#include "voxkern/base.h"

namespace vk {

/** The CUDA implementations of one operation; `rows` and `call` are of its Args. */
struct DeviceTable {
  const char* operation;
  /** Of Implementation<Args>. */
  const void* rows;
  int64_t count;
  /** Runs a kernel of the table inside the plugin; see DeviceCall in registry/registry.h. */
  void (*call)();
};

class Device {
 public:
  virtual ~Device() = default;
  virtual vk_status allocate(int64_t bytes, void** memory) noexcept = 0;
  virtual void free(void* memory) noexcept = 0;
  virtual void trim() noexcept = 0;
  virtual vk_memory_report memory() const noexcept = 0;
  virtual vk_status copy(void* to, const void* from, int64_t bytes) noexcept = 0;
  virtual vk_status synchronize() noexcept = 0;
  /** VK_DEVICE_FAULT once the device has failed: nothing runs on the context any more. */
  virtual vk_status usable() noexcept = 0;
};

struct DevicePlugin {
  const char* (*lastError)();
  vk_status (*count)(int32_t* devices);
  vk_status (*describe)(int32_t index, vk_device_properties* properties);
  vk_status (*open)(int32_t index, int64_t memoryLimit, Device** device);
  /** One for each operation that has a CUDA implementation. */
  const DeviceTable* tables;
  int64_t tableCount;
};

/** Changes with everything above and with what kernels are handed. */
constexpr uint32_t kDevicePluginVersion = VK_ABI_VERSION;

/** The plugin of a CUDA backend; throws VK_UNSUPPORTED with the reason where there is none. */
const DevicePlugin& devicePlugin(vk_backend backend);
/** Throws what a call of the plugin failed with. */
void checkDevice(const DevicePlugin& plugin, vk_status status);

/** Null where the backend of the context has no implementation of the operation. */
const DeviceTable* deviceTable(const Context& context, const char* operation);

}  // namespace vk
