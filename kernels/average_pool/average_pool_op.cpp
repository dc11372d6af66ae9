#include <cmath>

#include "average_pool/average_pool.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "average_pool";
constexpr const char* kGradientName = "average_pool_gradient";

void setDivisor(const char* name, vk_pool_divisor divisor, double given, AverageArgs* args) {
  if (divisor < VK_POOL_DIVISOR_INSIDE || divisor > VK_POOL_DIVISOR_GIVEN) {
    invalidArgument("%s: unknown divisor %d", name, static_cast<int>(divisor));
  }
  if (divisor == VK_POOL_DIVISOR_GIVEN && (!std::isfinite(given) || given == 0)) {
    invalidArgument("%s: the given divisor is %g, expected a finite number other than 0", name,
                    given);
  }
  args->divisor = divisor;
  args->given = given;
}

AveragePoolArgs checked(const Context& context, const vk_view* input, const vk_pool_window* window,
                        vk_pool_divisor divisor, double given, const vk_view* output) {
  AveragePoolArgs args{};
  static_cast<PoolArgs&>(args) = poolArgs(kName, context, window, "input", input, "output", output);
  setDivisor(kName, divisor, given, &args);
  args.input = input->data;
  args.output = output->data;
  return args;
}

AveragePoolGradientArgs checkedGradient(const Context& context, const vk_view* upstream,
                                        const vk_pool_window* window, vk_pool_divisor divisor,
                                        double given, const vk_view* gradient) {
  AveragePoolGradientArgs args{};
  static_cast<PoolArgs&>(args) =
      poolArgs(kGradientName, context, window, "gradient", gradient, "upstream", upstream);
  setDivisor(kGradientName, divisor, given, &args);
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

int64_t averagePoolCpuWorkspaceBytes(const AveragePoolArgs& args) {
  return poolWorkspaceBytes(args.threads, poolRowTasks(args),
                            poolRowFloats(args) + poolOutputFloats(args));
}

int64_t averagePoolGradientCpuWorkspaceBytes(const AveragePoolGradientArgs& args) {
  return poolWorkspaceBytes(args.threads, poolSpreadTasks(args),
                            poolSpreadFloats(args) + poolOutputFloats(args));
}

Implementations<AveragePoolArgs> average_poolImplementations() {
  static const HostImplementations<AveragePoolArgs> table(
      averagePoolCpuTable, cpuAccepts, averagePoolCpuWorkspaceBytes, averagePoolReference);
  return table;
}

Implementations<AveragePoolGradientArgs> average_pool_gradientImplementations() {
  static const HostImplementations<AveragePoolGradientArgs> table(
      averagePoolGradientCpuTable, cpuAccepts, averagePoolGradientCpuWorkspaceBytes,
      averagePoolGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_average_pool_plan(vk_context* context, const vk_view* input,
                               const vk_pool_window* window, vk_pool_divisor divisor, double given,
                               const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::average_poolImplementations(),
               vk::checked(*context, input, window, divisor, given, output), plan);
  });
}

vk_status vk_average_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                          const vk_pool_window* window, vk_pool_divisor divisor, double given,
                          const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::average_poolImplementations(),
            vk::checked(*context, input, window, divisor, given, output), plan, workspace);
  });
}

vk_status vk_average_pool_gradient_plan(vk_context* context, const vk_view* upstream,
                                        const vk_pool_window* window, vk_pool_divisor divisor,
                                        double given, const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::average_pool_gradientImplementations(),
               vk::checkedGradient(*context, upstream, window, divisor, given, gradient), plan);
  });
}

vk_status vk_average_pool_gradient(vk_context* context, const vk_plan* plan,
                                   const vk_view* upstream, const vk_pool_window* window,
                                   vk_pool_divisor divisor, double given, const vk_view* workspace,
                                   const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradientName, vk::average_pool_gradientImplementations(),
            vk::checkedGradient(*context, upstream, window, divisor, given, gradient), plan,
            workspace);
  });
}

}  // extern "C"
