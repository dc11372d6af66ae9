#include "core/scratch.h"

#include <thread>

namespace vk {

WorkspaceLayout::WorkspaceLayout(void* memory) : memory_(static_cast<char*>(memory)) {
  if (memory == nullptr) return;
  const auto address = reinterpret_cast<uintptr_t>(memory);
  memory_ += (kLine - address % kLine) % kLine;
}

void* WorkspaceLayout::takeBytes(int64_t bytes) {
  void* part = memory_ == nullptr ? nullptr : memory_ + used_;
  used_ += (bytes + kLine - 1) / kLine * kLine;
  return part;
}

ScratchSlots::ScratchSlots(int32_t slots)
    : slots_(slots), taken_(slots <= kInline ? inline_ : new std::atomic<bool>[size_t(slots)]) {
  for (int32_t slot = 0; slot < slots; ++slot) taken_[slot].store(false);
}

ScratchSlots::~ScratchSlots() {
  if (taken_ != inline_) delete[] taken_;
}

int32_t ScratchSlots::acquire() {
  for (;;) {
    for (int32_t slot = 0; slot < slots_; ++slot) {
      if (!taken_[slot].load(std::memory_order_relaxed) &&
          !taken_[slot].exchange(true, std::memory_order_acquire)) {
        return slot;
      }
    }
    std::this_thread::yield();
  }
}

void ScratchSlots::release(int32_t slot) { taken_[slot].store(false, std::memory_order_release); }

}  // namespace vk
