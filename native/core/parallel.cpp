#include "core/parallel.h"

#include <sched.h>
#include <algorithm>
#include <memory>
#include <mutex>
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include "core/threads.h"

namespace vk {

namespace {

// oneTBB keeps to one thread a core, and prints a warning when an arena asks for more. The limit is
// raised to the most that any context asked for, never lowered: arenas share the workers.
void allowThreads(int32_t threads) {
  static std::mutex mutex;
  static int32_t allowed = ThreadArena::availableThreads();
  static std::unique_ptr<tbb::global_control> control;
  const std::lock_guard<std::mutex> lock(mutex);
  if (threads <= allowed) return;
  control.reset();
  control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                  static_cast<size_t>(threads));
  allowed = threads;
}

}  // namespace

ThreadArena::ThreadArena(int32_t threads) : threads_(threads), arena_(threads) {
  allowThreads(threads);
}

int32_t ThreadArena::availableThreads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return 1;
}

void parallelChunks(Context& context, int64_t chunks, void (*body)(void*, int64_t), void* state) {
  if (context.arena->threads() == 1 || chunks <= 1) {
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      checkCancelled(context);
      body(state, chunk);
    }
    return;
  }
  std::atomic<bool> stopped{false};
  context.arena->arena().execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<int64_t>(0, chunks, 1),
        [&](const tbb::blocked_range<int64_t>& range) {
          for (int64_t chunk = range.begin(); chunk != range.end(); ++chunk) {
            if (context.cancelled.load(std::memory_order_relaxed)) {
              stopped.store(true, std::memory_order_relaxed);
              return;
            }
            body(state, chunk);
          }
        },
        tbb::simple_partitioner());
  });
  if (stopped) checkCancelled(context);
}

}  // namespace vk
