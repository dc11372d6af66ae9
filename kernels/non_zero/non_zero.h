#pragma once

#include "registry/registry.h"
#include "voxkern/tensor.h"

namespace vk {

struct NonZeroInput {
  vk_view input;
  int64_t elementBytes;
  /** Of an element's bits all but a floating point sign, so that -0 is 0. */
  uint64_t bits;
};

struct NonZeroCountArgs : NonZeroInput {
  int64_t* count;
};

struct NonZeroArgs : NonZeroInput {
  int64_t* indices;
  /** Columns of `indices`. */
  int64_t count;
};

void nonZeroCountReference(const NonZeroCountArgs&, Context&, const Workspace&);
void nonZeroCountPlain(const NonZeroCountArgs&, Context&, const Workspace&);
int64_t nonZeroCountPlainWorkspaceBytes(const NonZeroCountArgs&);

void nonZeroReference(const NonZeroArgs&, Context&, const Workspace&);
void nonZeroPlain(const NonZeroArgs&, Context&, const Workspace&);
int64_t nonZeroPlainWorkspaceBytes(const NonZeroArgs&);

}  // namespace vk
