// The processor's matrix registers. Included after core/simd_begin.h, once an instruction set.
#include <cstdint>

#if defined(VK_CONV3D_AMX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_AMX_INL_H
#undef VK_CONV3D_AMX_INL_H
#else
#define VK_CONV3D_AMX_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
#ifndef VK_AMX_ATTR
#define VK_AMX_ATTR __attribute__((target("amx-tile,amx-bf16")))
#endif

/** Floats, or pairs of bfloat16, of a matrix in memory. */
constexpr int64_t kMatrix = 16 * 16;

/** Shapes of the matrix registers, as the processor wants them: all are full. 0 to 3 are sums, the
 * others factors. */
struct AmxShapes {
  uint8_t palette = 1;
  uint8_t startRow = 0;
  uint8_t reserved[14] = {};
  uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
