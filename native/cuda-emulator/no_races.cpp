// The plain build has no race detector.
#include "emulator.h"

#ifndef VK_EMULATOR_RACES
namespace vk::emulator {

void beginBlockAccesses(const void*, size_t) {}
void endKernelAccesses() {}
void orderBlock() {}
void orderWarp(unsigned) {}
void declareShared(const void*, size_t) {}
void declareDevice(const void*, size_t) {}
void forgetDevice(const void*) {}

}  // namespace vk::emulator
#endif
