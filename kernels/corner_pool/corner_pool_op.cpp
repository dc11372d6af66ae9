#include "corner_pool/corner_pool.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "corner_pool";
constexpr const char* kGradientName = "corner_pool_gradient";

CornerArgs lines(const char* name, const char* inputName, const vk_view* input,
                 vk_corner_side side) {
  requireDenseFloat(name, inputName, input);
  requireRank(name, inputName, *input, 5);
  if (side < VK_CORNER_LEFT || side > VK_CORNER_BACK) {
    invalidArgument("%s: unknown side %d", name, static_cast<int>(side));
  }
  // Left and right are x, top and bottom y, front and back z.
  const int axis = 4 - static_cast<int>(side) / 2;
  CornerArgs args{input->type, 1, input->sizes[axis], 1, static_cast<int>(side) % 2 == 0};
  for (int i = 0; i < axis; ++i) args.outer *= input->sizes[i];
  for (int i = axis + 1; i < 5; ++i) args.inner *= input->sizes[i];
  return args;
}

CornerPoolArgs checked(const vk_view* input, vk_corner_side side, const vk_view* output) {
  CornerPoolArgs args{};
  static_cast<CornerArgs&>(args) = lines(kName, "input", input, side);
  requireDense(kName, "output", output, input->type);
  requireSameSizes(kName, "output", *output, "input", *input);
  args.input = input->data;
  args.output = output->data;
  return args;
}

CornerPoolGradientArgs checkedGradient(const vk_view* input, const vk_view* upstream,
                                       vk_corner_side side, const vk_view* gradient) {
  CornerPoolGradientArgs args{};
  static_cast<CornerArgs&>(args) = lines(kGradientName, "input", input, side);
  requireDense(kGradientName, "upstream", upstream, input->type);
  requireSameSizes(kGradientName, "upstream", *upstream, "input", *input);
  requireDense(kGradientName, "gradient", gradient, input->type);
  requireSameSizes(kGradientName, "gradient", *gradient, "input", *input);
  args.input = input->data;
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<CornerPoolArgs> corner_poolImplementations() {
  static const HostImplementations<CornerPoolArgs> table(cornerPoolCpuTable, cpuAccepts, nullptr,
                                                         cornerPoolReference);
  return table;
}

Implementations<CornerPoolGradientArgs> corner_pool_gradientImplementations() {
  static const HostImplementations<CornerPoolGradientArgs> table(
      cornerPoolGradientCpuTable, cpuAccepts, nullptr, cornerPoolGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_corner_pool_plan(vk_context* context, const vk_view* input, vk_corner_side side,
                              const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::corner_poolImplementations(),
               vk::checked(input, side, output), plan);
  });
}

vk_status vk_corner_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                         vk_corner_side side, const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::corner_poolImplementations(), vk::checked(input, side, output),
            plan, workspace);
  });
}

vk_status vk_corner_pool_gradient_plan(vk_context* context, const vk_view* input,
                                       const vk_view* upstream, vk_corner_side side,
                                       const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::corner_pool_gradientImplementations(),
               vk::checkedGradient(input, upstream, side, gradient), plan);
  });
}

vk_status vk_corner_pool_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                  const vk_view* upstream, vk_corner_side side,
                                  const vk_view* workspace, const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradientName, vk::corner_pool_gradientImplementations(),
            vk::checkedGradient(input, upstream, side, gradient), plan, workspace);
  });
}

}  // extern "C"
