// Elements of any type as blocks of f64, for kernels that take every element type: a block in the
// first-level cache costs less than a pass over memory, and there is one loop a type instead of one
// a pair of types. Included after core/simd_begin.h, once an instruction set.
#include "core/view.h"

#if defined(VK_CORE_SIMD_BLOCKS_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CORE_SIMD_BLOCKS_H
#undef VK_CORE_SIMD_BLOCKS_H
#else
#define VK_CORE_SIMD_BLOCKS_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** Elements of one block: 8 KiB of f64. */
constexpr int64_t kBlock = 1024;

template <class T>
HWY_ATTR void loadAs(const void* data, int64_t offset, int64_t count, double* block) {
  const T* const values = static_cast<const T*>(data) + offset;
  for (int64_t i = 0; i < count; ++i) block[i] = static_cast<double>(values[i]);
}

HWY_ATTR inline double floatBits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return static_cast<double>(value);
}

HWY_ATTR inline double halfBits(uint32_t bits) {
  const double sign = (bits & 0x8000u) != 0 ? -1.0 : 1.0;
  const uint32_t exponent = (bits >> 10) & 31u;
  const uint32_t mantissa = bits & 0x3FFu;
  if (exponent == 0) return sign * 0x1p-24 * static_cast<double>(mantissa);
  if (exponent == 31) return floatBits(((bits & 0x8000u) << 16) | 0x7F800000u | (mantissa << 13));
  return floatBits(((bits & 0x8000u) << 16) | ((exponent + 112) << 23) | (mantissa << 13));
}

/** Elements [offset, offset + count) of a tensor as f64; exact for all but 64-bit integers beyond
 * 2^53, which are rounded to nearest. A bool is 0 or 1. */
HWY_ATTR inline void loadBlock(vk_element_type type, const void* data, int64_t offset,
                               int64_t count, double* block) {
  switch (type) {
    case VK_BOOL: {
      const uint8_t* const values = static_cast<const uint8_t*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) block[i] = values[i] != 0 ? 1.0 : 0.0;
      return;
    }
    case VK_I8:
      return loadAs<int8_t>(data, offset, count, block);
    case VK_U8:
      return loadAs<uint8_t>(data, offset, count, block);
    case VK_I16:
      return loadAs<int16_t>(data, offset, count, block);
    case VK_U16:
      return loadAs<uint16_t>(data, offset, count, block);
    case VK_I32:
      return loadAs<int32_t>(data, offset, count, block);
    case VK_U32:
      return loadAs<uint32_t>(data, offset, count, block);
    case VK_I64:
      return loadAs<int64_t>(data, offset, count, block);
    case VK_U64:
      return loadAs<uint64_t>(data, offset, count, block);
    case VK_BF16: {
      const uint16_t* const values = static_cast<const uint16_t*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) block[i] = floatBits(uint32_t{values[i]} << 16);
      return;
    }
    case VK_F16: {
      const uint16_t* const values = static_cast<const uint16_t*>(data) + offset;
      for (int64_t i = 0; i < count; ++i) block[i] = halfBits(values[i]);
      return;
    }
    case VK_F32:
      return loadAs<float>(data, offset, count, block);
    case VK_F64:
      return loadAs<double>(data, offset, count, block);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
