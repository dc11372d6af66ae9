// What the kernels tell the race detector (races.cpp); the plain build, which has none, has it
// empty.
#pragma once

#include <cstddef>

namespace vk::emulator {

/** Memory accesses on this object's address are atomic while it lives. */
struct AtomicAccess {
#ifdef VK_EMULATOR_RACES
  AtomicAccess(const void* address, size_t bytes);
  ~AtomicAccess();
#else
  AtomicAccess(const void*, size_t) {}
#endif
};

}  // namespace vk::emulator
