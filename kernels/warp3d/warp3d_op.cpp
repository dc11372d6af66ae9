#include <cmath>
#include <cstring>

#include "registry/operations.h"
#include "warp3d/warp3d.h"

namespace vk {
namespace {

constexpr int64_t kLargestAxis = int64_t{1} << 21;

void checkParams(const char* name, const vk_warp3d_params* params, Warp3dArgs* args) {
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

void requireDenseAnyElement(const char* name, const char* what, const vk_view* view) {
  if (!present(view)) invalidArgument("%s: %s is missing", name, what);
  requireDense(name, what, view, view->type);
  if (view->type == VK_BF16 || view->type == VK_F16) {
    unsupported("%s: %s is %s; half precision is not implemented", name, what,
                describe(*view).c_str());
  }
}

Warp3dSize spatialSize(const vk_view& view) {
  const int64_t* sizes = view.sizes + (view.rank - 3);
  return {sizes[2], sizes[1], sizes[0]};
}

/** Checks an image of rank 3, or 4 with channels in front. */
void checkImage(const char* name, const char* what, const vk_view& view) {
  if (view.rank != 3 && view.rank != 4) {
    invalidArgument("%s: %s has shape %s, expected (D, H, W) or (C, D, H, W)", name, what,
                    describe(view).c_str());
  }
  for (int32_t i = 0; i < view.rank; ++i) {
    if (view.sizes[i] < 1) {
      invalidArgument("%s: %s is empty: %s", name, what, describe(view).c_str());
    }
  }
}

/** The domain is the spatial shape of `sampled` (warped or dL/dwarped), whose channels must be
 * those of the moving image. */
void checkDomain(const char* name, const char* what, const vk_view& sampled, const vk_view* points,
                 bool hasChannels, Warp3dArgs* args) {
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

bool hasDomainShape(const vk_view& view, int32_t leading, const Warp3dArgs& args) {
  if (args.points != nullptr) {
    return view.rank == leading + 1 && view.sizes[leading] == args.domainSize.x;
  }
  return view.rank == leading + 3 && view.sizes[leading] == args.domainSize.z &&
         view.sizes[leading + 1] == args.domainSize.y &&
         view.sizes[leading + 2] == args.domainSize.x;
}

void checkOnDomain(const char* name, const char* what, const vk_view& view, bool isVector,
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

void checkDisplacement(const char* name, const vk_view* displacement, Warp3dArgs* args) {
  if (!present(displacement)) return;
  requireDenseFloat(name, "displacement", displacement);
  checkOnDomain(name, "displacement", *displacement, true, *args);
  args->displacementType = displacement->type;
  args->displacement = displacement->data;
}

void checkMask(const char* name, const char* what, const vk_view* mask, Warp3dArgs* args) {
  if (!present(mask)) return;
  requireDense(name, what, mask, VK_U8);
  checkOnDomain(name, what, *mask, false, *args);
  args->mask = dataOf<const uint8_t>(mask);
}

Warp3dArgs forwardArgs(const vk_view* moving, const vk_view* movingMask, const vk_view* domainMask,
                       const vk_view* displacement, const vk_view* points,
                       const vk_warp3d_params* params, const vk_view* warped,
                       const vk_view* inside) {
  constexpr const char* kName = "warp3d";
  Warp3dArgs args{};
  checkParams(kName, params, &args);
  requireDenseAnyElement(kName, "moving", moving);
  checkImage(kName, "moving", *moving);
  if (args.interpolation != VK_NEAREST) requireDenseFloat(kName, "moving", moving);
  args.type = moving->type;
  args.channels = moving->rank == 4 ? moving->sizes[0] : 1;
  args.movingSize = spatialSize(*moving);
  args.moving = moving->data;
  if (present(movingMask)) {
    requireDense(kName, "moving_mask", movingMask, VK_U8);
    requireRank(kName, "moving_mask", *movingMask, 3);
    for (int32_t i = 0; i < 3; ++i) {
      if (movingMask->sizes[i] != moving->sizes[moving->rank - 3 + i]) {
        invalidArgument("%s: moving_mask is %s but moving is %s", kName,
                        describe(*movingMask).c_str(), describe(*moving).c_str());
      }
    }
    args.movingMask = dataOf<const uint8_t>(movingMask);
  }
  requireDenseAnyElement(kName, "warped", warped);
  requireSameType(kName, "moving", *moving, "warped", *warped);
  checkDomain(kName, "warped", *warped, points, moving->rank == 4, &args);
  args.warped = warped->data;
  checkDisplacement(kName, displacement, &args);
  checkMask(kName, "domain_mask", domainMask, &args);
  if (present(inside)) {
    requireDense(kName, "inside", inside, VK_U8);
    checkOnDomain(kName, "inside", *inside, false, args);
    args.inside = dataOf<uint8_t>(inside);
  }
  return args;
}

/** What every gradient takes; `name` is the operation's. */
Warp3dArgs gradientArgs(const char* name, const vk_view* moving, const vk_view* displacement,
                        const vk_view* points, const vk_view* mask, const vk_view* upstream,
                        const vk_warp3d_params* params) {
  Warp3dArgs args{};
  checkParams(name, params, &args);
  if (args.interpolation == VK_NEAREST) {
    invalidArgument("%s: nearest-neighbour interpolation has no gradient", name);
  }
  requireDenseFloat(name, "moving", moving);
  checkImage(name, "moving", *moving);
  args.type = moving->type;
  args.channels = moving->rank == 4 ? moving->sizes[0] : 1;
  args.movingSize = spatialSize(*moving);
  args.moving = moving->data;
  requireDenseFloat(name, "upstream", upstream);
  requireSameType(name, "moving", *moving, "upstream", *upstream);
  checkDomain(name, "upstream", *upstream, points, moving->rank == 4, &args);
  args.upstream = upstream->data;
  checkDisplacement(name, displacement, &args);
  checkMask(name, "mask", mask, &args);
  return args;
}

Warp3dArgs gradientLinearArgs(const vk_view* moving, const vk_view* displacement,
                              const vk_view* points, const vk_view* mask, const vk_view* upstream,
                              const vk_warp3d_params* params, double* gradient) {
  Warp3dArgs args =
      gradientArgs("warp3d_gradient_linear", moving, displacement, points, mask, upstream, params);
  args.mapGradient = gradient;
  return args;
}

Warp3dArgs gradientFieldArgs(const vk_view* moving, const vk_view* displacement,
                             const vk_view* points, const vk_view* mask, const vk_view* upstream,
                             const vk_warp3d_params* params, const vk_view* gradient) {
  constexpr const char* kName = "warp3d_gradient_field";
  Warp3dArgs args = gradientArgs(kName, moving, displacement, points, mask, upstream, params);
  requireDenseFloat(kName, "gradient", gradient);
  requireSameType(kName, "moving", *moving, "gradient", *gradient);
  checkOnDomain(kName, "gradient", *gradient, true, args);
  args.gradient = gradient->data;
  return args;
}

Refusal cpuTakesInputs(const Warp3dArgs& args) {
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

Refusal cpuAccepts(const Warp3dArgs& args) {
  if (args.interpolation != VK_NEAREST && args.type != VK_F32) return "interpolates f32 only";
  return cpuTakesInputs(args);
}

int64_t gradientLinearWorkspaceBytes(const Warp3dArgs& args) {
  return warp3dChunks(args) * 12 * static_cast<int64_t>(sizeof(double));
}

template <class T>
void storeFill(double value, double least, double greatest, void* element) {
  double rounded = std::nearbyint(value);
  if (!(rounded == rounded)) rounded = 0;
  // The greatest 64-bit integers have no double of their own: compare before converting.
  T converted = rounded <= least ? T(least) : T(0);
  if (rounded >= greatest) {
    converted = T(~T(0));
    if (least < 0) converted = T(static_cast<uint64_t>(~uint64_t{0}) >> (65 - 8 * sizeof(T)));
  } else if (rounded > least) {
    converted = T(rounded);
  }
  std::memcpy(element, &converted, sizeof converted);
}

}  // namespace

int64_t warp3dChunkRows(const Warp3dArgs& args) {
  constexpr int64_t kChunkVoxels = 16384;
  if (args.points != nullptr) return kChunkVoxels;
  const int64_t rows = args.domainSize.x > 0 ? kChunkVoxels / args.domainSize.x : 1;
  return rows > 0 ? rows : 1;
}

int64_t warp3dChunks(const Warp3dArgs& args) {
  if (args.domainSize.count() == 0) return 0;
  const int64_t rows =
      args.points != nullptr ? args.domainSize.x : args.domainSize.y * args.domainSize.z;
  return chunkCount(rows, warp3dChunkRows(args));
}

void warp3dFillBits(const Warp3dArgs& args, void* element) {
  const double value = args.fillValue;
  switch (args.type) {
    case VK_F32: {
      const float converted = float(value);
      std::memcpy(element, &converted, sizeof converted);
      return;
    }
    case VK_F64:
      std::memcpy(element, &value, sizeof value);
      return;
    case VK_I8:
      return storeFill<int8_t>(value, -0x1p7, 0x1p7, element);
    case VK_I16:
      return storeFill<int16_t>(value, -0x1p15, 0x1p15, element);
    case VK_I32:
      return storeFill<int32_t>(value, -0x1p31, 0x1p31, element);
    case VK_I64:
      return storeFill<int64_t>(value, -0x1p63, 0x1p63, element);
    case VK_U16:
      return storeFill<uint16_t>(value, 0, 0x1p16, element);
    case VK_U32:
      return storeFill<uint32_t>(value, 0, 0x1p32, element);
    case VK_U64:
      return storeFill<uint64_t>(value, 0, 0x1p64, element);
    default:
      return storeFill<uint8_t>(value, 0, 0x1p8, element);
  }
}

Implementations<Warp3dArgs> warp3dImplementations() {
  static const HostImplementations<Warp3dArgs> table(warp3dCpuTable, cpuAccepts, nullptr,
                                                     warp3dReference);
  return table;
}

Implementations<Warp3dArgs> warp3d_gradient_linearImplementations() {
  static const HostImplementations<Warp3dArgs> table(warp3dGradientLinearCpuTable, cpuAccepts,
                                                     gradientLinearWorkspaceBytes,
                                                     warp3dGradientLinearReference);
  return table;
}

Implementations<Warp3dArgs> warp3d_gradient_fieldImplementations() {
  static const HostImplementations<Warp3dArgs> table(warp3dGradientFieldCpuTable, cpuAccepts,
                                                     nullptr, warp3dGradientFieldReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_warp3d_plan(vk_context* context, const vk_view* moving, const vk_view* moving_mask,
                         const vk_view* domain_mask, const vk_view* displacement,
                         const vk_view* points, const vk_warp3d_params* params,
                         const vk_view* warped, const vk_view* inside, vk_plan* plan) {
  return vk::guarded([&] {
    vk::choose(*context, "warp3d", vk::warp3dImplementations(),
               vk::forwardArgs(moving, moving_mask, domain_mask, displacement, points, params,
                               warped, inside),
               plan);
  });
}

vk_status vk_warp3d(vk_context* context, const vk_plan* plan, const vk_view* moving,
                    const vk_view* moving_mask, const vk_view* domain_mask,
                    const vk_view* displacement, const vk_view* points,
                    const vk_warp3d_params* params, const vk_view* warped, const vk_view* inside,
                    const vk_view* workspace) {
  return vk::guarded([&] {
    vk::run(*context, "warp3d", vk::warp3dImplementations(),
            vk::forwardArgs(moving, moving_mask, domain_mask, displacement, points, params, warped,
                            inside),
            plan, workspace);
  });
}

vk_status vk_warp3d_gradient_linear_plan(vk_context* context, const vk_view* moving,
                                         const vk_view* displacement, const vk_view* points,
                                         const vk_view* mask, const vk_view* upstream,
                                         const vk_warp3d_params* params, vk_plan* plan) {
  return vk::guarded([&] {
    vk::choose(
        *context, "warp3d_gradient_linear", vk::warp3d_gradient_linearImplementations(),
        vk::gradientLinearArgs(moving, displacement, points, mask, upstream, params, nullptr),
        plan);
  });
}

vk_status vk_warp3d_gradient_linear(vk_context* context, const vk_plan* plan, const vk_view* moving,
                                    const vk_view* displacement, const vk_view* points,
                                    const vk_view* mask, const vk_view* upstream,
                                    const vk_warp3d_params* params, const vk_view* workspace,
                                    double* gradient) {
  return vk::guarded([&] {
    if (gradient == nullptr) {
      vk::invalidArgument("warp3d_gradient_linear: nowhere to put the gradient");
    }
    vk::run(*context, "warp3d_gradient_linear", vk::warp3d_gradient_linearImplementations(),
            vk::gradientLinearArgs(moving, displacement, points, mask, upstream, params, gradient),
            plan, workspace);
  });
}

vk_status vk_warp3d_gradient_field_plan(vk_context* context, const vk_view* moving,
                                        const vk_view* displacement, const vk_view* points,
                                        const vk_view* mask, const vk_view* upstream,
                                        const vk_warp3d_params* params, const vk_view* gradient,
                                        vk_plan* plan) {
  return vk::guarded([&] {
    vk::choose(
        *context, "warp3d_gradient_field", vk::warp3d_gradient_fieldImplementations(),
        vk::gradientFieldArgs(moving, displacement, points, mask, upstream, params, gradient),
        plan);
  });
}

vk_status vk_warp3d_gradient_field(vk_context* context, const vk_plan* plan, const vk_view* moving,
                                   const vk_view* displacement, const vk_view* points,
                                   const vk_view* mask, const vk_view* upstream,
                                   const vk_warp3d_params* params, const vk_view* gradient,
                                   const vk_view* workspace) {
  return vk::guarded([&] {
    vk::run(*context, "warp3d_gradient_field", vk::warp3d_gradient_fieldImplementations(),
            vk::gradientFieldArgs(moving, displacement, points, mask, upstream, params, gradient),
            plan, workspace);
  });
}

}  // extern "C"
