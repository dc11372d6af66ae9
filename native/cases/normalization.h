// Inputs and checks that the adapters of the normalisations share.
#pragma once

#include <cmath>

#include "cases/case.h"
#include "voxkern/activation.h"

namespace vk::cases {

/** Sum of the products of two tensors, in f64: what gradients are checked with. */
inline double productSum(const Buffer& a, const Buffer& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.count(); ++i) sum += a.get(i) * b.get(i);
  return sum;
}

/** The output with the input's values: for an operation that is to work in place. f32 only. */
inline const vk_view* copied(Call& call, const Buffer& input, const vk_view* output) {
  call.fill(output, input);
  return output;
}

/** The key activation=; 3 is none that can be fused. */
inline vk_activation fusedActivation(const CaseLine& line) {
  const std::string name = line.word("activation", "none");
  return name == "none"    ? VK_ACTIVATION_NONE
         : name == "relu"  ? VK_ACTIVATION_RELU
         : name == "leaky" ? VK_ACTIVATION_LEAKY_RELU
                           : static_cast<vk_activation>(3);
}

/** Of the READMEs. */
inline Bound normBound() { return {.absolute = 1e-6, .ofLargest = 2e-6}; }
inline Bound meanBound() { return {.relative = 1e-6, .absolute = 1e-6, .ofLargest = 1e-6}; }
inline Bound normGradientBound() { return {.absolute = 4e-6, .ofLargest = 4e-6}; }
/** Of sums of so many products. */
inline Bound normSumBound(int64_t count) {
  return {.absolute = 2e-5 + 1e-8 * double(count), .ofLargest = 4e-6};
}

/** input (N, C, ...) about offset=, with scale and shift a channel unless scale=no, shift=no. */
struct NormInputs {
  NormInputs(Case& test, const Sizes& shape)
      : sizes(shape),
        input(values(test, shape)),
        scale(test.line().flag("scale", true) ? test.uniform("scale", {shape[1]}, 0.5, 1.5) : none),
        shift(test.line().flag("shift", true) ? test.uniform("shift", {shape[1]}, -0.5, 0.5)
                                              : none),
        saved(test.line().flag("saved", true)) {
    test.spoil(input);
  }

  static Buffer& values(Case& test, const Sizes& shape) {
    const double offset = test.line().number("offset", 0);
    return test.uniform("input", shape, offset - 2, offset + 2);
  }

  Sizes sizes;
  Buffer none;
  Buffer& input;
  Buffer& scale;
  Buffer& shift;
  /** Whether the statistics are asked for; of a gradient: all three gradients or the input's. */
  bool saved;
};

/** Mean and 1 / sqrt(variance + epsilon) of `count` values. */
template <class ValueAt>
void setMoments(int64_t count, double epsilon, int64_t element, Buffer& mean, Buffer& inverse,
                ValueAt valueAt) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += valueAt(i);
  const double average = count > 0 ? sum / double(count) : 0;
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) squares += (valueAt(i) - average) * (valueAt(i) - average);
  mean.set(element, average);
  inverse.set(element, 1 / std::sqrt((count > 0 ? squares / double(count) : 0) + epsilon));
}

/** The outputs of a gradient. */
struct NormGradients {
  NormGradients(Call& call, const NormInputs& inputs, vk_element_type type)
      : input(call.output("input_gradient", type, inputs.sizes, normGradientBound())) {
    if (!inputs.saved) return;
    const int64_t channels = inputs.sizes[1];
    const Bound bound = normSumBound(channels > 0 ? inputs.input.count() / channels : 0);
    scale = call.output("scale_gradient", type, {channels}, bound);
    shift = call.output("shift_gradient", type, {channels}, bound);
  }
  const vk_view* input;
  const vk_view* scale = nullptr;
  const vk_view* shift = nullptr;
};

inline void checkNormGradients(Case& test, const NormInputs& inputs, const Call& analytic,
                               const std::function<double()>& objective) {
  const GradientCheck check = {.step = 1e-5, .tolerance = 1e-7};
  test.checkGradient("dy/dinput", inputs.input, analytic.result("input_gradient"), objective,
                     check);
  if (inputs.scale.present()) {
    test.checkGradient("dy/dscale", inputs.scale, analytic.result("scale_gradient"), objective,
                       check);
  }
  if (inputs.shift.present()) {
    test.checkGradient("dy/dshift", inputs.shift, analytic.result("shift_gradient"), objective,
                       check);
  }
}

}  // namespace vk::cases
