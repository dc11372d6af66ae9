#include "copy_strided/copy_strided.h"

namespace vk {

CopyAxes mergedAxes(const vk_view& input, const vk_view& output) {
  struct Axis {
    int64_t size, in, out;
  };
  Axis axes[VK_MAX_RANK];
  int32_t count = 0;
  CopyAxes merged;
  for (int32_t i = 0; i < input.rank; ++i) {
    if (input.sizes[i] == 1) continue;
    Axis axis{input.sizes[i], input.strides[i], output.strides[i]};
    if (axis.out < 0) {
      // Walked from its other end.
      merged.inputOffset += (axis.size - 1) * axis.in;
      merged.outputOffset += (axis.size - 1) * axis.out;
      axis.in = -axis.in;
      axis.out = -axis.out;
    }
    // Insertion sort: at most eight, and equal strides keep their order.
    int32_t at = count++;
    for (; at > 0 && axes[at - 1].out < axis.out; --at) axes[at] = axes[at - 1];
    axes[at] = axis;
  }
  for (int32_t i = 0; i < count; ++i) {
    const Axis& axis = axes[i];
    const int32_t last = merged.rank - 1;
    if (merged.rank > 0 && merged.outputStrides[last] == axis.out * axis.size &&
        merged.inputStrides[last] == axis.in * axis.size) {
      merged.sizes[last] *= axis.size;
      merged.inputStrides[last] = axis.in;
      merged.outputStrides[last] = axis.out;
    } else {
      merged.sizes[merged.rank] = axis.size;
      merged.inputStrides[merged.rank] = axis.in;
      merged.outputStrides[merged.rank] = axis.out;
      ++merged.rank;
    }
  }
  if (merged.rank == 0) {
    merged.rank = 1;
    merged.sizes[0] = 1;
    merged.inputStrides[0] = merged.outputStrides[0] = 1;
  }
  return merged;
}

}  // namespace vk
