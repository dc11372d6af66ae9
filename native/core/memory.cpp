#include "core/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <algorithm>

#include "core/status.h"

namespace vk {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kHugePage = int64_t{2} << 20;

// Sizes are rounded so that near-equal requests share blocks: to 4 KiB below a huge page, to 1/8 of
// the size above.
int64_t roundedSize(int64_t bytes) {
  const int64_t step =
      bytes < kHugePage
          ? 4096
          : std::max(kHugePage, int64_t{1} << (60 - __builtin_clzll(static_cast<uint64_t>(bytes))));
  return std::max<int64_t>(1, (bytes + step - 1) / step) * step;
}

int64_t readLimit(const char* path) {
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return INT64_MAX;
  long long value = 0;
  const int read = std::fscanf(file, "%lld", &value);  // "max" reads as nothing
  std::fclose(file);
  return read == 1 && value > 0 ? value : INT64_MAX;
}

}  // namespace

MemoryPool::MemoryPool(int64_t limit) { report_.budget = limit; }

MemoryPool::~MemoryPool() {
  for (const auto& [block, size] : sizes_) std::free(block);
}

int64_t MemoryPool::defaultLimit() {
  int64_t bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  bytes = std::min(bytes, readLimit("/sys/fs/cgroup/memory.max"));
  bytes = std::min(bytes, readLimit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  return bytes / 10 * 8;
}

void* MemoryPool::allocate(int64_t bytes) {
  if (bytes < 0) invalidArgument("allocate: %lld bytes asked for", static_cast<long long>(bytes));
  if (bytes > (int64_t{1} << 55)) {
    throw Error(VK_OUT_OF_MEMORY, format("allocate: %lld bytes are more than a machine has",
                                         static_cast<long long>(bytes)));
  }
  const int64_t size = roundedSize(bytes);
  const std::lock_guard<std::mutex> lock(mutex_);
  void* block = nullptr;
  const auto cached = cachedBySize_.find(size);
  if (cached != cachedBySize_.end()) {
    block = cached->second.back();
    cached->second.pop_back();
    if (cached->second.empty()) cachedBySize_.erase(cached);
    report_.cached -= size;
  } else {
    if (report_.in_use + report_.cached + size > report_.budget) trimLocked();
    if (report_.in_use + size > report_.budget) {
      throw Error(
          VK_OUT_OF_MEMORY,
          format("%lld bytes asked for, but %lld of the context's budget of %lld bytes are in use",
                 static_cast<long long>(bytes), static_cast<long long>(report_.in_use),
                 static_cast<long long>(report_.budget)));
    }
    block = std::aligned_alloc(static_cast<size_t>(size >= kHugePage ? kHugePage : kAlignment),
                               static_cast<size_t>(size));
    if (block == nullptr) throw std::bad_alloc();
    // Huge pages where the system allows them: a volume's gathers otherwise miss the TLB on most
    // loads.
    if (size >= kHugePage) madvise(block, static_cast<size_t>(size), MADV_HUGEPAGE);
    sizes_[block] = size;
  }
  report_.in_use += size;
  report_.high_water = std::max(report_.high_water, report_.in_use);
  return block;
}

void MemoryPool::free(void* memory) {
  if (memory == nullptr) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = sizes_.find(memory);
  if (entry == sizes_.end()) return;
  cachedBySize_[entry->second].push_back(memory);
  report_.in_use -= entry->second;
  report_.cached += entry->second;
}

void MemoryPool::trim() {
  const std::lock_guard<std::mutex> lock(mutex_);
  trimLocked();
}

void MemoryPool::trimLocked() {
  for (auto& [size, blocks] : cachedBySize_) {
    for (void* block : blocks) {
      sizes_.erase(block);
      std::free(block);
      report_.cached -= size;
    }
  }
  cachedBySize_.clear();
}

vk_memory_report MemoryPool::report() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return report_;
}

}  // namespace vk
