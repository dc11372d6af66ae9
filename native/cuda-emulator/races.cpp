// The race detector: the kernels are compiled with -fsanitize=thread, whose call-backs are these
// and not those of the compiler's own library. Every byte of shared memory and of device memory has
// a shadow of who wrote and who read it last. Two accesses of which one writes are a race when
// nothing orders them: different threads of a block with no barrier between them (within a warp, no
// warp operation), or different blocks of one launch. Bytes of shared memory that were never
// written are found when they are read.
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "emulator.h"

namespace vk::emulator {
namespace {

/** When and by whom a byte was accessed. */
struct Stamp {
  uint32_t launch = 0;
  int32_t thread = -1;
  int64_t block = -1;
  uint32_t blockTime = 0;
  uint32_t warpTime = 0;
  bool atomic = false;
};

struct Shadow {
  Stamp write;
  /** Of the reads since: one, and whether another thread read as well. */
  Stamp read;
  Stamp otherRead;
  bool written = false;
};

struct Region {
  const char* begin;
  size_t bytes;
  bool shared;
  std::unique_ptr<Shadow[]> shadows;
};

struct Detector {
  std::map<const char*, Region> regions;
  uint32_t launch = 1;
  uint32_t blockTime = 0;
  uint32_t warpTime[32] = {};
  const char* arena = nullptr;
  size_t arenaBytes = 0;
  bool atomic = false;

  Region* find(const char* address) {
    auto after = regions.upper_bound(address);
    if (after == regions.begin()) return nullptr;
    Region& region = (--after)->second;
    return address < region.begin + region.bytes ? &region : nullptr;
  }
};

Detector& detector() {
  static Detector* const one = new Detector;
  return *one;
}

bool ordered(const Stamp& before, const Stamp& now) {
  if (before.thread < 0 || before.launch != now.launch) return true;
  if (before.atomic && now.atomic) return true;
  if (before.block != now.block) return false;
  if (before.thread == now.thread || before.blockTime != now.blockTime) return true;
  return before.thread / 32 == now.thread / 32 && before.warpTime != now.warpTime;
}

std::string nameOf(const Stamp& stamp) {
  return "thread " + std::to_string(stamp.thread) + " of block " + std::to_string(stamp.block);
}

void access(const void* address, size_t bytes, bool writes) {
  const int thread = runningThread();
  if (thread < 0) return;
  const char* const at = static_cast<const char*>(address);
  Detector& all = detector();
  Region* const region = all.find(at);
  if (region == nullptr) {
    if (at >= all.arena && at < all.arena + all.arenaBytes) {
      report("access of shared memory outside of its arrays");
    }
    return;
  }
  Stamp now;
  now.launch = all.launch;
  now.thread = thread;
  now.block = runningBlock();
  now.blockTime = all.blockTime;
  now.warpTime = all.warpTime[thread / 32];
  now.atomic = all.atomic;
  const char* const memory = region->shared ? "shared" : "global";
  for (size_t i = 0; i < bytes && at + i < region->begin + region->bytes; ++i) {
    Shadow& shadow = region->shadows[size_t(at - region->begin) + i];
    if (!writes && region->shared && !shadow.written) {
      report(std::string("read of uninitialised shared memory, byte ") +
             std::to_string(at + i - region->begin) + " of its array");
    }
    const Stamp* other = nullptr;
    if (!ordered(shadow.write, now)) other = &shadow.write;
    if (writes && !ordered(shadow.read, now)) other = &shadow.read;
    if (writes && !ordered(shadow.otherRead, now)) other = &shadow.otherRead;
    if (other != nullptr) {
      report(std::string("race on ") + memory + " memory, byte " +
             std::to_string(at + i - region->begin) + " of its array: " + nameOf(now) +
             (writes ? " writes" : " reads") + " what " + nameOf(*other) +
             (other == &shadow.write ? " wrote" : " read") + ", and nothing orders the two");
    }
    if (writes) {
      shadow.write = now;
      shadow.written = true;
    } else if (ordered(shadow.read, now)) {
      shadow.read = now;
    } else {
      shadow.otherRead = now;
    }
  }
}

void add(const void* memory, size_t bytes, bool shared) {
  const char* const begin = static_cast<const char*>(memory);
  detector().regions[begin] = {begin, bytes, shared, std::make_unique<Shadow[]>(bytes)};
}

}  // namespace

AtomicAccess::AtomicAccess(const void*, size_t) { detector().atomic = true; }
AtomicAccess::~AtomicAccess() { detector().atomic = false; }

void beginBlockAccesses(const void* shared, size_t bytes) {
  Detector& all = detector();
  all.arena = static_cast<const char*>(shared);
  all.arenaBytes = bytes;
  all.regions.erase(all.regions.lower_bound(all.arena), all.regions.lower_bound(all.arena + bytes));
  ++all.blockTime;
}
void endKernelAccesses() { ++detector().launch; }
void orderBlock() { ++detector().blockTime; }
void orderWarp(unsigned warp) { ++detector().warpTime[warp]; }
void declareShared(const void* memory, size_t bytes) { add(memory, bytes, true); }
void declareDevice(const void* memory, size_t bytes) { add(memory, bytes, false); }
void forgetDevice(const void* memory) {
  detector().regions.erase(static_cast<const char*>(memory));
}

}  // namespace vk::emulator

// ---------------------------------------------------------------- what the compiler puts into
// kernels

namespace {

void reads(const void* address, size_t bytes) { vk::emulator::access(address, bytes, false); }
void writes(const void* address, size_t bytes) { vk::emulator::access(address, bytes, true); }

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
