#pragma once

#include "registry/floats.h"
#include "voxkern/normalization.h"

namespace vk {

struct LayerNormArgs {
  vk_element_type type;
  /** Rows that are normalised one by one, and their elements. */
  int64_t rows;
  int64_t length;
  bool rootMeanSquare;
  double epsilon;
  const void* input;
  /** One value an element of a row; null for 1 and 0. */
  const void* scale;
  const void* shift;

  void* output;
  /** One value a row; either may be null. */
  void* savedMean;
  void* savedInverse;

  // Gradient. The mean is null with rootMeanSquare; the last three may be null.
  const void* mean;
  const void* inverseDeviation;
  const void* outputGradient;
  void* inputGradient;
  void* scaleGradient;
  void* shiftGradient;
};

void layerNormReference(const LayerNormArgs&, Context&, const Workspace&);
void layerNormGradientReference(const LayerNormArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<LayerNormArgs>> layerNormCpuTable;
extern const SimdTable<Kernel<LayerNormArgs>> layerNormGradientCpuTable;
int64_t layerNormCpuWorkspaceBytes(const LayerNormArgs&);
int64_t layerNormGradientCpuWorkspaceBytes(const LayerNormArgs&);

}  // namespace vk
