#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "voxkern/base.h"

namespace vk {

/**
 * Aligned host memory with a budget. Freed blocks are kept and handed out again, because mapping
 * fresh pages for a volume costs as much as a kernel's pass over it; they are given back to the
 * system when the budget would otherwise be passed.
 */
class MemoryPool {
 public:
  explicit MemoryPool(int64_t limit);
  ~MemoryPool();

  void* allocate(int64_t bytes);
  void free(void* memory);
  void trim();
  vk_memory_report report() const;

  /** 80 % of the machine's memory or of the process's cgroup limit, whichever is less. */
  static int64_t defaultLimit();

 private:
  void trimLocked();

  mutable std::mutex mutex_;
  std::unordered_map<void*, int64_t> sizes_;            // every block this pool holds
  std::map<int64_t, std::vector<void*>> cachedBySize_;  // those not in use
  vk_memory_report report_{};
};

}  // namespace vk
