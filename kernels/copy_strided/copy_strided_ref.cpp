#include <cstring>

#include "copy_strided/copy_strided.h"

namespace vk {

void copyStridedReference(const CopyStridedArgs& args, Context&, const Workspace&) {
  const int64_t count = elementCount(args.input);
  for (int64_t element = 0; element < count; ++element) {
    int64_t rest = element;
    int64_t from = 0;
    int64_t to = 0;
    for (int32_t axis = args.input.rank - 1; axis >= 0; --axis) {
      const int64_t at = rest % args.input.sizes[axis];
      rest /= args.input.sizes[axis];
      from += at * args.input.strides[axis];
      to += at * args.output.strides[axis];
    }
    std::memcpy(static_cast<char*>(args.output.data) + to * args.elementBytes,
                static_cast<const char*>(args.input.data) + from * args.elementBytes,
                static_cast<size_t>(args.elementBytes));
  }
}

}  // namespace vk
