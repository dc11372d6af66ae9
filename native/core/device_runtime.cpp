#include "core/device_runtime.h"

#include <cstring>

namespace vk {
namespace {

/** Of a context with a device. */
DeviceRuntime& runtimeOf(const Context& context) {
  return *deviceRuntimePlugin(context.backend).of(context.device);
}

void requireDevice(const Context& context, const char* what) {
  if (context.device == nullptr) unsupported("%s: the context has no device", what);
}

void requireBytes(const char* what, int64_t bytes) {
  if (bytes < 0) invalidArgument("%s of %lld bytes", what, static_cast<long long>(bytes));
}

}  // namespace
}  // namespace vk

extern "C" {

vk_status vk_device_versions(vk_backend backend, int32_t* driver, int32_t* runtime) {
  return vk::guarded([&] {
    const vk::DeviceRuntimePlugin& plugin = vk::deviceRuntimePlugin(backend);
    vk::checkDevice(vk::devicePlugin(backend), plugin.versions(driver, runtime));
  });
}

vk_status vk_copy_async(vk_context* context, void* to, const void* from, int64_t bytes) {
  return vk::guarded([&] {
    vk::requireBytes("copy", bytes);
    if (bytes == 0) return;
    if (context->device == nullptr) {
      std::memcpy(to, from, static_cast<size_t>(bytes));
    } else {
      vk::checkDevice(*context->plugin, vk::runtimeOf(*context).copyAsync(to, from, bytes));
    }
  });
}

vk_status vk_zero(vk_context* context, void* memory, int64_t bytes) {
  return vk::guarded([&] {
    vk::requireBytes("zero", bytes);
    if (bytes == 0) return;
    if (context->device == nullptr) {
      std::memset(memory, 0, static_cast<size_t>(bytes));
    } else {
      vk::checkDevice(*context->plugin, vk::runtimeOf(*context).zero(memory, bytes));
    }
  });
}

vk_status vk_allocate_pinned(vk_context* context, int64_t bytes, void** memory) {
  return vk::guarded([&] {
    vk::requireBytes("allocation", bytes);
    vk::requireDevice(*context, "pinned memory");
    vk::checkDevice(*context->plugin, vk::runtimeOf(*context).allocatePinned(bytes, memory));
  });
}

void vk_free_pinned(vk_context* context, void* memory) {
  if (context->device != nullptr) vk::runtimeOf(*context).freePinned(memory);
}

vk_status vk_record_begin(vk_context* context) {
  return vk::guarded([&] {
    vk::requireDevice(*context, "recording");
    vk::checkDevice(*context->plugin, vk::runtimeOf(*context).recordBegin());
  });
}

vk_status vk_record_end(vk_context* context, vk_recording** recording) {
  return vk::guarded([&] {
    vk::requireDevice(*context, "recording");
    vk::checkDevice(*context->plugin, vk::runtimeOf(*context).recordEnd(recording));
  });
}

vk_status vk_replay(vk_context* context, vk_recording* recording) {
  return vk::guarded([&] {
    vk::requireDevice(*context, "recording");
    vk::checkCancelled(*context);
    vk::checkDevice(*context->plugin, vk::runtimeOf(*context).replay(recording));
  });
}

void vk_recording_destroy(vk_context* context, vk_recording* recording) {
  if (context->device != nullptr && recording != nullptr)
    vk::runtimeOf(*context).destroy(recording);
}

}  // extern "C"
