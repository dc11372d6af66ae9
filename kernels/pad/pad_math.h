// Where elements of the padded tensor come from, and where those of the shorter one go to.
#pragma once

#include "core/host_device.h"
#include "pad/pad.h"

namespace vk {

/** Position along the input of an output position, -1 for the constant. */
VK_HD inline int64_t padSource(vk_pad_mode mode, const PadAxis& axis, int64_t position) {
  const int64_t n = axis.inputSize;
  int64_t at = position - axis.begin;
  if (at >= 0 && at < n) return at;
  switch (mode) {
    case VK_PAD_EDGE:
      return at < 0 ? 0 : n - 1;
    case VK_PAD_REFLECT: {
      if (n == 1) return 0;
      const int64_t period = 2 * (n - 1);
      at = (at % period + period) % period;
      return at < n ? at : period - at;
    }
    case VK_PAD_SYMMETRIC:
      at = (at % (2 * n) + 2 * n) % (2 * n);
      return at < n ? at : 2 * n - 1 - at;
    case VK_PAD_WRAP:
      return (at % n + n) % n;
    default:
      return -1;
  }
}

/** The output positions that come from one input position, ascending: two in turn each period, or
 * one where the second is the first. */
struct PadCopies {
  int64_t first;
  int64_t second;
  int64_t period;
  int64_t count;

  VK_HD int64_t position(int64_t i) const {
    if (second == first) return first + i * period;
    return (i % 2 == 0 ? first : second) + i / 2 * period;
  }
};

/** Copies at all positions from `low` on, below `high`. */
VK_HD inline PadCopies padRun(int64_t low, int64_t high) {
  return {low, low, 1, high > low ? high - low : 0};
}

VK_HD inline PadCopies padCopies(vk_pad_mode mode, const PadAxis& axis, int64_t at) {
  const int64_t n = axis.inputSize;
  const int64_t end = axis.outputSize;
  const int64_t own = axis.begin + at;
  if (mode == VK_PAD_CONSTANT || mode == VK_PAD_EDGE) {
    const bool edges = mode == VK_PAD_EDGE;
    const int64_t low = edges && at == 0 ? 0 : own > 0 ? own : 0;
    const int64_t next = edges && at == n - 1 ? end : own + 1;
    return padRun(low, next < end ? next : end);
  }
  if (mode == VK_PAD_REFLECT && n == 1) return padRun(0, end);
  const int64_t period = mode == VK_PAD_WRAP ? n : mode == VK_PAD_REFLECT ? 2 * (n - 1) : 2 * n;
  // The mirror image within the period before the input's first element.
  const int64_t image = mode == VK_PAD_WRAP      ? own
                        : mode == VK_PAD_REFLECT ? axis.begin - at
                                                 : axis.begin - 1 - at;
  int64_t first = (own % period + period) % period;
  int64_t second = (image % period + period) % period;
  if (second < first) {
    const int64_t greater = first;
    first = second;
    second = greater;
  }
  const int64_t firsts = end > first ? (end - first + period - 1) / period : 0;
  const int64_t seconds = end > second ? (end - second + period - 1) / period : 0;
  return {first, second, period, first == second ? firsts : firsts + seconds};
}

}  // namespace vk
