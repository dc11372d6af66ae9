#include <cmath>

#include "label_overlap/label_overlap.h"

namespace vk {
namespace {

template <class T>
double number(const void* data, int64_t i) {
  return double(static_cast<const T*>(data)[i]);
}

double labelAt(vk_element_type type, const void* data, int64_t i) {
  switch (type) {
    case VK_BOOL:
      return static_cast<const uint8_t*>(data)[i] != 0;
    case VK_I8:
      return number<int8_t>(data, i);
    case VK_U8:
      return number<uint8_t>(data, i);
    case VK_I16:
      return number<int16_t>(data, i);
    case VK_U16:
      return number<uint16_t>(data, i);
    case VK_I32:
      return number<int32_t>(data, i);
    case VK_U32:
      return number<uint32_t>(data, i);
    case VK_I64:
      return number<int64_t>(data, i);
    case VK_U64:
      return number<uint64_t>(data, i);
    case VK_F32:
      return number<float>(data, i);
    case VK_F64:
      return number<double>(data, i);
    default:
      return NAN;
  }
}

}  // namespace

void labelOverlapReference(const LabelOverlapArgs& args, Context&, const Workspace&) {
  for (int64_t i = 0; i < 3 * args.labels; ++i) args.counts[i] = 0;
  args.rest->outside = 0;
  args.rest->not_whole = 0;
  const double first = double(args.firstLabel);
  const double last = double(args.firstLabel + args.labels - 1);
  for (int64_t i = 0; i < args.count; ++i) {
    const double labels[2] = {labelAt(args.typeA, args.a, i), labelAt(args.typeB, args.b, i)};
    for (int side = 0; side < 2; ++side) {
      const double label = labels[side];
      if (!(label == std::floor(label)) || std::isinf(label)) {
        ++args.rest->not_whole;
      } else if (label < first || label > last) {
        ++args.rest->outside;
      } else {
        const int64_t index = int64_t(label) - args.firstLabel;
        ++args.counts[side * args.labels + index];
        if (side == 0 && labels[0] == labels[1]) ++args.counts[2 * args.labels + index];
      }
    }
  }
}

}  // namespace vk
