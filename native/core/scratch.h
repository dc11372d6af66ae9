// Dealing out a workspace: into parts, and to the bodies of a parallel loop.
#pragma once

#include <atomic>
#include <cstdint>

namespace vk {

/** Parts of a workspace, each on a 64-byte line; without memory it only measures. */
class WorkspaceLayout {
 public:
  explicit WorkspaceLayout(void* memory);
  template <class T>
  T* take(int64_t count) {
    return static_cast<T*>(takeBytes(count * static_cast<int64_t>(sizeof(T))));
  }
  /** Bytes to ask for, wherever the memory begins. */
  int64_t bytes() const { return used_ + kLine; }

 private:
  static constexpr int64_t kLine = 64;
  void* takeBytes(int64_t bytes);

  char* memory_;
  int64_t used_ = 0;
};

/** Hands out the numbers [0, slots): scratch areas for the bodies of a parallel loop, as many as
 * threads may run at once, so that a thread works in memory that is in its cache already. Results
 * must not depend on which one a body got. */
class ScratchSlots {
 public:
  explicit ScratchSlots(int32_t slots);
  ~ScratchSlots();
  ScratchSlots(const ScratchSlots&) = delete;
  ScratchSlots& operator=(const ScratchSlots&) = delete;

  /** Never fails while no more bodies run at once than there are slots; spins otherwise. */
  int32_t acquire();
  void release(int32_t slot);

 private:
  static constexpr int32_t kInline = 64;
  int32_t slots_;
  std::atomic<bool> inline_[kInline];
  std::atomic<bool>* taken_;
};

}  // namespace vk
