#pragma once

#include "registry/registry.h"
#include "voxkern/registration.h"

namespace vk {

struct BsplinePrefilterArgs {
  vk_element_type type;
  vk_border border;
  /** Volumes one behind the other. */
  int64_t volumes;
  int64_t width;
  int64_t height;
  int64_t depth;
  const void* image;
  void* coefficients;
};

void bsplinePrefilterReference(const BsplinePrefilterArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BsplinePrefilterArgs>> bsplinePrefilterCpuTable;

/** Rows or slices are dealt out to at most this many chunks, each with scratch memory of its own.
 */
constexpr int64_t kBsplinePrefilterChunks = 64;
int64_t bsplinePrefilterScratchFloats(const BsplinePrefilterArgs&);
int64_t bsplinePrefilterCpuWorkspaceBytes(const BsplinePrefilterArgs&);

}  // namespace vk
