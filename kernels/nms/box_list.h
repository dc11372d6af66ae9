// The host side that operations on a list of scored boxes have in common.
#pragma once

#include "cuda/cuda_table.h"
#include "nms/box_ranking.h"

namespace vk::cuda {

/** Of an operation whose steps are `Steps<T>(args, carver).run(args, context)`: the constructor
 * takes the memory; what runs finds at least one box. */
template <template <class> class Steps, class Args>
struct BoxList {
  static Refusal accepts(const Args& args) { return takesFewBoxes(args.boxes); }

  static int64_t workspaceBytes(const Args& args) {
    Carver carver(nullptr);
    withFloats(args.boxes.type, [&](auto number) { Steps<decltype(number)>(args, carver); });
    return carver.bytes();
  }

  static void run(const Args& args, Context& context, const Workspace& workspace) {
    *args.count = 0;
    if (args.boxes.count == 0) return;
    Carver carver(workspace.data);
    withFloats(args.boxes.type,
               [&](auto number) { Steps<decltype(number)>(args, carver).run(args, context); });
  }

  static CudaImplementations<Args> table() {
    static const Implementation<Args> rows[] = {row<Args>(run, accepts, workspaceBytes)};
    return cuda::table(rows);
  }
};

}  // namespace vk::cuda
