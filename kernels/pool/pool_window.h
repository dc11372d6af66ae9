// What the pools with a moving window have in common: where the windows lie.
#pragma once

#include "core/host_device.h"
#include "core/scratch.h"
#include "registry/registry.h"
#include "voxkern/pooling.h"

namespace vk {

/** Axes are z, y, x. */
struct PoolWindow {
  int64_t kernel[3];
  int64_t stride[3];
  int64_t dilation[3];
  int64_t paddingBegin[3];
  int64_t paddingEnd[3];
};

struct PoolArgs {
  vk_element_type type;
  PoolWindow window;
  /** Images times channels. */
  int64_t volumes;
  int64_t inSize[3];
  int64_t outSize[3];
  int32_t threads;
};

/** Checks the window and that the two tensors fit it and each other; their names go into the
 * messages. */
PoolArgs poolArgs(const char* operation, const Context& context, const vk_pool_window* window,
                  const char* inputName, const vk_view* input, const char* outputName,
                  const vk_view* output);

VK_HD inline int64_t poolVoxels(const int64_t (&size)[3]) { return size[0] * size[1] * size[2]; }

/** Voxels from a window's first to its last tap. */
inline int64_t poolExtent(const PoolWindow& window, int axis) {
  return (window.kernel[axis] - 1) * window.dilation[axis] + 1;
}

/** Taps of the window of `output` along an axis that lie in [0, size). */
VK_HD inline Range poolTaps(const PoolWindow& window, int axis, int64_t output, int64_t size) {
  const int64_t first = output * window.stride[axis] - window.paddingBegin[axis];
  const int64_t dilation = window.dilation[axis];
  // Without a division where there is none to do: this is done for each row.
  const auto taps = [&](int64_t room) {
    return room <= 0 ? 0 : dilation == 1 ? room : (room + dilation - 1) / dilation;
  };
  const int64_t begin = taps(-first);
  const int64_t fit = taps(size - first);
  const int64_t end = fit < window.kernel[axis] ? fit : window.kernel[axis];
  return {begin < end ? begin : end, end};
}

/** Rows of outputs, over all volumes, that make one task; and how many tasks there are. */
int64_t poolRowsEach(const PoolArgs&);
int64_t poolRowTasks(const PoolArgs&);

/** Floats of a scratch row that holds a row of the input with its padding, and what vectors of up
 * to 16 lanes touch beyond it. */
int64_t poolRowFloats(const PoolArgs&);

/** Floats of a row of outputs, and a vector more. */
int64_t poolOutputFloats(const PoolArgs&);

/** The same for the gradient, whose tasks are rows of the input. Its scratch row holds outputs,
 * with zeros before and behind for those that there are not. */
int64_t poolSpreadRowsEach(const PoolArgs&);
int64_t poolSpreadTasks(const PoolArgs&);
int64_t poolSpreadMargin(const PoolArgs&);
int64_t poolSpreadFloats(const PoolArgs&);

/** Bytes of workspace that eachPoolTask needs. */
int64_t poolWorkspaceBytes(int32_t threads, int64_t tasks, int64_t floatsEach);

/** Calls body(task, scratch) on the context's `threads` threads, each of which has `floatsEach`
 * floats. */
template <class Body>
void eachPoolTask(Context& context, int32_t threads, const Workspace& workspace, int64_t tasks,
                  int64_t floatsEach, const Body& body) {
  if (tasks == 0) return;
  const int64_t slotCount = threads < tasks ? threads : tasks;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * floatsEach);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t task) {
    const int32_t slot = slots.acquire();
    body(task, scratch + slot * floatsEach);
    slots.release(slot);
  });
}

/** Rows of the input, within one volume, and the outputs whose windows reach them: what one task
 * of a gradient writes and reads. */
struct PoolSlab {
  int64_t volume;
  Range planes;
  Range rows;
  Range outPlanes;
  Range outRows;
};

/** Whole planes, or rows where there is one plane: contiguous in either case. */
struct PoolSlabs {
  int64_t planesEach;
  int64_t rowsEach;
  int64_t eachVolume;
};

PoolSlabs poolSlabs(const PoolArgs&);
PoolSlab poolSlab(const PoolArgs&, const PoolSlabs&, int64_t task);

}  // namespace vk
