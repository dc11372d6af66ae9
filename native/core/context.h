// A context: one thread arena, one memory budget, one choice of backend and instruction set.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/status.h"
#include "voxkern/base.h"

namespace vk {
class ThreadArena;
class MemoryPool;
class Device;
struct DevicePlugin;
}  // namespace vk

struct vk_context {
  explicit vk_context(const vk_context_options& options);
  ~vk_context();

  vk_backend backend;
  vk_isa isa;
  std::unique_ptr<vk::ThreadArena> arena;
  /** Of the host backends. */
  std::unique_ptr<vk::MemoryPool> memory;
  /** Of the CUDA backends; null for the others. */
  const vk::DevicePlugin* plugin = nullptr;
  vk::Device* device = nullptr;
  int32_t deviceIndex = 0;
  std::atomic<bool> cancelled{false};
  /** Operations on one context run one after the other; use several contexts to run several at
   * once. */
  std::mutex running;
};

namespace vk {

using Context = vk_context;

/** Throws VK_CANCELLED when cancellation was asked for. parallelFor does this before every chunk.
 */
void checkCancelled(const Context& context);

}  // namespace vk
