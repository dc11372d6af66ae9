#include "warp3d/warp3d_args.h"

#include <cmath>
#include <cstring>

namespace vk {
namespace {

constexpr int64_t kLargestAxis = int64_t{1} << 21;

Warp3dSize spatialSize(const vk_view& view) {
  const int64_t* sizes = view.sizes + (view.rank - 3);
  return {sizes[2], sizes[1], sizes[0]};
}

bool hasDomainShape(const vk_view& view, int32_t leading, const Warp3dArgs& args) {
  if (args.points != nullptr) {
    return view.rank == leading + 1 && view.sizes[leading] == args.domainSize.x;
  }
  return view.rank == leading + 3 && view.sizes[leading] == args.domainSize.z &&
         view.sizes[leading + 1] == args.domainSize.y &&
         view.sizes[leading + 2] == args.domainSize.x;
}

}  // namespace

void checkWarp3dParams(const char* name, const vk_warp3d_params* params, Warp3dArgs* args) {
  if (params == nullptr) invalidArgument("%s: the parameters are missing", name);
  if (params->struct_size != sizeof(vk_warp3d_params)) {
    invalidArgument("%s: the parameters have %u bytes, expected %zu", name, params->struct_size,
                    sizeof(vk_warp3d_params));
  }
  if (params->interpolation < VK_NEAREST || params->interpolation > VK_CUBIC_BSPLINE) {
    invalidArgument("%s: unknown interpolation %d", name, static_cast<int>(params->interpolation));
  }
  if (params->border < VK_BORDER_CONSTANT || params->border > VK_BORDER_PERIODIC) {
    invalidArgument("%s: unknown border %d", name, static_cast<int>(params->border));
  }
  for (double value : params->index_map) {
    if (!std::isfinite(value))
      invalidArgument("%s: index_map holds a value that is not finite", name);
  }
  for (double value : params->displacement_map) {
    if (!std::isfinite(value)) {
      invalidArgument("%s: displacement_map holds a value that is not finite", name);
    }
  }
  args->interpolation = params->interpolation;
  args->border = params->border;
  args->fillValue = params->fill_value;
  std::memcpy(args->indexMap, params->index_map, sizeof args->indexMap);
  std::memcpy(args->displacementMap, params->displacement_map, sizeof args->displacementMap);
}

void checkWarp3dImage(const char* name, const char* what, const vk_view& view, Warp3dArgs* args) {
  if (view.rank != 3 && view.rank != 4) {
    invalidArgument("%s: %s has shape %s, expected (D, H, W) or (C, D, H, W)", name, what,
                    describe(view).c_str());
  }
  for (int32_t i = 0; i < view.rank; ++i) {
    if (view.sizes[i] < 1) {
      invalidArgument("%s: %s is empty: %s", name, what, describe(view).c_str());
    }
  }
  args->type = view.type;
  args->channels = view.rank == 4 ? view.sizes[0] : 1;
  args->movingSize = spatialSize(view);
}

void checkWarp3dDomain(const char* name, const char* what, const vk_view& sampled,
                       const vk_view* points, bool hasChannels, Warp3dArgs* args) {
  const int32_t spatial = present(points) ? 1 : 3;
  if (sampled.rank != spatial + (hasChannels ? 1 : 0)) {
    invalidArgument("%s: %s has shape %s, expected %s%s", name, what, describe(sampled).c_str(),
                    hasChannels ? "channels and then " : "",
                    spatial == 1 ? "the number of points" : "(D, H, W)");
  }
  if (hasChannels && sampled.sizes[0] != args->channels) {
    invalidArgument("%s: %s is %s but the moving image has %lld channels", name, what,
                    describe(sampled).c_str(), static_cast<long long>(args->channels));
  }
  args->domainSize =
      spatial == 3 ? spatialSize(sampled) : Warp3dSize{sampled.sizes[sampled.rank - 1], 1, 1};
  if (!present(points)) return;
  requireDenseFloat(name, "points", points);
  if (points->rank != 2 || points->sizes[0] != 3 || points->sizes[1] != args->domainSize.x) {
    invalidArgument("%s: points are %s, expected (3, %lld) as %s is %s", name,
                    describe(*points).c_str(), static_cast<long long>(args->domainSize.x), what,
                    describe(sampled).c_str());
  }
  args->pointsType = points->type;
  args->points = points->data;
}

void checkOnWarp3dDomain(const char* name, const char* what, const vk_view& view, bool isVector,
                         const Warp3dArgs& args) {
  if (hasDomainShape(view, isVector ? 1 : 0, args) && (!isVector || view.sizes[0] == 3)) return;
  if (args.points != nullptr) {
    invalidArgument("%s: %s is %s, expected (%s%lld)", name, what, describe(view).c_str(),
                    isVector ? "3, " : "", static_cast<long long>(args.domainSize.x));
  }
  invalidArgument("%s: %s is %s, expected (%s%lld, %lld, %lld)", name, what, describe(view).c_str(),
                  isVector ? "3, " : "", static_cast<long long>(args.domainSize.z),
                  static_cast<long long>(args.domainSize.y),
                  static_cast<long long>(args.domainSize.x));
}

void checkWarp3dDisplacement(const char* name, const vk_view* displacement, Warp3dArgs* args) {
  if (!present(displacement)) return;
  requireDenseFloat(name, "displacement", displacement);
  checkOnWarp3dDomain(name, "displacement", *displacement, true, *args);
  args->displacementType = displacement->type;
  args->displacement = displacement->data;
}

void checkWarp3dMask(const char* name, const char* what, const vk_view* mask, Warp3dArgs* args) {
  if (!present(mask)) return;
  requireDense(name, what, mask, VK_U8);
  checkOnWarp3dDomain(name, what, *mask, false, *args);
  args->mask = dataOf<const uint8_t>(mask);
}

Refusal warp3dCpuTakesInputs(const Warp3dArgs& args) {
  if (args.displacement != nullptr && args.displacementType != VK_F32) {
    return "takes an f32 displacement only";
  }
  if (args.points != nullptr && args.pointsType != VK_F32) return "takes f32 points only";
  const Warp3dSize& size = args.movingSize;
  if (size.x > kLargestAxis || size.y > kLargestAxis || size.z > kLargestAxis) {
    return "takes at most 2097152 voxels along an axis";
  }
  return {};
}

Refusal warp3dCpuAccepts(const Warp3dArgs& args) {
  if (args.interpolation != VK_NEAREST && args.type != VK_F32) return "interpolates f32 only";
  return warp3dCpuTakesInputs(args);
}

}  // namespace vk
