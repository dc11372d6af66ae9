// Inside the emulator: how the parts speak to each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cuda_runtime.h"

namespace vk::emulator {

/** Prints what was found, with the kernel, block and thread that run, and ends the process, as the
 * sanitizers do. */
[[noreturn]] void report(const std::string& finding);

struct KernelLaunch {
  dim3 grid;
  dim3 block;
  size_t dynamicBytes = 0;
  const void* kernel = nullptr;
  std::function<void()> thread;
};

constexpr size_t kSharedDefault = 48 * 1024;
constexpr size_t kSharedMost = 227 * 1024;

/** False when a thread trapped. */
bool runKernel(const KernelLaunch& launch);
std::string kernelName(const void* kernel);

/** VOXKERN_EMULATOR_SEED, or a fixed number. */
uint64_t seed();

// --- the race detector; no more than empty functions in the plain build
void beginBlockAccesses(const void* shared, size_t bytes);
void endKernelAccesses();
/** What the running thread does comes after what all others of its block (its warp) did. */
void orderBlock();
void orderWarp(unsigned warp);
void declareShared(const void* memory, size_t bytes);
void declareDevice(const void* memory, size_t bytes);
void forgetDevice(const void* memory);
/** Where this thread of the host keeps which thread of a block it runs; there is -1 outside of
 * kernels. */
const int* runningThread();
int64_t runningBlock();

}  // namespace vk::emulator
