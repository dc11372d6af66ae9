#include "core/context.h"

#include <algorithm>

#include <cstring>

#include "core/device.h"
#include "core/memory.h"
#include "core/simd.h"
#include "core/threads.h"

vk_context::vk_context(const vk_context_options& options)
    : backend(options.backend == VK_BACKEND_AUTO ? VK_BACKEND_CPU : options.backend),
      isa(options.isa == VK_ISA_AUTO ? vk_processor_isa() : options.isa),
      arena(std::make_unique<vk::ThreadArena>(
          options.threads > 0 ? options.threads : vk::ThreadArena::availableThreads())),
      memory(std::make_unique<vk::MemoryPool>(
          options.memory_limit > 0 ? options.memory_limit : vk::MemoryPool::defaultLimit())),
      deviceIndex(options.device_index) {
  if (backend != VK_BACKEND_CUDA && backend != VK_BACKEND_CUDA_EMULATED) return;
  plugin = &vk::devicePlugin(backend);
  vk::checkDevice(*plugin, plugin->open(deviceIndex, options.memory_limit, &device));
}

vk_context::~vk_context() { delete device; }

namespace vk {

void checkCancelled(const Context& context) {
  if (context.cancelled.load(std::memory_order_relaxed)) throw Error(VK_CANCELLED, "cancelled");
}

namespace {

void checkOptions(const vk_context_options& options) {
  if (options.struct_size != sizeof(vk_context_options)) {
    invalidArgument(
        "context options have %u bytes, expected %zu: the binding and the library are of different "
        "versions",
        options.struct_size, sizeof(vk_context_options));
  }
  if (options.backend < VK_BACKEND_AUTO || options.backend > VK_BACKEND_CUDA_EMULATED) {
    invalidArgument("unknown backend %d", static_cast<int>(options.backend));
  }
  if (!processorHas(options.isa == VK_ISA_AUTO ? vk_processor_isa() : options.isa)) {
    unsupported("this processor does not have the instruction set %s", isaName(options.isa));
  }
  if (options.threads < 0 || options.threads > 4096) {
    invalidArgument("%d threads asked for, expected 1 to 4096, or 0 for every core",
                    options.threads);
  }
  if (options.memory_limit < 0) {
    invalidArgument(
        "a memory limit of %lld bytes, expected a positive number, or 0 for the default",
        static_cast<long long>(options.memory_limit));
  }
}

}  // namespace
}  // namespace vk

extern "C" {

uint32_t vk_abi_version(void) { return VK_ABI_VERSION; }

const char* vk_version(void) { return VOXKERN_VERSION; }

vk_status vk_context_create(const vk_context_options* options, vk_context** context) {
  return vk::guarded([&] {
    if (options == nullptr || context == nullptr)
      vk::invalidArgument("context options or result are missing");
    vk::checkOptions(*options);
    *context = new vk_context(*options);
  });
}

void vk_context_destroy(vk_context* context) { delete context; }

vk_backend vk_context_backend(const vk_context* context) { return context->backend; }

vk_isa vk_context_isa(const vk_context* context) { return context->isa; }

int32_t vk_context_threads(const vk_context* context) { return context->arena->threads(); }

vk_status vk_allocate(vk_context* context, int64_t bytes, void** memory) {
  return vk::guarded([&] {
    if (context->device == nullptr) {
      *memory = context->memory->allocate(bytes);
    } else {
      vk::checkDevice(*context->plugin, context->device->allocate(bytes, memory));
    }
  });
}

void vk_free(vk_context* context, void* memory) {
  if (context->device == nullptr) {
    context->memory->free(memory);
  } else {
    context->device->free(memory);
  }
}

void vk_trim(vk_context* context) {
  if (context->device == nullptr) {
    context->memory->trim();
  } else {
    context->device->trim();
  }
}

void vk_memory(const vk_context* context, vk_memory_report* report) {
  *report = context->device == nullptr ? context->memory->report() : context->device->memory();
}

vk_status vk_copy(vk_context* context, void* to, const void* from, int64_t bytes) {
  return vk::guarded([&] {
    if (bytes < 0) vk::invalidArgument("copy of %lld bytes", static_cast<long long>(bytes));
    if (bytes == 0) return;
    if (context->device == nullptr) {
      std::memcpy(to, from, static_cast<size_t>(bytes));
    } else {
      vk::checkDevice(*context->plugin, context->device->copy(to, from, bytes));
    }
  });
}

vk_status vk_synchronize(vk_context* context) {
  return vk::guarded([&] {
    if (context->device != nullptr) {
      vk::checkDevice(*context->plugin, context->device->synchronize());
    }
  });
}

void vk_cancel(vk_context* context, int32_t cancelled) { context->cancelled.store(cancelled != 0); }

int32_t vk_is_cancelled(const vk_context* context) { return context->cancelled.load() ? 1 : 0; }

}  // extern "C"
