// The fill value as the moving image's element type holds it. For the host code that is compiled
// once: the CPU kernels call warp3dFillBits.
#pragma once

#include <cmath>
#include <cstring>

#include "warp3d/warp3d.h"

namespace vk {

template <class T>
void storeFill(double value, double least, double greatest, void* element) {
  double rounded = std::nearbyint(value);
  if (!(rounded == rounded)) rounded = 0;
  // The greatest 64-bit integers have no double of their own: compare before converting.
  T converted = rounded <= least ? T(least) : T(0);
  if (rounded >= greatest) {
    converted = T(~T(0));
    if (least < 0) converted = T(static_cast<uint64_t>(~uint64_t{0}) >> (65 - 8 * sizeof(T)));
  } else if (rounded > least) {
    converted = T(rounded);
  }
  std::memcpy(element, &converted, sizeof converted);
}

/** Rounded and clamped to the type's range. */
inline void warp3dStoreFill(const Warp3dArgs& args, void* element) {
  const double value = args.fillValue;
  switch (args.type) {
    case VK_F32: {
      const float converted = float(value);
      std::memcpy(element, &converted, sizeof converted);
      return;
    }
    case VK_F64:
      std::memcpy(element, &value, sizeof value);
      return;
    case VK_I8:
      return storeFill<int8_t>(value, -0x1p7, 0x1p7, element);
    case VK_I16:
      return storeFill<int16_t>(value, -0x1p15, 0x1p15, element);
    case VK_I32:
      return storeFill<int32_t>(value, -0x1p31, 0x1p31, element);
    case VK_I64:
      return storeFill<int64_t>(value, -0x1p63, 0x1p63, element);
    case VK_U16:
      return storeFill<uint16_t>(value, 0, 0x1p16, element);
    case VK_U32:
      return storeFill<uint32_t>(value, 0, 0x1p32, element);
    case VK_U64:
      return storeFill<uint64_t>(value, 0, 0x1p64, element);
    default:
      return storeFill<uint8_t>(value, 0, 0x1p8, element);
  }
}

}  // namespace vk
