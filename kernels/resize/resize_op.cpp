#include <cmath>

#include "core/threads.h"
#include "registry/operations.h"
#include "resize/resize.h"

namespace vk {
namespace {

void checkParams(const char* name, const vk_resize_params* params) {
  if (params == nullptr) invalidArgument("%s: the parameters are missing", name);
  if (params->struct_size != sizeof(vk_resize_params)) {
    invalidArgument("%s: the parameters have %u bytes, expected %zu", name, params->struct_size,
                    sizeof(vk_resize_params));
  }
  if (params->mode < VK_SAMPLING_NEAREST || params->mode > VK_SAMPLING_CUBIC) {
    invalidArgument("%s: unknown mode %d", name, static_cast<int>(params->mode));
  }
  if (params->coordinates < VK_RESIZE_HALF_PIXEL ||
      params->coordinates > VK_RESIZE_TF_CROP_AND_RESIZE) {
    invalidArgument("%s: unknown coordinates %d", name, static_cast<int>(params->coordinates));
  }
  if (params->nearest < VK_RESIZE_ROUND_PREFER_FLOOR || params->nearest > VK_RESIZE_CEIL) {
    invalidArgument("%s: unknown rounding %d", name, static_cast<int>(params->nearest));
  }
  if (!std::isfinite(params->cubic_coefficient)) {
    invalidArgument("%s: the cubic coefficient is not finite", name);
  }
  for (int axis = 0; axis < 3; ++axis) {
    if (!std::isfinite(params->roi_begin[axis]) || !std::isfinite(params->roi_end[axis])) {
      invalidArgument("%s: the region of interest is not finite", name);
    }
  }
}

/** input and output, or their gradients. */
ResizeArgs checked(Context& context, const char* name, const char* whatInput, const vk_view* input,
                   const vk_resize_params* params, const char* whatOutput, const vk_view* output) {
  checkParams(name, params);
  requireDenseFloat(name, whatInput, input);
  requireDenseFloat(name, whatOutput, output);
  requireSameType(name, whatInput, *input, whatOutput, *output);
  if (input->rank != 5 || output->rank != 5 || input->sizes[0] != output->sizes[0] ||
      input->sizes[1] != output->sizes[1]) {
    invalidArgument("%s: %s is %s and %s is %s, expected (N, C, D, H, W) and (N, C, D', H', W')",
                    name, whatInput, describe(*input).c_str(), whatOutput,
                    describe(*output).c_str());
  }
  ResizeArgs args{};
  args.type = input->type;
  args.params = *params;
  args.planes = input->sizes[0] * input->sizes[1];
  args.threads = context.arena->threads();
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t in = input->sizes[axis + 2];
    const int64_t out = output->sizes[axis + 2];
    if (in == 0 && out != 0) {
      invalidArgument("%s: %s is empty: %s, but %s is %s", name, whatInput,
                      describe(*input).c_str(), whatOutput, describe(*output).c_str());
    }
    const double scale = params->scale[axis];
    const double ratio = scale * double(in) / double(out);
    if (scale != 0 && in != 0 && out != 0 && !(ratio >= 0.5 && ratio <= 2)) {
      invalidArgument("%s: scale %g along %c does not take %s to %s", name, scale, "zyx"[axis],
                      describe(*input).c_str(), describe(*output).c_str());
    }
    args.inSize[axis] = in;
    args.outSize[axis] = out;
  }
  return args;
}

ResizeArgs forwardArgs(Context& context, const vk_view* input, const vk_resize_params* params,
                       const vk_view* output) {
  ResizeArgs args = checked(context, "resize", "input", input, params, "output", output);
  args.from = input->data;
  args.to = output->data;
  return args;
}

ResizeArgs gradientArgs(Context& context, const vk_view* upstream, const vk_resize_params* params,
                        const vk_view* gradient) {
  ResizeArgs args =
      checked(context, "resize_gradient", "gradient", gradient, params, "upstream", upstream);
  args.from = upstream->data;
  args.to = gradient->data;
  return args;
}

Refusal cpuAccepts(const ResizeArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  for (int axis = 0; axis < 3; ++axis) {
    if (args.inSize[axis] > INT32_MAX || args.outSize[axis] > INT32_MAX) {
      return "takes at most 2147483647 voxels along an axis";
    }
  }
  return {};
}

}  // namespace

Implementations<ResizeArgs> resizeImplementations() {
  static const HostImplementations<ResizeArgs> table(resizeCpuTable, cpuAccepts,
                                                     resizeWorkspaceBytes, resizeReference);
  return table;
}

Implementations<ResizeArgs> resize_gradientImplementations() {
  static const HostImplementations<ResizeArgs> table(
      resizeGradientCpuTable, cpuAccepts, resizeGradientWorkspaceBytes, resizeGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_resize_plan(vk_context* context, const vk_view* input, const vk_resize_params* params,
                         const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "resize", vk::resizeImplementations(),
               vk::forwardArgs(*context, input, params, output), plan);
  });
}

vk_status vk_resize(vk_context* context, const vk_plan* plan, const vk_view* input,
                    const vk_resize_params* params, const vk_view* workspace,
                    const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, "resize", vk::resizeImplementations(),
            vk::forwardArgs(*context, input, params, output), plan, workspace);
  });
}

vk_status vk_resize_gradient_plan(vk_context* context, const vk_view* upstream,
                                  const vk_resize_params* params, const vk_view* gradient,
                                  vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "resize_gradient", vk::resize_gradientImplementations(),
               vk::gradientArgs(*context, upstream, params, gradient), plan);
  });
}

vk_status vk_resize_gradient(vk_context* context, const vk_plan* plan, const vk_view* upstream,
                             const vk_resize_params* params, const vk_view* workspace,
                             const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, "resize_gradient", vk::resize_gradientImplementations(),
            vk::gradientArgs(*context, upstream, params, gradient), plan, workspace);
  });
}

}  // extern "C"
