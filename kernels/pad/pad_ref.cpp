#include <cstring>
#include <vector>

#include "pad/pad.h"

namespace vk {
namespace {

/** Walks there step by step, one border after the other. */
int64_t sourceAlong(vk_pad_mode mode, const PadAxis& axis, int64_t position) {
  const int64_t n = axis.inputSize;
  int64_t at = position - axis.begin;
  while (at < 0 || at >= n) {
    switch (mode) {
      case VK_PAD_CONSTANT:
        return -1;
      case VK_PAD_EDGE:
        at = at < 0 ? 0 : n - 1;
        break;
      case VK_PAD_REFLECT:
        if (n == 1) return 0;
        at = at < 0 ? -at : 2 * (n - 1) - at;
        break;
      case VK_PAD_SYMMETRIC:
        at = at < 0 ? -1 - at : 2 * n - 1 - at;
        break;
      case VK_PAD_WRAP:
        at = at < 0 ? at + n : at - n;
        break;
    }
  }
  return at;
}

int64_t sourceOf(const PadArgs& args, int64_t element) {
  int64_t source = 0;
  int64_t stride = 1;
  for (int32_t i = args.rank - 1; i >= 0; --i) {
    const int64_t at = sourceAlong(args.mode, args.axes[i], element % args.axes[i].outputSize);
    element /= args.axes[i].outputSize;
    if (at < 0) return -1;
    source += at * stride;
    stride *= args.axes[i].inputSize;
  }
  return source;
}

int64_t outputCount(const PadArgs& args) {
  int64_t count = 1;
  for (int32_t i = 0; i < args.rank; ++i) count *= args.axes[i].outputSize;
  return count;
}

template <class T>
void gradient(const PadArgs& args) {
  int64_t count = 1;
  for (int32_t i = 0; i < args.rank; ++i) count *= args.axes[i].inputSize;
  std::vector<double> sums(static_cast<size_t>(count), 0.0);
  for (int64_t i = 0; i < outputCount(args); ++i) {
    const int64_t source = sourceOf(args, i);
    if (source >= 0)
      sums[static_cast<size_t>(source)] += double(static_cast<const T*>(args.output)[i]);
  }
  for (int64_t i = 0; i < count; ++i) {
    static_cast<T*>(args.input)[i] = static_cast<T>(sums[static_cast<size_t>(i)]);
  }
}

}  // namespace

void padReference(const PadArgs& args, Context&, const Workspace&) {
  const int64_t bytes = elementSize(args.type);
  for (int64_t i = 0; i < outputCount(args); ++i) {
    const int64_t source = sourceOf(args, i);
    // The low bytes come first on every processor that this is built for.
    const void* const from = source < 0 ? static_cast<const void*>(&args.fillBits)
                                        : static_cast<const char*>(args.input) + source * bytes;
    std::memcpy(static_cast<char*>(args.output) + i * bytes, from, static_cast<size_t>(bytes));
  }
}

void padGradientReference(const PadArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
