#pragma once

#include "registry/registry.h"
#include "voxkern/sampling.h"

namespace vk {

/** What a call does not use is null. */
struct GridSampleArgs {
  vk_element_type type;
  vk_sampling_mode mode;
  vk_sampling_padding padding;
  bool alignCorners;
  /** 2 or 3 coordinates a position. */
  int32_t axes;
  int64_t batch;
  int64_t channels;
  /** Of the input, x first; z is 1 for two axes. */
  int64_t size[3];
  /** Positions of the grid along its axes, the last one first; z is 1 for two axes. */
  int64_t gridSize[3];

  const void* input;
  const void* grid;
  /** dL/doutput. */
  const void* upstream;
  void* output;
  /** dL/dinput or dL/dgrid. */
  void* gradient;
  /** dL/dgrid where gradient is dL/dinput. */
  void* gradientGrid;
  int32_t threads;

  int64_t volume() const { return size[0] * size[1] * size[2]; }
  int64_t positions() const { return gridSize[0] * gridSize[1] * gridSize[2]; }
};

void gridSampleReference(const GridSampleArgs&, Context&, const Workspace&);
void gridSampleGradientInputReference(const GridSampleArgs&, Context&, const Workspace&);
void gridSampleGradientGridReference(const GridSampleArgs&, Context&, const Workspace&);
void gridSampleGradientsReference(const GridSampleArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<GridSampleArgs>> gridSampleCpuTable;
extern const SimdTable<Kernel<GridSampleArgs>> gridSampleGradientInputCpuTable;
extern const SimdTable<Kernel<GridSampleArgs>> gridSampleGradientGridCpuTable;
extern const SimdTable<Kernel<GridSampleArgs>> gridSampleGradientsCpuTable;
int64_t gridSampleGradientInputWorkspaceBytes(const GridSampleArgs&);

}  // namespace vk
