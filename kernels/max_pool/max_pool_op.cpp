#include "max_pool/max_pool.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "max_pool";
constexpr const char* kGradientName = "max_pool_gradient";

MaxPoolArgs checked(const Context& context, const vk_view* input, const vk_pool_window* window,
                    const vk_view* output, const vk_view* indices) {
  MaxPoolArgs args{};
  static_cast<PoolArgs&>(args) = poolArgs(kName, context, window, "input", input, "output", output);
  if (present(indices)) {
    requireDense(kName, "indices", indices, VK_I64);
    requireSameSizes(kName, "indices", *indices, "output", *output);
  }
  args.input = input->data;
  args.output = output->data;
  args.indices = dataOf<int64_t>(indices);
  return args;
}

MaxPoolGradientArgs checkedGradient(const Context& context, const vk_view* input,
                                    const vk_view* indices, const vk_view* upstream,
                                    const vk_pool_window* window, const vk_view* gradient) {
  MaxPoolGradientArgs args{};
  static_cast<PoolArgs&>(args) =
      poolArgs(kGradientName, context, window, "gradient", gradient, "upstream", upstream);
  if (!present(input) && !present(indices)) {
    invalidArgument("%s: expected the input or the indices", kGradientName);
  }
  if (present(input)) {
    requireDense(kGradientName, "input", input, gradient->type);
    requireSameSizes(kGradientName, "input", *input, "gradient", *gradient);
  }
  if (present(indices)) {
    requireDense(kGradientName, "indices", indices, VK_I64);
    requireSameSizes(kGradientName, "indices", *indices, "upstream", *upstream);
  }
  args.input = dataOf<const void>(input);
  args.indices = dataOf<const int64_t>(indices);
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

/** Where the indices are found, a tap's plane and row are 15 bits each. */
Refusal findsIndices(const PoolArgs& args) {
  constexpr int64_t kMost = 1 << 15;
  const bool fits = args.window.kernel[0] <= kMost && args.window.kernel[1] <= kMost;
  return fits ? Refusal() : "finds indices in windows of up to 32768 planes and rows";
}

Refusal cpuAccepts(const MaxPoolArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  return args.indices != nullptr ? findsIndices(args) : Refusal();
}

Refusal gradientCpuAccepts(const MaxPoolGradientArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  return args.indices == nullptr ? findsIndices(args) : Refusal();
}

}  // namespace

int64_t maxPoolCpuWorkspaceBytes(const MaxPoolArgs& args) {
  return poolWorkspaceBytes(
      args.threads, poolRowTasks(args),
      args.indices != nullptr ? maxPoolFinderFloats(args) : poolRowFloats(args));
}

int64_t maxPoolGradientScratchFloats(const MaxPoolGradientArgs& args) {
  if (args.indices != nullptr) return 0;
  // A row of indices of 64 bits comes behind, on a line of its own.
  return maxPoolFinderFloats(args) + (2 * args.outSize[2] + 15) / 16 * 16;
}

int64_t maxPoolGradientCpuWorkspaceBytes(const MaxPoolGradientArgs& args) {
  return poolWorkspaceBytes(args.threads, args.volumes * poolSlabs(args).eachVolume,
                            maxPoolGradientScratchFloats(args));
}

Implementations<MaxPoolArgs> max_poolImplementations() {
  static const HostImplementations<MaxPoolArgs> table(maxPoolCpuTable, cpuAccepts,
                                                      maxPoolCpuWorkspaceBytes, maxPoolReference);
  return table;
}

Implementations<MaxPoolGradientArgs> max_pool_gradientImplementations() {
  static const HostImplementations<MaxPoolGradientArgs> table(
      maxPoolGradientCpuTable, gradientCpuAccepts, maxPoolGradientCpuWorkspaceBytes,
      maxPoolGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_max_pool_plan(vk_context* context, const vk_view* input, const vk_pool_window* window,
                           const vk_view* output, const vk_view* indices, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::max_poolImplementations(),
               vk::checked(*context, input, window, output, indices), plan);
  });
}

vk_status vk_max_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                      const vk_pool_window* window, const vk_view* workspace, const vk_view* output,
                      const vk_view* indices) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::max_poolImplementations(),
            vk::checked(*context, input, window, output, indices), plan, workspace);
  });
}

vk_status vk_max_pool_gradient_plan(vk_context* context, const vk_view* input,
                                    const vk_view* indices, const vk_view* upstream,
                                    const vk_pool_window* window, const vk_view* gradient,
                                    vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::max_pool_gradientImplementations(),
               vk::checkedGradient(*context, input, indices, upstream, window, gradient), plan);
  });
}

vk_status vk_max_pool_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                               const vk_view* indices, const vk_view* upstream,
                               const vk_pool_window* window, const vk_view* workspace,
                               const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradientName, vk::max_pool_gradientImplementations(),
            vk::checkedGradient(*context, input, indices, upstream, window, gradient), plan,
            workspace);
  });
}

}  // extern "C"
