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

#if defined(__SANITIZE_THREAD__)
#include <exception>
#include <thread>
#include <vector>
#endif

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

#if defined(__SANITIZE_THREAD__)
/** body() on every thread of the arena. The thread sanitizer follows the threads of this; those of
 * oneTBB, whose library is not instrumented, it would take for racing. */
template <class Body>
void onAllThreads(ThreadArena& arena, const Body& body) {
  std::exception_ptr thrown;
  std::mutex mutex;
  const auto guarded = [&] {
    try {
      body();
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      thrown = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int32_t i = 1; i < arena.threads(); ++i) others.emplace_back(guarded);
  guarded();
  for (std::thread& other : others) other.join();
  if (thrown) std::rethrow_exception(thrown);
}

template <class Body>
void onEveryChunk(ThreadArena& arena, int64_t chunks, const Body& body) {
  std::atomic<int64_t> next{0};
  onAllThreads(arena, [&] {
    // No order between chunks but the one that the loop's end gives.
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
      if (!body(i)) return;
    }
  });
}
#else
/** body(chunk) for every chunk; false ends a thread's share. */
template <class Body>
void onEveryChunk(ThreadArena& arena, int64_t chunks, const Body& body) {
  arena.arena().execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<int64_t>(0, chunks, 1),
        [&](const tbb::blocked_range<int64_t>& range) {
          for (int64_t chunk = range.begin(); chunk != range.end(); ++chunk) {
            if (!body(chunk)) return;
          }
        },
        tbb::simple_partitioner());
  });
}
#endif

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
  onEveryChunk(*context.arena, chunks, [&](int64_t chunk) {
    if (context.cancelled.load(std::memory_order_relaxed)) {
      stopped.store(true, std::memory_order_relaxed);
      return false;
    }
    body(state, chunk);
    return true;
  });
  if (stopped) checkCancelled(context);
}

}  // namespace vk
