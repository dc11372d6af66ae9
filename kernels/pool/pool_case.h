// Case lines of the pools with a moving window: kernel, stride (the kernel's unless given),
// dilation, pad, pad_end (pad unless given), ceil; channels c, images n.
#pragma once

#include "cases/case.h"
#include "voxkern/pooling.h"

namespace vk::cases {

struct PoolCase {
  vk_pool_window window{};
  Sizes input;
  Sizes output;

  explicit PoolCase(const CaseLine& line) {
    window.struct_size = sizeof window;
    window.ceil_mode = line.flag("ceil", false) ? 1 : 0;
    // "3x3x1" is width, height, depth, as a shape.
    const Sizes kernel = line.sizes("kernel");
    const Sizes stride = line.sizes("stride", line.word("kernel", ""));
    const Sizes dilation = line.sizes("dilation", "1x1x1");
    const Sizes begin = line.sizes("pad", "0x0x0");
    const Sizes end = line.sizes("pad_end", line.word("pad", "0x0x0"));
    const Sizes shape = line.sizes("shape");
    input = output = {line.integer("n", 1), line.integer("c", 1)};
    for (size_t axis = 0; axis < 3; ++axis) {
      window.kernel[axis] = kernel[axis];
      window.stride[axis] = stride[axis];
      window.dilation[axis] = dilation[axis];
      window.padding_begin[axis] = begin[axis];
      window.padding_end[axis] = end[axis];
      input.push_back(shape[axis]);
      output.push_back(windows(shape[axis], axis));
    }
  }

 private:
  /** One after the other, as long as they fit; 0 where the arguments make no sense. */
  int64_t windows(int64_t size, size_t axis) const {
    const int64_t reach = (window.kernel[axis] - 1) * window.dilation[axis];
    const int64_t first = -window.padding_begin[axis];
    const int64_t end = size + window.padding_end[axis];
    int64_t count = 0;
    if (size == 0 || window.stride[axis] < 1 || reach < 0) return 0;
    while (true) {
      const int64_t at = first + count * window.stride[axis];
      const bool whole = at + reach < end;
      // Of a window that is cut off, as many voxels must be left as a stride does not skip.
      const bool cut =
          window.ceil_mode != 0 && at < size && at + reach < end + window.stride[axis] - 1;
      if (!whole && !cut) return count;
      ++count;
    }
  }
};

}  // namespace vk::cases
