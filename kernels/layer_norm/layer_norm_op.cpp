#include <cmath>

#include "layer_norm/layer_norm.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "layer_norm";
constexpr const char* kGradient = "layer_norm_gradient";

/** Checks that a tensor has the sizes [from, to) of the input. */
void requirePart(const char* operation, const char* name, const vk_view* view, const vk_view& input,
                 int32_t from, int32_t to) {
  requireDense(operation, name, view, input.type);
  bool fits = view->rank == to - from;
  for (int32_t axis = from; fits && axis < to; ++axis) {
    fits = view->sizes[axis - from] == input.sizes[axis];
  }
  if (!fits) {
    invalidArgument("%s: %s is %s, expected the axes %d to %d of input, %s", operation, name,
                    describe(*view).c_str(), from, to - 1, describe(input).c_str());
  }
}

LayerNormArgs ofInput(const char* name, const vk_view* input, const vk_view* scale,
                      const vk_layer_norm_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_layer_norm_params)) {
    invalidArgument("%s: the parameters are missing or of another version", name);
  }
  requireDenseFloat(name, "input", input);
  if (params->axis < 0 || params->axis >= input->rank) {
    invalidArgument("%s: input is %s and has no axis %d", name, describe(*input).c_str(),
                    params->axis);
  }
  if (!(params->epsilon >= 0) || !std::isfinite(params->epsilon)) {
    invalidArgument("%s: epsilon is %g, expected 0 or more", name, params->epsilon);
  }
  LayerNormArgs args{};
  args.type = input->type;
  args.rows = args.length = 1;
  for (int32_t axis = 0; axis < input->rank; ++axis) {
    (axis < params->axis ? args.rows : args.length) *= input->sizes[axis];
  }
  args.rootMeanSquare = params->root_mean_square != 0;
  args.epsilon = params->epsilon;
  args.input = input->data;
  if (present(scale)) {
    requirePart(name, "scale", scale, *input, params->axis, input->rank);
    args.scale = scale->data;
  }
  return args;
}

LayerNormArgs checked(const vk_view* input, const vk_view* scale, const vk_view* shift,
                      const vk_layer_norm_params* params, const vk_view* output,
                      const vk_view* mean, const vk_view* inverseDeviation) {
  LayerNormArgs args = ofInput(kForward, input, scale, params);
  if (present(shift)) {
    requirePart(kForward, "shift", shift, *input, params->axis, input->rank);
    args.shift = shift->data;
  }
  requireLike(kForward, "output", output, "input", *input);
  args.output = output->data;
  if (present(mean)) {
    requirePart(kForward, "mean", mean, *input, 0, params->axis);
    args.savedMean = mean->data;
  }
  if (present(inverseDeviation)) {
    requirePart(kForward, "inverse_deviation", inverseDeviation, *input, 0, params->axis);
    args.savedInverse = inverseDeviation->data;
  }
  return args;
}

LayerNormArgs checkedGradient(const vk_view* input, const vk_view* scale, const vk_view* mean,
                              const vk_view* inverseDeviation, const vk_view* outputGradient,
                              const vk_layer_norm_params* params, const vk_view* inputGradient,
                              const vk_view* scaleGradient, const vk_view* shiftGradient) {
  LayerNormArgs args = ofInput(kGradient, input, scale, params);
  if (!args.rootMeanSquare) {
    requirePart(kGradient, "mean", mean, *input, 0, params->axis);
    args.mean = mean->data;
  }
  requirePart(kGradient, "inverse_deviation", inverseDeviation, *input, 0, params->axis);
  requireLike(kGradient, "output_gradient", outputGradient, "input", *input);
  args.inverseDeviation = inverseDeviation->data;
  args.outputGradient = outputGradient->data;
  if (present(inputGradient)) {
    requireLike(kGradient, "input_gradient", inputGradient, "input", *input);
    args.inputGradient = inputGradient->data;
  }
  if (present(scaleGradient)) {
    requirePart(kGradient, "scale_gradient", scaleGradient, *input, params->axis, input->rank);
    args.scaleGradient = scaleGradient->data;
  }
  if (present(shiftGradient)) {
    requirePart(kGradient, "shift_gradient", shiftGradient, *input, params->axis, input->rank);
    args.shiftGradient = shiftGradient->data;
  }
  return args;
}

}  // namespace

Implementations<LayerNormArgs> layer_normImplementations() {
  static const HostImplementations<LayerNormArgs> table(
      layerNormCpuTable, f32Only<LayerNormArgs>, layerNormCpuWorkspaceBytes, layerNormReference);
  return table;
}

Implementations<LayerNormArgs> layer_norm_gradientImplementations() {
  static const HostImplementations<LayerNormArgs> table(
      layerNormGradientCpuTable, f32Only<LayerNormArgs>, layerNormGradientCpuWorkspaceBytes,
      layerNormGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_layer_norm_plan(vk_context* context, const vk_view* input, const vk_view* scale,
                             const vk_view* shift, const vk_layer_norm_params* params,
                             const vk_view* output, const vk_view* mean,
                             const vk_view* inverse_deviation, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::layer_normImplementations(),
               vk::checked(input, scale, shift, params, output, mean, inverse_deviation), plan);
  });
}

vk_status vk_layer_norm(vk_context* context, const vk_plan* plan, const vk_view* input,
                        const vk_view* scale, const vk_view* shift,
                        const vk_layer_norm_params* params, const vk_view* workspace,
                        const vk_view* output, const vk_view* mean,
                        const vk_view* inverse_deviation) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::layer_normImplementations(),
            vk::checked(input, scale, shift, params, output, mean, inverse_deviation), plan,
            workspace);
  });
}

vk_status vk_layer_norm_gradient_plan(vk_context* context, const vk_view* input,
                                      const vk_view* scale, const vk_view* mean,
                                      const vk_view* inverse_deviation,
                                      const vk_view* output_gradient,
                                      const vk_layer_norm_params* params,
                                      const vk_view* input_gradient, const vk_view* scale_gradient,
                                      const vk_view* shift_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::layer_norm_gradientImplementations(),
               vk::checkedGradient(input, scale, mean, inverse_deviation, output_gradient, params,
                                   input_gradient, scale_gradient, shift_gradient),
               plan);
  });
}

vk_status vk_layer_norm_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                 const vk_view* scale, const vk_view* mean,
                                 const vk_view* inverse_deviation, const vk_view* output_gradient,
                                 const vk_layer_norm_params* params, const vk_view* workspace,
                                 const vk_view* input_gradient, const vk_view* scale_gradient,
                                 const vk_view* shift_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::layer_norm_gradientImplementations(),
            vk::checkedGradient(input, scale, mean, inverse_deviation, output_gradient, params,
                                input_gradient, scale_gradient, shift_gradient),
            plan, workspace);
  });
}

}  // extern "C"
