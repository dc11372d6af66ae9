// Lists of boxes: what the operations on detections take.
#pragma once

#include "registry/registry.h"
#include "voxkern/detection.h"

namespace vk {

/** (N, 2 dimensions): the lower corner, then the upper one, each x, y or x, y, z. */
struct Boxes {
  const void* data;
  vk_element_type type;
  int64_t count;
  int32_t dimensions;
};

/** Checks that a view holds boxes in two or three dimensions, in f32 or f64. */
Boxes requireBoxes(const char* operation, const char* name, const vk_view* view);
/** The same, and that they agree with others in type and dimensions. */
Boxes requireBoxesLike(const char* operation, const char* name, const vk_view* view,
                       const char* otherName, const vk_view& other);
/** Checks that a view is a vector of `count` elements of this type. */
void requireVector(const char* operation, const char* name, const vk_view* view,
                   vk_element_type type, int64_t count);

// Of the operations that choose among scored boxes.

/** Boxes with a score each, of the same type, and perhaps a class (i64). */
Boxes requireScoredBoxes(const char* operation, const vk_view* boxes, const vk_view* scores,
                         const vk_view* classes);
/** Checks that an IoU is 0 to 1. */
void requireThreshold(const char* operation, double iouThreshold);
/** Checks that a score to be above is not NaN. */
double requireScoreThreshold(const char* operation, double scoreThreshold);
/** Checks the indices of kept boxes (i64): as many as there are boxes, or as most are wanted, which
 * is 0 for no limit. How many that is. */
int64_t requireKept(const char* operation, const vk_view* kept, int64_t boxes, int64_t most);

/** The fast implementations number boxes in 32 bits, with room to spare. */
Refusal takesFewBoxesOfF32(const Boxes& boxes);

}  // namespace vk
