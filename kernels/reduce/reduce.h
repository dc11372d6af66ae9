#pragma once

#include "core/broadcast.h"
#include "reduce/reduce_layout.h"
#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

/** What forward and gradient share. */
struct ReduceShape {
  vk_reduction reduction;
  vk_element_type type;
  int32_t rank;
  int64_t sizes[VK_MAX_RANK];
  /** Bit i: axis i is reduced. */
  uint32_t axes;
  /** The same with axes merged. */
  ReduceLayout layout;
};

struct ReduceArgs : ReduceShape {
  const void* input;
  void* output;
};

struct ReduceGradientArgs : ReduceShape {
  /** Operands: input, output, output gradient; its output is the input gradient. */
  Broadcast shape;
  const void* input;
  const void* output;
  const void* outputGradient;
  void* inputGradient;
};

/** Of the partial results that reduceTiles() keeps. */
int64_t reducePartialBytes(const ReduceLayout& layout, vk_reduction reduction);

void reduceReference(const ReduceArgs&, Context&, const Workspace&);
/** i32, i64 and f64. */
void reducePlain(const ReduceArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ReduceArgs>> reduceCpuTable;

void reduceGradientReference(const ReduceGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ReduceGradientArgs>> reduceGradientCpuTable;
/** The gradients of the greatest, the least and the product, for the outputs of a range: their
 * share depends on the other elements of the same output. */
void reduceSharedGradient(const ReduceGradientArgs&, int64_t begin, int64_t end);

}  // namespace vk
