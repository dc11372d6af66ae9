// What stands in for races.cpp in the builds without the race detector.
#include "emulator.h"

namespace vk::emulator {

void beginBlockAccesses(const void*, size_t) {}
void endKernelAccesses() {}
void orderBlock() {}
void orderWarp(unsigned) {}
void declareShared(const void*, size_t) {}
void declareDevice(const void*, size_t) {}
void forgetDevice(const void*) {}

}  // namespace vk::emulator
