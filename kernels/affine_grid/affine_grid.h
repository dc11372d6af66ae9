#pragma once

#include "registry/registry.h"
#include "voxkern/sampling.h"

namespace vk {

struct AffineGridArgs {
  vk_element_type type;
  bool alignCorners;
  /** 2 or 3 coordinates a position. */
  int32_t axes;
  int64_t batch;
  /** Of the grid, x first; z is 1 for two axes. */
  int64_t size[3];
  /** theta, or its gradient, (N, axes, axes + 1). */
  void* theta;
  /** The grid, or dL/dgrid, (N, D, H, W, axes). */
  void* grid;

  int64_t rows() const { return size[1] * size[2]; }
};

/** Rows of one chunk, of about 8192 voxels. */
inline int64_t affineGridRows(const AffineGridArgs& args) {
  const int64_t rows = args.size[0] > 0 ? 8192 / args.size[0] : 1;
  return rows > 0 ? rows : 1;
}

/** Partial sums of the gradient, one a chunk and entry of theta. */
inline int64_t affineGridChunks(const AffineGridArgs& args) {
  return chunkCount(args.rows(), affineGridRows(args));
}

void affineGridReference(const AffineGridArgs&, Context&, const Workspace&);
void affineGridGradientReference(const AffineGridArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<AffineGridArgs>> affineGridCpuTable;
extern const SimdTable<Kernel<AffineGridArgs>> affineGridGradientCpuTable;

}  // namespace vk
