// What the library knows of cuDNN: where it lies and what became of it. The plugin does the rest.
#pragma once

#include "voxkern/cudnn.h"

namespace vk {

/** What a plugin's function `vk_device_cudnn` gives. */
struct CudnnPlugin {
  vk_status (*configure)(const char* library, vk_cudnn_use use);
  vk_status (*describe)(vk_cudnn_report* report);
};

}  // namespace vk
