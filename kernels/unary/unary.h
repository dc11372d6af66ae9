#pragma once

#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct UnaryArgs {
  vk_unary_function function;
  vk_element_type type;
  int64_t count;
  double low;
  double high;
  const void* input;
  void* output;
};

struct UnaryGradientArgs {
  vk_unary_function function;
  vk_element_type type;
  int64_t count;
  double low;
  double high;
  const void* input;
  const void* outputGradient;
  void* inputGradient;
};

void unaryReference(const UnaryArgs&, Context&, const Workspace&);
/** i32, i64, f64 and bool. */
void unaryPlain(const UnaryArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<UnaryArgs>> unaryCpuTable;

void unaryGradientReference(const UnaryGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<UnaryGradientArgs>> unaryGradientCpuTable;

/** Whether the function is one of those that are taken from the C library, in f64. */
bool isLibraryFunction(vk_unary_function function);
double libraryValue(vk_unary_function function, double x);
void libraryValues(vk_unary_function function, const float* x, int64_t count, float* y);
/** y = dy f'(x). */
void libraryGradient(vk_unary_function function, const float* x, const float* dy, int64_t count,
                     float* y);

}  // namespace vk
