// The race detector: the kernels are compiled with -fsanitize=thread, whose call-backs are these
// and not those of the compiler's own library. Every byte of shared memory and of device memory has
// a shadow of who wrote and who read it last. Two accesses of which one writes are a race when
// nothing orders them: different threads of a block with no barrier between them (within a warp, no
// warp operation), or different blocks of one launch. Bytes of shared memory that were never
// written are found when they are read.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "emulator.h"

namespace vk::emulator {
namespace {

/** When and by whom something was accessed, in 64 bits: a kernel reads a few values for each
 * product, and each of these reads comes here. `interval` counts the stretches between the barriers
 * of every block since the process began, so it says the block and the launch as well; 0 is never.
 */
struct Stamp {
  uint64_t bits = 0;

  Stamp() = default;
  Stamp(uint32_t interval, unsigned thread, uint32_t warpTime, bool atomic)
      : bits(uint64_t(interval) << 32 | uint64_t(thread) << 22 |
             uint64_t(warpTime & 0x1FFFFFu) << 1 | uint64_t(atomic)) {}
  uint32_t interval() const { return uint32_t(bits >> 32); }
  unsigned thread() const { return unsigned(bits >> 22) & 0x3FFu; }
  uint32_t warpTime() const { return uint32_t(bits >> 1) & 0x1FFFFFu; }
  bool atomic() const { return (bits & 1) != 0; }
};

struct Shadow {
  Stamp write;
  /** Of the reads since: one, and another thread's. */
  Stamp read;
  Stamp otherRead;
};

struct Region {
  const char* begin = nullptr;
  size_t bytes = 0;
  bool shared = false;
  /** First interval of the block that declared it, of shared memory: its shadows outlive the block,
   * since the next one mostly has the same arrays. */
  uint32_t block = 0;
  /** A shadow is of 4 bytes until an access takes a part of them, then of 1: their logarithm. */
  unsigned shift = 2;
  std::vector<Shadow> shadows;

  bool holds(const char* address) const { return address >= begin && address < begin + bytes; }
  const char* end() const { return begin + bytes; }
  void split() {
    std::vector<Shadow> each(bytes);
    for (size_t i = 0; i < bytes; ++i) each[i] = shadows[i >> shift];
    shadows = std::move(each);
    shift = 0;
  }
};

/** Some memory that accesses came to lately: a region, or a gap between two (stacks above all). */
struct Recent {
  const char* begin = nullptr;
  size_t bytes = 0;
  Region* region = nullptr;
};

constexpr int kNobody = -1;

struct Detector {
  std::map<const char*, Region> regions;
  Recent recent[8];
  unsigned next = 0;
  uint32_t interval = 0;
  uint32_t launchBegin = 1;
  uint32_t blockBegin = 1;
  /** First interval and number of each block of this launch. */
  std::vector<std::pair<uint32_t, int64_t>> blocks;
  uint32_t warpTime[32] = {};
  /** The number of the running thread, where the scheduler keeps it. */
  const int* running = &kNobody;
  const char* arena = nullptr;
  size_t arenaBytes = 0;
  bool atomic = false;

  Region* find(const char* address) {
    for (const Recent& one : recent) {
      if (size_t(address - one.begin) < one.bytes) return one.region;
    }
    return findInMap(address);
  }
  __attribute__((noinline)) Region* findInMap(const char* address) {
    const auto after = regions.upper_bound(address);
    const char* begin = nullptr;
    const char* end =
        after == regions.end() ? reinterpret_cast<const char*>(INTPTR_MAX) : after->first;
    if (after != regions.begin()) {
      Region& before = std::prev(after)->second;
      if (before.holds(address)) return remember(before.begin, before.end(), &before);
      begin = before.end();
    }
    // Where shared memory has no array is no gap like others.
    if (address >= arena && address < arena + arenaBytes) return nullptr;
    address < arena ? end = std::min(end, arena) : begin = std::max(begin, arena + arenaBytes);
    return remember(begin, end, nullptr);
  }
  Region* remember(const char* begin, const char* end, Region* region) {
    recent[next++ % 8] = {begin, size_t(end - begin), region};
    return region;
  }
  void forgetRecent() { std::fill(std::begin(recent), std::end(recent), Recent()); }

  /** Memory of one block (of all of them) is nobody's before the block (the launch) began. */
  bool ordered(Stamp before, Stamp now, bool shared) const {
    if (before.interval() < (shared ? blockBegin : launchBegin)) return true;
    if (before.atomic() && now.atomic()) return true;
    if (before.interval() < blockBegin) return false;
    if (before.thread() == now.thread() || before.interval() != now.interval()) return true;
    return before.thread() / 32 == now.thread() / 32 && before.warpTime() != now.warpTime();
  }
  std::string nameOf(Stamp stamp) const {
    const auto after =
        std::upper_bound(blocks.begin(), blocks.end(), std::pair{stamp.interval(), INT64_MAX});
    return "thread " + std::to_string(stamp.thread()) + " of block " +
           std::to_string(after == blocks.begin() ? -1 : std::prev(after)->second);
  }
};

/** Never destroyed. */
Detector& detector = *new Detector;

__attribute__((noinline)) void reportAccess(const Region& region, const Shadow& shadow, size_t unit,
                                            Stamp now, bool writes) {
  const char* const memory = region.shared ? "shared" : "global";
  const std::string byte = "byte " + std::to_string(unit << region.shift) + " of its array";
  if (!writes && region.shared && shadow.write.interval() < detector.blockBegin) {
    report("read of uninitialised shared memory, " + byte);
  }
  const Stamp* other = &shadow.write;
  if (writes && !detector.ordered(shadow.read, now, region.shared)) other = &shadow.read;
  if (writes && !detector.ordered(shadow.otherRead, now, region.shared)) other = &shadow.otherRead;
  report(std::string("race on ") + memory + " memory, " + byte + ": " + detector.nameOf(now) +
         (writes ? " writes" : " reads") + " what " + detector.nameOf(*other) +
         (other == &shadow.write ? " wrote" : " read") + ", and nothing orders the two");
}

template <bool kWrites>
inline void accessUnit(const Region& region, Shadow& shadow, size_t unit, Stamp now) {
  const auto ordered = [&](Stamp before) { return detector.ordered(before, now, region.shared); };
  if constexpr (kWrites) {
    if (!ordered(shadow.write) || !ordered(shadow.read) || !ordered(shadow.otherRead)) {
      reportAccess(region, shadow, unit, now, true);
    }
    shadow.write = now;
  } else {
    // The same thread read it a moment ago.
    if (shadow.read.bits == now.bits) return;
    if (!ordered(shadow.write) ||
        (region.shared && shadow.write.interval() < detector.blockBegin)) {
      reportAccess(region, shadow, unit, now, false);
    }
    (ordered(shadow.read) ? shadow.read : shadow.otherRead) = now;
  }
}

template <bool kWrites>
inline void access(const void* address, size_t bytes) {
  const int thread = *detector.running;
  if (thread < 0) return;
  const char* const at = static_cast<const char*>(address);
  Region* const region = detector.find(at);
  if (region == nullptr || region->block != (region->shared ? detector.blockBegin : 0)) {
    if (at >= detector.arena && at < detector.arena + detector.arenaBytes) {
      report("access of shared memory outside of its arrays");
    }
    return;
  }
  const Stamp now(detector.interval, unsigned(thread), detector.warpTime[thread / 32],
                  detector.atomic);
  const size_t begin = size_t(at - region->begin);
  const size_t end = std::min(begin + bytes, region->bytes);
  if (region->shift > 0 && ((begin | bytes) & 3) != 0) region->split();
  const unsigned shift = region->shift;
  for (size_t unit = begin >> shift; unit << shift < end; ++unit) {
    accessUnit<kWrites>(*region, region->shadows[unit], unit, now);
  }
}

void add(const void* memory, size_t bytes, bool shared) {
  Region region;
  region.begin = static_cast<const char*>(memory);
  region.bytes = bytes;
  region.shared = shared;
  region.shadows.resize((bytes >> region.shift) + 1);
  detector.forgetRecent();
  detector.regions[region.begin] = std::move(region);
}

}  // namespace

AtomicAccess::AtomicAccess(const void*, size_t) { detector.atomic = true; }
AtomicAccess::~AtomicAccess() { detector.atomic = false; }

void beginBlockAccesses(const void* shared, size_t bytes) {
  detector.arena = static_cast<const char*>(shared);
  detector.arenaBytes = bytes;
  detector.running = runningThread();
  detector.blockBegin = ++detector.interval;
  detector.blocks.emplace_back(detector.interval, runningBlock());
}
void endKernelAccesses() {
  detector.launchBegin = detector.blockBegin = detector.interval + 1;
  detector.blocks.clear();
}
void orderBlock() { ++detector.interval; }
void orderWarp(unsigned warp) { ++detector.warpTime[warp]; }
void declareShared(const void* memory, size_t bytes) {
  const char* const begin = static_cast<const char*>(memory);
  auto found = detector.regions.find(begin);
  if (found == detector.regions.end() || found->second.bytes != bytes) {
    // An earlier kernel had other arrays.
    auto from = detector.regions.lower_bound(begin);
    if (from != detector.regions.begin() && std::prev(from)->second.end() > begin) --from;
    detector.regions.erase(from, detector.regions.lower_bound(begin + bytes));
    add(memory, bytes, true);
    found = detector.regions.find(begin);
  }
  found->second.block = detector.blockBegin;
}
void declareDevice(const void* memory, size_t bytes) { add(memory, bytes, false); }
void forgetDevice(const void* memory) {
  detector.forgetRecent();
  detector.regions.erase(static_cast<const char*>(memory));
}

}  // namespace vk::emulator

// ---------------------------------------------------------------- what the compiler puts into
// kernels

namespace {

void reads(const void* address, size_t bytes) { vk::emulator::access<false>(address, bytes); }
void writes(const void* address, size_t bytes) { vk::emulator::access<true>(address, bytes); }

}  // namespace

extern "C" {

#define VK_CALLBACKS(bytes)                                                   \
  void __tsan_read##bytes(void* address) { reads(address, bytes); }           \
  void __tsan_write##bytes(void* address) { writes(address, bytes); }         \
  void __tsan_unaligned_read##bytes(void* address) { reads(address, bytes); } \
  void __tsan_unaligned_write##bytes(void* address) { writes(address, bytes); }
VK_CALLBACKS(1)
VK_CALLBACKS(2)
VK_CALLBACKS(4)
VK_CALLBACKS(8)
VK_CALLBACKS(16)
#undef VK_CALLBACKS

void __tsan_init() {}
// Guards of the host's static variables.
char __tsan_atomic8_load(const volatile char* address, int) {
  return __atomic_load_n(address, __ATOMIC_ACQUIRE);
}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void* address, size_t bytes) { reads(address, bytes); }
void __tsan_write_range(void* address, size_t bytes) { writes(address, bytes); }

}  // extern "C"
