#include "registry/measure.h"

namespace vk {

MeasureArgs measureArgs(const char* operation, const vk_view* fixed, const vk_view* warped,
                        const vk_view* mask, const vk_view* gradient, double* value) {
  requireDenseFloat(operation, "fixed", fixed);
  requireDenseFloat(operation, "warped", warped);
  requireSameType(operation, "fixed", *fixed, "warped", *warped);
  requireSameSizes(operation, "fixed", *fixed, "warped", *warped);
  if (present(mask)) {
    requireDense(operation, "mask", mask, VK_U8);
    requireSameSizes(operation, "fixed", *fixed, "mask", *mask);
  }
  if (present(gradient)) {
    requireDense(operation, "gradient", gradient, fixed->type);
    requireSameSizes(operation, "fixed", *fixed, "gradient", *gradient);
  }
  return {
      elementCount(*fixed),   fixed->type, fixed->data, warped->data, dataOf<const uint8_t>(mask),
      dataOf<void>(gradient), value};
}

Refusal takesF32(const MeasureArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace vk
