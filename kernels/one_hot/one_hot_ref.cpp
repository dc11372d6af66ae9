#include <cstring>

#include "one_hot/one_hot.h"

namespace vk {

void oneHotReference(const OneHotArgs& args, Context&, const Workspace&) {
  char* to = static_cast<char*>(args.output);
  for (int64_t outer = 0; outer < args.outer; ++outer) {
    for (int64_t k = 0; k < args.depth; ++k) {
      for (int64_t inner = 0; inner < args.inner; ++inner, to += args.elementBytes) {
        const int64_t position = outer * args.inner + inner;
        const int64_t index = args.indexType == VK_I32
                                  ? static_cast<const int32_t*>(args.indices)[position]
                                  : static_cast<const int64_t*>(args.indices)[position];
        const bool on = index == k || index == k - args.depth;
        // The low bytes come first on the machines that there are kernels for.
        std::memcpy(to, on ? &args.onBits : &args.offBits, static_cast<size_t>(args.elementBytes));
      }
    }
  }
}

}  // namespace vk
