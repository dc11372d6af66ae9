// The rest of a device: copies that nobody waits for, pinned memory, recordings. Apart from
// device.h, which every operation includes and none needs this of.
#pragma once

#include <cstdint>

#include "core/device.h"
#include "voxkern/device.h"

namespace vk {

/** A CUDA device has this beside Device; what holds for that holds here. */
class DeviceRuntime {
 public:
  virtual vk_status copyAsync(void* to, const void* from, int64_t bytes) noexcept = 0;
  virtual vk_status zero(void* memory, int64_t bytes) noexcept = 0;
  virtual vk_status allocatePinned(int64_t bytes, void** memory) noexcept = 0;
  virtual void freePinned(void* memory) noexcept = 0;
  virtual vk_status recordBegin() noexcept = 0;
  virtual vk_status recordEnd(vk_recording** recording) noexcept = 0;
  virtual vk_status replay(vk_recording* recording) noexcept = 0;
  virtual void destroy(vk_recording* recording) noexcept = 0;

 protected:
  ~DeviceRuntime() = default;
};

/** What a plugin's function `vk_device_runtime` gives. */
struct DeviceRuntimePlugin {
  vk_status (*versions)(int32_t* driver, int32_t* runtime);
  DeviceRuntime* (*of)(Device* device);
};

/** Throws as devicePlugin does. */
const DeviceRuntimePlugin& deviceRuntimePlugin(vk_backend backend);

}  // namespace vk
