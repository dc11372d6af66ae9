#pragma once

#include "registry/registry.h"
#include "voxkern/pooling.h"

namespace vk {

struct UnpoolArgs {
  vk_element_type type;
  /** Images times channels. */
  int64_t volumes;
  /** Voxels of a volume. */
  int64_t pooled;
  int64_t unpooled;
  const int64_t* indices;
};

struct MaxUnpoolArgs : UnpoolArgs {
  const void* input;
  void* output;
};

struct MaxUnpoolGradientArgs : UnpoolArgs {
  const void* upstream;
  void* gradient;
};

/** Throws what is said of an index that is no place. */
[[noreturn]] inline void refuseIndex(const char* name, const UnpoolArgs& args, int64_t index) {
  invalidArgument("%s: index %lld of volumes of %lld voxels", name, static_cast<long long>(index),
                  static_cast<long long>(args.unpooled));
}

void maxUnpoolReference(const MaxUnpoolArgs&, Context&, const Workspace&);
void maxUnpoolCpu(const MaxUnpoolArgs&, Context&, const Workspace&);

void maxUnpoolGradientReference(const MaxUnpoolGradientArgs&, Context&, const Workspace&);
void maxUnpoolGradientCpu(const MaxUnpoolGradientArgs&, Context&, const Workspace&);

}  // namespace vk
