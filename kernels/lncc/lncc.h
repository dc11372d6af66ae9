#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

/** An image whose variance is a smaller share of its mean square is constant: what rounding makes
 * of equal intensities is no structure. */
constexpr double kLnccConstant = 1e-14;

struct LnccArgs {
  vk_element_type type;
  const void* fixed;
  const void* warped;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  /** dLNCC/dwarped, the same shape; null when not wanted. */
  void* gradient;
  double* value;
  // Per axis, in the order x, y, z.
  int64_t size[3];
  /** At most the size less one: a wider window holds nothing more. */
  int64_t radius[3];
  /** Added to a window's variance, as a share of the whole image's. */
  double varianceFloor;
  /** Of the context: how many scratch areas the fast kernels need. */
  int32_t threads;
};

void lnccReference(const LnccArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<LnccArgs>> lnccCpuTable;
int64_t lnccCpuWorkspaceBytes(const LnccArgs&);

}  // namespace vk
