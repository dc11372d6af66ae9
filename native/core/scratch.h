// Scratch areas for the bodies of a parallel loop: as many as threads may run at once, so that a
// thread keeps working in memory that is already in its cache.
#pragma once

#include <atomic>
#include <cstdint>

namespace vk {

/** Hands out the numbers [0, slots). Results must not depend on which one a body got. */
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
