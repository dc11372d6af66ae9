// Declares the implementation table of every operation; each is defined in its
// kernels/<op>/<op>_op.cpp.
#pragma once

#include "registry/registry.h"

namespace vk {

#define VK_OPERATION(name, Args) \
  struct Args;                   \
  Implementations<Args> name##Implementations();
#include "registry/operations.inc"
#undef VK_OPERATION

}  // namespace vk
