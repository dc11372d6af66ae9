#include <cmath>

#include "dropout/dropout.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "dropout";
constexpr const char* kGradient = "dropout_gradient";

DropoutArgs checkedAs(const char* operation, const char* inputName, const vk_view* input,
                      const vk_dropout_params* params, const char* outputName,
                      const vk_view* output, const vk_view* mask) {
  if (params == nullptr || params->struct_size != sizeof(vk_dropout_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  if (!(params->probability >= 0 && params->probability <= 1)) {
    invalidArgument("%s: probability is %g, expected 0 to 1", operation, params->probability);
  }
  requireDenseFloat(operation, inputName, input);
  requireLike(operation, outputName, output, inputName, *input);
  requireDense(operation, "mask", mask, VK_U8);
  DropoutArgs args{};
  args.type = input->type;
  args.length = 1;
  if (params->channels != 0) {
    if (input->rank < 2 || mask->rank != 2 || mask->sizes[0] != input->sizes[0] ||
        mask->sizes[1] != input->sizes[1]) {
      invalidArgument("%s: mask is %s, expected the batch and the channels of %s, %s", operation,
                      describe(*mask).c_str(), inputName, describe(*input).c_str());
    }
    for (int32_t axis = 2; axis < input->rank; ++axis) args.length *= input->sizes[axis];
  } else {
    requireSameSizes(operation, "mask", *mask, inputName, *input);
  }
  args.draws = elementCount(*mask);
  args.threshold = static_cast<uint64_t>(std::llround(params->probability * 0x1p32));
  args.scale = params->probability < 1 ? 1 / (1 - params->probability) : 0;
  args.seed = params->seed;
  args.sequence = params->sequence;
  args.input = input->data;
  args.output = output->data;
  args.mask = static_cast<uint8_t*>(mask->data);
  return args;
}

DropoutArgs checked(const vk_view* input, const vk_dropout_params* params, const vk_view* output,
                    const vk_view* mask) {
  return checkedAs(kForward, "input", input, params, "output", output, mask);
}

DropoutArgs checkedGradient(const vk_view* outputGradient, const vk_view* mask,
                            const vk_dropout_params* params, const vk_view* inputGradient) {
  return checkedAs(kGradient, "output_gradient", outputGradient, params, "input_gradient",
                   inputGradient, mask);
}

}  // namespace

Implementations<DropoutArgs> dropoutImplementations() {
  static const HostImplementations<DropoutArgs> table(dropoutCpuTable, f32Only<DropoutArgs>,
                                                      nullptr, dropoutReference);
  return table;
}

Implementations<DropoutArgs> dropout_gradientImplementations() {
  static const HostImplementations<DropoutArgs> table(dropoutGradientCpuTable, f32Only<DropoutArgs>,
                                                      nullptr, dropoutGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_dropout_plan(vk_context* context, const vk_view* input,
                          const vk_dropout_params* params, const vk_view* output,
                          const vk_view* mask, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::dropoutImplementations(),
               vk::checked(input, params, output, mask), plan);
  });
}

vk_status vk_dropout(vk_context* context, const vk_plan* plan, const vk_view* input,
                     const vk_dropout_params* params, const vk_view* workspace,
                     const vk_view* output, const vk_view* mask) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::dropoutImplementations(),
            vk::checked(input, params, output, mask), plan, workspace);
  });
}

vk_status vk_dropout_gradient_plan(vk_context* context, const vk_view* output_gradient,
                                   const vk_view* mask, const vk_dropout_params* params,
                                   const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::dropout_gradientImplementations(),
               vk::checkedGradient(output_gradient, mask, params, input_gradient), plan);
  });
}

vk_status vk_dropout_gradient(vk_context* context, const vk_plan* plan,
                              const vk_view* output_gradient, const vk_view* mask,
                              const vk_dropout_params* params, const vk_view* workspace,
                              const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::dropout_gradientImplementations(),
            vk::checkedGradient(output_gradient, mask, params, input_gradient), plan, workspace);
  });
}

}  // extern "C"
