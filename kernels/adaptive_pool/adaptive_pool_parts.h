// How the bins of large volumes are cut, so that even one bin keeps all threads busy.
#pragma once

#include "adaptive_pool/adaptive_pool.h"

namespace vk {

/** A bin is cut into parts of so many planes and rows; the last of an axis may be smaller, or, as
 * bins differ by a voxel, empty. */
struct AdaptiveParts {
  int64_t planesEach;
  int64_t rowsEach;
  int64_t alongZ;
  int64_t alongY;
  /** Tasks: rows of outputs times parts. */
  int64_t tasks;

  int64_t each() const { return alongZ * alongY; }
};

AdaptiveParts adaptiveParts(const AdaptiveArgs&);

/** What one task found of one output, where a bin has several parts. */
union AdaptivePartial {
  double sum;
  struct {
    float value;
    /** Within the volume; -1 for none. */
    int64_t index;
  } largest;
};

/** Scratch memory of one task: a row of the input as f32, as f64 sums or as taps. */
int64_t adaptiveScratchFloats(const AdaptiveArgs&);
/** The same for the gradient. */
int64_t adaptiveGradientScratchFloats(const AdaptiveArgs&);
/** Planes that one task of the gradient writes. */
int64_t adaptiveGradientPlanes(const AdaptiveArgs&);

}  // namespace vk
