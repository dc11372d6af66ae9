#include <cmath>

#include "gaussian/gaussian.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "gaussian";
constexpr const char* kAxes = "xyz";
/** Wider kernels belong to a coarser pyramid level. */
constexpr double kMaxSigma = 1000;

void checkAxis(const GaussianArgs& args, int axis) {
  const double sigma = args.sigma[axis];
  if (!(sigma >= 0 && sigma <= kMaxSigma)) {
    invalidArgument("%s: sigma along %c is %g voxels, expected 0 to %g", kName, kAxes[axis], sigma,
                    kMaxSigma);
  }
  if (args.factor[axis] < 1) {
    invalidArgument("%s: the factor along %c is %lld, expected 1 or more", kName, kAxes[axis],
                    static_cast<long long>(args.factor[axis]));
  }
  if ((args.size[axis] == 0) != (args.outputSize[axis] == 0)) {
    invalidArgument("%s: the image has %lld voxels along %c but the smoothed one %lld", kName,
                    static_cast<long long>(args.size[axis]), kAxes[axis],
                    static_cast<long long>(args.outputSize[axis]));
  }
  if (args.size[axis] == 0) return;
  const double step = static_cast<double>(args.factor[axis]);
  const double first = args.offset[axis];
  const double last = first + step * static_cast<double>(args.outputSize[axis] - 1);
  const double beyond = step / 2;
  if (!(first >= -beyond && last <= static_cast<double>(args.size[axis] - 1) + beyond)) {
    invalidArgument("%s: along %c the samples run from input index %g to %g, outside 0 to %lld",
                    kName, kAxes[axis], first, last, static_cast<long long>(args.size[axis] - 1));
  }
}

GaussianArgs checked(const vk_context& context, const vk_view* image, const vk_view* mask,
                     const vk_gaussian_params* params, const vk_view* smoothed) {
  if (params == nullptr || params->struct_size != sizeof(vk_gaussian_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  requireDenseFloat(kName, "image", image);
  if (image->rank != 3 && image->rank != 4) {
    invalidArgument("%s: image has shape %s, expected (D, H, W) or (C, D, H, W)", kName,
                    describe(*image).c_str());
  }
  requireDense(kName, "smoothed", smoothed, image->type);
  requireRank(kName, "smoothed", *smoothed, image->rank);
  if (params->border < VK_GAUSSIAN_CLAMP || params->border > VK_GAUSSIAN_ZERO) {
    invalidArgument("%s: unknown border %d", kName, static_cast<int>(params->border));
  }
  const int32_t spatial = image->rank - 3;
  GaussianArgs args{};
  args.type = image->type;
  args.image = image->data;
  args.mask = dataOf<const uint8_t>(mask);
  args.smoothed = smoothed->data;
  args.channels = spatial == 1 ? image->sizes[0] : 1;
  args.border = params->border;
  args.threads = vk_context_threads(&context);
  if (spatial == 1 && smoothed->sizes[0] != args.channels) {
    invalidArgument("%s: image is %s but smoothed is %s; the channels must agree", kName,
                    describe(*image).c_str(), describe(*smoothed).c_str());
  }
  for (int axis = 0; axis < 3; ++axis) {
    args.size[axis] = image->sizes[spatial + 2 - axis];
    args.outputSize[axis] = smoothed->sizes[spatial + 2 - axis];
    args.sigma[axis] = params->sigma[axis];
    args.offset[axis] = params->offset[axis];
    args.factor[axis] = params->factor[axis];
    checkAxis(args, axis);
  }
  if (present(mask)) {
    requireDense(kName, "mask", mask, VK_U8);
    requireRank(kName, "mask", *mask, 3);
    for (int axis = 0; axis < 3; ++axis) {
      if (mask->sizes[axis] == image->sizes[spatial + axis]) continue;
      invalidArgument("%s: image is %s but mask is %s; the shapes must agree", kName,
                      describe(*image).c_str(), describe(*mask).c_str());
    }
  }
  if (args.image == args.smoothed) invalidArgument("%s: does not work in place", kName);
  return args;
}

Refusal cpuAccepts(const GaussianArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<GaussianArgs> gaussianImplementations() {
  static const HostImplementations<GaussianArgs> table(
      gaussianCpuTable, cpuAccepts, gaussianCpuWorkspaceBytes, gaussianReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_gaussian_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                           const vk_gaussian_params* params, const vk_view* smoothed,
                           vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::gaussianImplementations(),
               vk::checked(*context, image, mask, params, smoothed), plan);
  });
}

vk_status vk_gaussian(vk_context* context, const vk_plan* plan, const vk_view* image,
                      const vk_view* mask, const vk_gaussian_params* params,
                      const vk_view* workspace, const vk_view* smoothed) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::gaussianImplementations(),
            vk::checked(*context, image, mask, params, smoothed), plan, workspace);
  });
}

}  // extern "C"
