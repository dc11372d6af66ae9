#pragma once

#include "core/broadcast.h"
#include "reduce/reduce_layout.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

/** Operands in the order a, b, condition. */
struct BinaryShape {
  vk_binary_function function;
  vk_element_type type;
  Broadcast broadcast;
  // Sizes before axes are merged; operands have ones in front up to the output's rank.
  int32_t rank;
  int64_t outputSizes[VK_MAX_RANK];
  int64_t operandSizes[Broadcast::kOperands][VK_MAX_RANK];
  const void* a;
  const void* b;
  /** Null unless the function has one. */
  const uint8_t* condition;
};

struct BinaryArgs : BinaryShape {
  void* output;
};

struct BinaryGradientArgs : BinaryShape {
  const void* outputGradient;
  /** Of a and b; null when not wanted. */
  void* gradients[2];
  /** How the output's shape is reduced to the operand's, where that repeats. */
  ReduceLayout layouts[2];
};

bool isComparison(vk_binary_function function);

void binaryReference(const BinaryArgs&, Context&, const Workspace&);
/** Integers, bool, and choosing between elements of any type. */
void binaryPlain(const BinaryArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BinaryArgs>> binaryCpuTable;

void binaryGradientReference(const BinaryGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BinaryGradientArgs>> binaryGradientCpuTable;

/** Powers and remainders, of the C library. A step is 0 where an operand is one number. */
void binaryLibraryValues(vk_binary_function function, const float* a, int64_t stepA, const float* b,
                         int64_t stepB, int64_t count, float* y);
/** dy df/da for operand 0, dy df/db for operand 1. */
void binaryLibraryGradient(vk_binary_function function, int operand, const float* a, int64_t stepA,
                           const float* b, int64_t stepB, const float* dy, int64_t count, float* y);

}  // namespace vk
