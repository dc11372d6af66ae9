#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct ImageGradientArgs {
  vk_element_type type;
  /** Read by the gradient, written by its adjoint. */
  void* image;
  /** (3, D, H, W); written by the gradient, read by its adjoint. */
  void* gradient;
  // In the order x, y, z.
  int64_t size[3];
  /** Row-major; gradient = map * differences in index space. */
  double map[9];
};

void imageGradientReference(const ImageGradientArgs&, Context&, const Workspace&);
void imageGradientAdjointReference(const ImageGradientArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<ImageGradientArgs>> imageGradientCpuTable;
extern const SimdTable<Kernel<ImageGradientArgs>> imageGradientAdjointCpuTable;

}  // namespace vk
