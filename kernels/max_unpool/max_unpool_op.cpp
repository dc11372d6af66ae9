#include "max_unpool/max_unpool.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "max_unpool";
constexpr const char* kGradientName = "max_unpool_gradient";

/** `pooled` has the shape of the indices, `unpooled` the shape that they count. */
UnpoolArgs shapes(const char* name, const char* pooledName, const vk_view* pooled,
                  const vk_view* indices, const char* unpooledName, const vk_view* unpooled) {
  requireDenseFloat(name, pooledName, pooled);
  requireRank(name, pooledName, *pooled, 5);
  requireDense(name, "indices", indices, VK_I64);
  requireSameSizes(name, "indices", *indices, pooledName, *pooled);
  requireDense(name, unpooledName, unpooled, pooled->type);
  requireRank(name, unpooledName, *unpooled, 5);
  if (pooled->sizes[0] != unpooled->sizes[0] || pooled->sizes[1] != unpooled->sizes[1]) {
    invalidArgument("%s: %s is %s and %s %s; images and channels must agree", name, pooledName,
                    describe(*pooled).c_str(), unpooledName, describe(*unpooled).c_str());
  }
  UnpoolArgs args{pooled->type, pooled->sizes[0] * pooled->sizes[1], 1, 1,
                  dataOf<const int64_t>(indices)};
  for (int axis = 2; axis < 5; ++axis) {
    args.pooled *= pooled->sizes[axis];
    args.unpooled *= unpooled->sizes[axis];
  }
  return args;
}

MaxUnpoolArgs checked(const vk_view* input, const vk_view* indices, const vk_view* output) {
  MaxUnpoolArgs args{};
  static_cast<UnpoolArgs&>(args) = shapes(kName, "input", input, indices, "output", output);
  args.input = input->data;
  args.output = output->data;
  return args;
}

MaxUnpoolGradientArgs checkedGradient(const vk_view* indices, const vk_view* upstream,
                                      const vk_view* gradient) {
  MaxUnpoolGradientArgs args{};
  static_cast<UnpoolArgs&>(args) =
      shapes(kGradientName, "gradient", gradient, indices, "upstream", upstream);
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

/** Looks at the values, which there are only when the operation runs; those on a device are its
 * kernel's to check. */
void checkIndices(const Context& context, const char* name, const UnpoolArgs& args) {
  if (context.device != nullptr) return;
  for (int64_t i = 0; i < args.volumes * args.pooled; ++i) {
    if (args.indices[i] < -1 || args.indices[i] >= args.unpooled) {
      refuseIndex(name, args, args.indices[i]);
    }
  }
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<MaxUnpoolArgs> max_unpoolImplementations() {
  static const Implementation<MaxUnpoolArgs> table[] = {
      {"cpu", VK_BACKEND_CPU, VK_ISA_PORTABLE, maxUnpoolCpu, cpuAccepts, nullptr},
      {"reference", VK_BACKEND_REFERENCE, VK_ISA_PORTABLE, maxUnpoolReference, nullptr, nullptr}};
  return table;
}

Implementations<MaxUnpoolGradientArgs> max_unpool_gradientImplementations() {
  static const Implementation<MaxUnpoolGradientArgs> table[] = {
      {"cpu", VK_BACKEND_CPU, VK_ISA_PORTABLE, maxUnpoolGradientCpu, cpuAccepts, nullptr},
      {"reference", VK_BACKEND_REFERENCE, VK_ISA_PORTABLE, maxUnpoolGradientReference, nullptr,
       nullptr}};
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_max_unpool_plan(vk_context* context, const vk_view* input, const vk_view* indices,
                             const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::max_unpoolImplementations(),
               vk::checked(input, indices, output), plan);
  });
}

vk_status vk_max_unpool(vk_context* context, const vk_plan* plan, const vk_view* input,
                        const vk_view* indices, const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    const vk::MaxUnpoolArgs args = vk::checked(input, indices, output);
    vk::checkIndices(*context, vk::kName, args);
    vk::run(*context, vk::kName, vk::max_unpoolImplementations(), args, plan, workspace);
  });
}

vk_status vk_max_unpool_gradient_plan(vk_context* context, const vk_view* indices,
                                      const vk_view* upstream, const vk_view* gradient,
                                      vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::max_unpool_gradientImplementations(),
               vk::checkedGradient(indices, upstream, gradient), plan);
  });
}

vk_status vk_max_unpool_gradient(vk_context* context, const vk_plan* plan, const vk_view* indices,
                                 const vk_view* upstream, const vk_view* workspace,
                                 const vk_view* gradient) {
  return vk::guarded(context, [&] {
    const vk::MaxUnpoolGradientArgs args = vk::checkedGradient(indices, upstream, gradient);
    vk::checkIndices(*context, vk::kGradientName, args);
    vk::run(*context, vk::kGradientName, vk::max_unpool_gradientImplementations(), args, plan,
            workspace);
  });
}

}  // extern "C"
