#include "pad/pad.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kForward = "pad";
constexpr const char* kGradient = "pad_gradient";

void checkAxis(const char* operation, const vk_pad_params& params, int32_t axis,
               const vk_view& input, const vk_view& output) {
  const int64_t size = input.sizes[axis];
  const int64_t begin = params.begin[axis];
  const int64_t end = params.end[axis];
  // Bounds first: their sum must not overflow.
  constexpr int64_t kMost = int64_t{1} << 40;
  const bool sane = begin > -kMost && begin < kMost && end > -kMost && end < kMost;
  if (!sane || size + begin + end != output.sizes[axis] || size + begin < 0 || size + end < 0) {
    invalidArgument("%s: axis %d of input %s with %lld before and %lld after, but output %s",
                    operation, axis, describe(input).c_str(), static_cast<long long>(begin),
                    static_cast<long long>(end), describe(output).c_str());
  }
  if (params.mode != VK_PAD_CONSTANT && size == 0 && output.sizes[axis] > 0) {
    invalidArgument("%s: input %s has nothing along axis %d to pad with", operation,
                    describe(input).c_str(), axis);
  }
}

PadArgs shapeOf(const char* operation, const vk_view* input, const vk_pad_params* params,
                const vk_view* output) {
  if (params == nullptr || params->struct_size != sizeof(vk_pad_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  if (params->mode < VK_PAD_CONSTANT || params->mode > VK_PAD_WRAP) {
    invalidArgument("%s: unknown mode %d", operation, static_cast<int>(params->mode));
  }
  requireDenseAny(operation, "input", input);
  requireDense(operation, "output", output, input->type);
  requireRank(operation, "output", *output, input->rank);
  PadArgs args{};
  args.mode = params->mode;
  args.type = input->type;
  args.fillBits = params->fill_bits;
  args.input = input->data;
  args.output = output->data;
  bool mergeable = false;
  for (int32_t axis = 0; axis < input->rank; ++axis) {
    checkAxis(operation, *params, axis, *input, *output);
    const bool plain = params->begin[axis] == 0 && params->end[axis] == 0;
    const int64_t size = input->sizes[axis];
    if (plain && mergeable) {
      args.axes[args.rank - 1].inputSize *= size;
      args.axes[args.rank - 1].outputSize *= size;
    } else {
      args.axes[args.rank++] = {size, output->sizes[axis], params->begin[axis]};
    }
    mergeable = plain;
  }
  if (args.rank == 0) args.axes[args.rank++] = {1, 1, 0};
  return args;
}

PadArgs checkedGradient(const vk_view* outputGradient, const vk_pad_params* params,
                        const vk_view* inputGradient) {
  const PadArgs args = shapeOf(kGradient, inputGradient, params, outputGradient);
  requireDenseFloat(kGradient, "input gradient", inputGradient);
  return args;
}

Refusal plainAcceptsGradient(const PadArgs& args) {
  return args.type == VK_F32 ? "" : "takes f32 only";
}

}  // namespace

Implementations<PadArgs> padImplementations() {
  static const PlainImplementations<PadArgs> table(padPlain, nullptr, nullptr, padReference,
                                                   nullptr);
  return table;
}

Implementations<PadArgs> pad_gradientImplementations() {
  static const PlainImplementations<PadArgs> table(padGradientPlain, plainAcceptsGradient,
                                                   padGradientWorkspaceBytes, padGradientReference,
                                                   nullptr);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_pad_plan(vk_context* context, const vk_view* input, const vk_pad_params* params,
                      const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::padImplementations(),
               vk::shapeOf(vk::kForward, input, params, output), plan);
  });
}

vk_status vk_pad(vk_context* context, const vk_plan* plan, const vk_view* input,
                 const vk_pad_params* params, const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::padImplementations(),
            vk::shapeOf(vk::kForward, input, params, output), plan, workspace);
  });
}

vk_status vk_pad_gradient_plan(vk_context* context, const vk_view* output_gradient,
                               const vk_pad_params* params, const vk_view* input_gradient,
                               vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::pad_gradientImplementations(),
               vk::checkedGradient(output_gradient, params, input_gradient), plan);
  });
}

vk_status vk_pad_gradient(vk_context* context, const vk_plan* plan, const vk_view* output_gradient,
                          const vk_pad_params* params, const vk_view* workspace,
                          const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::pad_gradientImplementations(),
            vk::checkedGradient(output_gradient, params, input_gradient), plan, workspace);
  });
}

}  // extern "C"
