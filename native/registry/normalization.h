// Normalisation of channels: what `group_norm` and `batch_norm` share. A tensor (N, C, ...) is N C
// rows in memory, one a channel of an image; a segment is the rows that have one mean and one
// deviation.
#pragma once

#include "core/host_device.h"
#include "registry/floats.h"
#include "voxkern/activation.h"

namespace vk {

struct ChannelNormArgs {
  vk_element_type type;
  int64_t batch;
  int64_t channels;
  /** Elements of a row. */
  int64_t length;

  // Row r of segment s is row s segmentStep + r rowStep in memory.
  int64_t segments;
  int64_t rows;
  int64_t segmentStep;
  int64_t rowStep;

  /** The mean and the variance are given, not those of the segment. */
  bool given;
  double epsilon;
  double momentum;
  vk_activation activation;
  double negativeSlope;

  const void* input;
  /** One value a channel; null for 1 and 0. */
  const void* scale;
  const void* shift;

  // Forward. All but the output may be null.
  void* runningMean;
  void* runningVariance;
  void* output;
  void* savedMean;
  void* savedInverse;

  // Gradient. The last three may be null.
  const void* mean;
  const void* inverseDeviation;
  const void* outputGradient;
  void* inputGradient;
  void* scaleGradient;
  void* shiftGradient;

  VK_HD int64_t memoryRow(int64_t segment, int64_t row) const {
    return segment * segmentStep + row * rowStep;
  }
  /** What the activation does below zero: multiplies by this. */
  VK_HD double slopeBelowZero() const {
    return activation == VK_ACTIVATION_NONE         ? 1
           : activation == VK_ACTIVATION_LEAKY_RELU ? negativeSlope
                                                    : 0;
  }
};

/** Input, scale and shift, activation and epsilon; names what does not fit. */
ChannelNormArgs channelNormArgs(const char* operation, const vk_view* input, const vk_view* scale,
                                const vk_view* shift, vk_activation activation,
                                double negativeSlope, double epsilon);

/** The gradient's views. `statistics` has the sizes of mean and inverseDeviation. */
void setGradient(const char* operation, ChannelNormArgs& args, const vk_view* input,
                 const vk_view* mean, const vk_view* inverseDeviation, int32_t rank,
                 const vk_view* outputGradient, const vk_view* inputGradient,
                 const vk_view* scaleGradient, const vk_view* shiftGradient);

/** Checks that the statistics are (N, segments) or, of rank 1, (segments). */
void requireStatistics(const char* operation, const char* name, const vk_view* view, int32_t rank,
                       const ChannelNormArgs& args);

/** Scratch memory of the SIMD kernels in core/simd_normalize.h. */
int64_t channelNormWorkspaceBytes(const ChannelNormArgs& args);
int64_t channelNormGradientWorkspaceBytes(const ChannelNormArgs& args);

}  // namespace vk
