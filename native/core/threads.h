#pragma once

#include <oneapi/tbb/task_arena.h>

#include <cstdint>

namespace vk {

/** A oneTBB arena of a fixed size. */
class ThreadArena {
 public:
  explicit ThreadArena(int32_t threads);
  int32_t threads() const { return threads_; }
  tbb::task_arena& arena() { return arena_; }

  /** Cores this process may run on. */
  static int32_t availableThreads();

 private:
  int32_t threads_;
  tbb::task_arena arena_;
};

}  // namespace vk
