/* cuDNN as a second implementation of convolutions and pools on CUDA devices. See voxkern.h. */
#ifndef VOXKERN_CUDNN_H
#define VOXKERN_CUDNN_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vk_cudnn_use {
  /** Where it is expected to be faster than the library's own kernels. */
  VK_CUDNN_BY_MODEL = 0,
  VK_CUDNN_NEVER = 1,
  /** Wherever it can compute what is asked for. */
  VK_CUDNN_WHEREVER_POSSIBLE = 2
} vk_cudnn_use;

/** Where cuDNN's library lies: a path, or a name that the system's loader knows; empty to look for
 * the usual names. To be called before the backend plans anything: VK_INVALID_ARGUMENT once it is
 * loaded. */
VK_API vk_status vk_cudnn_configure(vk_backend backend, const char* library, vk_cudnn_use use);

typedef struct vk_cudnn_report {
  /** As cudnnGetVersion says it, for instance 91002 or 8907; 0 where it is not used. */
  int32_t version;
  /** Where it was found, or why it is not used. */
  char text[508];
} vk_cudnn_report;

/** Loads it, if that was not tried before. The reason is in the report, not an error. */
VK_API vk_status vk_cudnn_describe(vk_backend backend, vk_cudnn_report* report);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_CUDNN_H */
