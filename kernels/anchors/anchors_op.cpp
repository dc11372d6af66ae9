#include <cmath>

#include "anchors/anchors.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "anchors";
/** Keeps counts of boxes far from the end of 64 bits. */
constexpr int64_t kMostPlaces = int64_t{1} << 20;

AnchorsArgs checked(const vk_view* extents, const vk_anchors_params* params,
                    const vk_view* anchors) {
  if (params == nullptr || params->struct_size != sizeof(vk_anchors_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  requireDenseFloat(kName, "extents", extents);
  requireRank(kName, "extents", *extents, 2);
  if (extents->sizes[1] != 2 && extents->sizes[1] != 3) {
    invalidArgument("%s: extents is %s, expected (A, 2) or (A, 3)", kName,
                    describe(*extents).c_str());
  }
  AnchorsArgs args{};
  args.type = extents->type;
  args.dimensions = static_cast<int32_t>(extents->sizes[1]);
  args.shapes = extents->sizes[0];
  args.extents = extents->data;
  int64_t places = 1;
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t size = params->grid[axis];
    if (size < 0 || size > kMostPlaces || (axis >= args.dimensions && size != 1)) {
      invalidArgument(
          "%s: %lld places along %c, expected 0 to %lld, and 1 along z in two dimensions", kName,
          static_cast<long long>(size), "xyz"[axis], static_cast<long long>(kMostPlaces));
    }
    if (!std::isfinite(params->stride[axis]) || !std::isfinite(params->offset[axis])) {
      invalidArgument("%s: stride %g and offset %g along %c, expected finite numbers", kName,
                      params->stride[axis], params->offset[axis], "xyz"[axis]);
    }
    places *= args.grid[axis] = size;
    args.stride[axis] = params->stride[axis];
    args.offset[axis] = params->offset[axis];
  }
  requireDense(kName, "anchors", anchors, extents->type);
  if (anchors->rank != 2 || anchors->sizes[0] != places * args.shapes ||
      anchors->sizes[1] != 2 * args.dimensions) {
    invalidArgument(
        "%s: anchors is %s, expected (%lld, %d) as extents is %s and there are %lld places", kName,
        describe(*anchors).c_str(), static_cast<long long>(places * args.shapes),
        2 * args.dimensions, describe(*extents).c_str(), static_cast<long long>(places));
  }
  args.anchors = anchors->data;
  return args;
}

Refusal cpuAccepts(const AnchorsArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<AnchorsArgs> anchorsImplementations() {
  static const HostImplementations<AnchorsArgs> table(anchorsCpuTable, cpuAccepts, nullptr,
                                                      anchorsReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_anchors_plan(vk_context* context, const vk_view* extents,
                          const vk_anchors_params* params, const vk_view* anchors, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::anchorsImplementations(),
               vk::checked(extents, params, anchors), plan);
  });
}

vk_status vk_anchors(vk_context* context, const vk_plan* plan, const vk_view* extents,
                     const vk_anchors_params* params, const vk_view* workspace,
                     const vk_view* anchors) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::anchorsImplementations(),
            vk::checked(extents, params, anchors), plan, workspace);
  });
}

}  // extern "C"
