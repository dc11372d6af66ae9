/* What a context on a CUDA device can do beside its operations. See voxkern.h. */
#ifndef VOXKERN_DEVICE_H
#define VOXKERN_DEVICE_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the library of a CUDA backend lies, which is beside this one unless it is said. To be
 * called before anything else asks for the backend: VK_INVALID_ARGUMENT once it is loaded. */
VK_API vk_status vk_device_library(vk_backend backend, const char* path);

/** Versions of CUDA as 1000 * major + 10 * minor: the newest that the driver takes, 0 where there
 * is no driver, and the one that the backend's library is built with. */
VK_API vk_status vk_device_versions(vk_backend backend, int32_t* driver, int32_t* runtime);

/** vk_copy that may return before it is done. Of host memory it takes pinned memory alone, which
 * has to stay as it is until vk_synchronize. */
VK_API vk_status vk_copy_async(vk_context* context, void* to, const void* from, int64_t bytes);
/** Sets memory of the context to 0, in order with its operations. */
VK_API vk_status vk_zero(vk_context* context, void* memory, int64_t bytes);

/** Host memory that the device reads and writes by itself; outside of the context's budget. Freed
 * with the context at the latest. */
VK_API vk_status vk_allocate_pinned(vk_context* context, int64_t bytes, void** memory);
VK_API void vk_free_pinned(vk_context* context, void* memory);

/** Operations that a device repeats without being told each of them. */
typedef struct vk_recording vk_recording;

/** From here to vk_record_end operations, vk_copy_async and vk_zero are checked and noted but not
 * done, and what waits (vk_copy, vk_synchronize, an operation that gives numbers to the host) is
 * VK_UNSUPPORTED. What is freed meanwhile stays with the recording. VK_UNSUPPORTED on a context
 * without a device. */
VK_API vk_status vk_record_begin(vk_context* context);
VK_API vk_status vk_record_end(vk_context* context, vk_recording** recording);
/** Does all of it once, on the tensors that it was recorded with, which have to exist still. */
VK_API vk_status vk_replay(vk_context* context, vk_recording* recording);
/** Freed with the context at the latest. */
VK_API void vk_recording_destroy(vk_context* context, vk_recording* recording);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_DEVICE_H */
