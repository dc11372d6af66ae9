// How kernels/<op>/<op>_cuda.cu gives its implementations to the library: for every registered name
// a function `name##Cuda` with the rows, fastest first.
#pragma once

#include <span>

#include "cuda/cuda_device.h"
#include "registry/floats.h"
#include "registry/registry.h"

namespace vk {

template <class Args>
struct CudaImplementations {
  Implementations<Args> rows;
  DeviceCall<Args>* call;
};

namespace cuda {

/** Runs the host side of a kernel; what it throws stays on this side. */
template <class Args>
vk_status guardedCall(Kernel<Args>* kernel, const Args& args, Context& context,
                      const Workspace& workspace) {
  const vk_status status = guarded([&] { kernel(args, context, workspace); });
  if (status == VK_DEVICE_FAULT) deviceOf(context).noteFault(vk_last_error());
  return status;
}

/** One row named "cuda": what most operations have. */
template <class Args>
Implementation<Args> row(Kernel<Args>* run, Refusal (*accepts)(const Args&) = nullptr,
                         int64_t (*workspaceBytes)(const Args&) = nullptr,
                         const char* name = "cuda") {
  return {name, VK_BACKEND_CUDA, VK_ISA_PORTABLE, run, accepts, workspaceBytes};
}

template <class Args, size_t kRows>
CudaImplementations<Args> table(const Implementation<Args> (&rows)[kRows]) {
  return {rows, &guardedCall<Args>};
}

}  // namespace cuda
}  // namespace vk
