// Argument checks that compose, exponential and invert share.
#pragma once

#include <cmath>

#include "core/status.h"
#include "core/view.h"

namespace vk {

template <class Params>
void checkParams(const char* operation, const Params* params) {
  if (params == nullptr || params->struct_size != sizeof(Params)) {
    invalidArgument("%s: the parameters are missing or of another ABI version", operation);
  }
}

/** A (3, d, h, w) f32 or f64 field without empty axes; its size in x, y, z. */
inline void checkField(const char* operation, const char* name, const vk_view* view,
                       int64_t size[3]) {
  requireDenseFloat(operation, name, view);
  requireRank(operation, name, *view, 4);
  bool fits = view->sizes[0] == 3;
  for (int axis = 1; axis < 4; ++axis) fits = fits && view->sizes[axis] >= 1;
  if (!fits) {
    invalidArgument("%s: %s is %s, expected (3, d, h, w), none of them 0", operation, name,
                    describe(*view).c_str());
  }
  for (int axis = 0; axis < 3; ++axis) size[axis] = view->sizes[3 - axis];
}

inline void copyFinite(const char* operation, const char* name, const double* from, int count,
                       double* to) {
  for (int i = 0; i < count; ++i) {
    if (!std::isfinite(from[i])) {
      invalidArgument("%s: %s holds %g", operation, name, from[i]);
    }
    to[i] = from[i];
  }
}

}  // namespace vk
