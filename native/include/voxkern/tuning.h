/* Choosing implementations by measuring them, on request. */
#ifndef VOXKERN_TUNING_H
#define VOXKERN_TUNING_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What was measured: of each problem the implementation that took the least time. Parameters of an
 * operation may name one, and planning then chooses as it says. It may serve several contexts at
 * once. */
typedef struct vk_tuning vk_tuning;

typedef struct vk_tuning_entry {
  /** The operation, what it was asked for, and the instruction set or device. */
  const char* problem;
  const char* implementation;
  double seconds;
  /** What would have been taken without measuring. */
  const char* modelled;
  double modelled_seconds;
} vk_tuning_entry;

/** Empty. With `measure` other than 0 planning measures every problem that is not known yet, on the
 * context, with tensors of its own out of the context's budget; otherwise what is not known is
 * chosen as without a tuning. */
VK_API vk_status vk_tuning_create(int32_t measure, vk_tuning** tuning);
VK_API void vk_tuning_destroy(vk_tuning* tuning);
VK_API int64_t vk_tuning_count(const vk_tuning* tuning);
/** Entries are ordered by their problems; the texts live as long as the tuning. */
VK_API vk_status vk_tuning_get(const vk_tuning* tuning, int64_t index, vk_tuning_entry* entry);
/** Adds what was measured earlier; a problem can be added once. */
VK_API vk_status vk_tuning_add(vk_tuning* tuning, const vk_tuning_entry* entry);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_TUNING_H */
