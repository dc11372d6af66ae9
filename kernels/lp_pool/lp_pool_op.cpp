#include <cmath>

#include "lp_pool/lp_pool.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "lp_pool";
constexpr const char* kGradientName = "lp_pool_gradient";

double checkedP(const char* name, double p) {
  if (!std::isfinite(p) || p <= 0) {
    invalidArgument("%s: p is %g, expected a finite number above 0", name, p);
  }
  return p;
}

LpPoolArgs checked(const Context& context, const vk_view* input, const vk_pool_window* window,
                   double p, const vk_view* output) {
  LpPoolArgs args{};
  static_cast<PoolArgs&>(args) = poolArgs(kName, context, window, "input", input, "output", output);
  args.p = checkedP(kName, p);
  args.input = input->data;
  args.output = output->data;
  return args;
}

LpPoolGradientArgs checkedGradient(const Context& context, const vk_view* input,
                                   const vk_view* output, const vk_view* upstream,
                                   const vk_pool_window* window, double p,
                                   const vk_view* gradient) {
  LpPoolGradientArgs args{};
  static_cast<PoolArgs&>(args) =
      poolArgs(kGradientName, context, window, "input", input, "output", output);
  requireDense(kGradientName, "upstream", upstream, input->type);
  requireSameSizes(kGradientName, "upstream", *upstream, "output", *output);
  requireDense(kGradientName, "gradient", gradient, input->type);
  requireSameSizes(kGradientName, "gradient", *gradient, "input", *input);
  args.p = checkedP(kGradientName, p);
  args.input = input->data;
  args.output = output->data;
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

int64_t lpPoolCpuWorkspaceBytes(const LpPoolArgs& args) {
  return poolWorkspaceBytes(args.threads, poolRowTasks(args), poolRowFloats(args));
}

int64_t lpPoolGradientCpuWorkspaceBytes(const LpPoolGradientArgs& args) {
  return poolWorkspaceBytes(args.threads, poolSpreadTasks(args), poolSpreadFloats(args));
}

Implementations<LpPoolArgs> lp_poolImplementations() {
  static const HostImplementations<LpPoolArgs> table(lpPoolCpuTable, cpuAccepts,
                                                     lpPoolCpuWorkspaceBytes, lpPoolReference);
  return table;
}

Implementations<LpPoolGradientArgs> lp_pool_gradientImplementations() {
  static const HostImplementations<LpPoolGradientArgs> table(
      lpPoolGradientCpuTable, cpuAccepts, lpPoolGradientCpuWorkspaceBytes, lpPoolGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_lp_pool_plan(vk_context* context, const vk_view* input, const vk_pool_window* window,
                          double p, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::lp_poolImplementations(),
               vk::checked(*context, input, window, p, output), plan);
  });
}

vk_status vk_lp_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                     const vk_pool_window* window, double p, const vk_view* workspace,
                     const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::lp_poolImplementations(),
            vk::checked(*context, input, window, p, output), plan, workspace);
  });
}

vk_status vk_lp_pool_gradient_plan(vk_context* context, const vk_view* input, const vk_view* output,
                                   const vk_view* upstream, const vk_pool_window* window, double p,
                                   const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::lp_pool_gradientImplementations(),
               vk::checkedGradient(*context, input, output, upstream, window, p, gradient), plan);
  });
}

vk_status vk_lp_pool_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                              const vk_view* output, const vk_view* upstream,
                              const vk_pool_window* window, double p, const vk_view* workspace,
                              const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradientName, vk::lp_pool_gradientImplementations(),
            vk::checkedGradient(*context, input, output, upstream, window, p, gradient), plan,
            workspace);
  });
}

}  // extern "C"
