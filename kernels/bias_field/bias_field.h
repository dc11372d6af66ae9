#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

/** The polynomial and where it lies: u = scale position + offset, clamped to [-1, 1], x, y, z. */
struct BiasFieldPolynomial {
  int32_t degree;
  double scale[3];
  double offset[3];
};

struct BiasFieldArgs {
  int64_t count;
  vk_element_type type;
  const void* values;
  const void* reference;
  /** (3, count). */
  const void* positions;
  /** Non-zero where a sample counts; null when every one does. */
  const uint8_t* mask;
  BiasFieldPolynomial polynomial;
  int32_t bins;
  int32_t iterations;
  double referenceMin;
  double referenceMax;
  double* coefficients;
};

struct BiasFieldCorrectArgs {
  int64_t depth;
  int64_t height;
  int64_t width;
  vk_element_type type;
  const void* image;
  const double* coefficients;
  BiasFieldPolynomial polynomial;
  void* corrected;
};

void biasFieldReference(const BiasFieldArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BiasFieldArgs>> biasFieldCpuTable;
int64_t biasFieldCpuWorkspaceBytes(const BiasFieldArgs&);

void biasFieldCorrectReference(const BiasFieldCorrectArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BiasFieldCorrectArgs>> biasFieldCorrectCpuTable;
int64_t biasFieldCorrectCpuWorkspaceBytes(const BiasFieldCorrectArgs&);

}  // namespace vk
