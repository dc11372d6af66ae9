// Arguments of a measure that compares two lists of values one by one: what `ssd` and `ncc` take.
#pragma once

#include "registry/registry.h"

namespace vk {

struct MeasureArgs {
  int64_t count;
  vk_element_type type;
  const void* fixed;
  const void* warped;
  /** Non-zero where a voxel counts; null when every voxel does. */
  const uint8_t* mask;
  /** dmeasure/dwarped, the same shape; null when not wanted. */
  void* gradient;
  double* value;
};

/** Checks the views, with the operation's name in the message. */
MeasureArgs measureArgs(const char* operation, const vk_view* fixed, const vk_view* warped,
                        const vk_view* mask, const vk_view* gradient, double* value);

/** What a SIMD kernel of such a measure accepts. */
Refusal takesF32(const MeasureArgs& args);

}  // namespace vk
