#include <algorithm>

#include "adaptive_pool/adaptive_pool_parts.h"
#include "core/threads.h"
#include "pool/pool_window.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "adaptive_pool";
constexpr const char* kGradientName = "adaptive_pool_gradient";
/** Input values of a task, about. */
constexpr int64_t kTaskValues = 65536;

AdaptiveArgs shapes(const char* name, const Context& context, vk_adaptive_mode mode,
                    const char* inputName, const vk_view* input, const char* outputName,
                    const vk_view* output) {
  requireDenseFloat(name, inputName, input);
  requireRank(name, inputName, *input, 5);
  requireDense(name, outputName, output, input->type);
  requireRank(name, outputName, *output, 5);
  if (mode != VK_ADAPTIVE_AVERAGE && mode != VK_ADAPTIVE_MAX) {
    invalidArgument("%s: unknown mode %d", name, static_cast<int>(mode));
  }
  if (input->sizes[0] != output->sizes[0] || input->sizes[1] != output->sizes[1]) {
    invalidArgument("%s: %s is %s and %s %s; images and channels must agree", name, inputName,
                    describe(*input).c_str(), outputName, describe(*output).c_str());
  }
  AdaptiveArgs args{};
  args.type = input->type;
  args.mode = mode;
  args.volumes = input->sizes[0] * input->sizes[1];
  bool empty = false;
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = input->sizes[axis + 2];
    args.outSize[axis] = output->sizes[axis + 2];
    empty = empty || args.inSize[axis] == 0;
  }
  if (empty && elementCount(*output) > 0) {
    invalidArgument("%s: %s is %s, without a voxel, and %s %s", name, inputName,
                    describe(*input).c_str(), outputName, describe(*output).c_str());
  }
  args.threads = context.arena->threads();
  return args;
}

const int64_t* checkedIndices(const char* name, const vk_view* indices, const char* outputName,
                              const vk_view& output) {
  if (!present(indices)) return nullptr;
  requireDense(name, "indices", indices, VK_I64);
  requireSameSizes(name, "indices", *indices, outputName, output);
  return dataOf<const int64_t>(indices);
}

AdaptivePoolArgs checked(const Context& context, const vk_view* input, vk_adaptive_mode mode,
                         const vk_view* output, const vk_view* indices) {
  AdaptivePoolArgs args{};
  static_cast<AdaptiveArgs&>(args) = shapes(kName, context, mode, "input", input, "output", output);
  if (present(indices) && mode != VK_ADAPTIVE_MAX) {
    invalidArgument("%s: only the maximum has indices", kName);
  }
  args.indices = const_cast<int64_t*>(checkedIndices(kName, indices, "output", *output));
  args.input = input->data;
  args.output = output->data;
  return args;
}

AdaptivePoolGradientArgs checkedGradient(const Context& context, vk_adaptive_mode mode,
                                         const vk_view* indices, const vk_view* upstream,
                                         const vk_view* gradient) {
  AdaptivePoolGradientArgs args{};
  static_cast<AdaptiveArgs&>(args) =
      shapes(kGradientName, context, mode, "gradient", gradient, "upstream", upstream);
  if (present(indices) != (mode == VK_ADAPTIVE_MAX)) {
    invalidArgument("%s: the maximum needs its indices, the average has none", kGradientName);
  }
  args.indices = checkedIndices(kGradientName, indices, "upstream", *upstream);
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

int64_t widestBin(const AdaptiveArgs& args, int axis) {
  const int64_t in = args.inSize[axis], out = args.outSize[axis];
  return in % out == 0 ? in / out : std::min(in, in / out + 2);
}

}  // namespace

AdaptiveParts adaptiveParts(const AdaptiveArgs& args) {
  const int64_t rows = args.volumes * args.outSize[0] * args.outSize[1];
  if (rows * args.outSize[2] == 0) return {1, 1, 1, 1, 0};
  const int64_t widestZ = widestBin(args, 0), widestY = widestBin(args, 1);
  AdaptiveParts parts{};
  parts.rowsEach = std::clamp<int64_t>(kTaskValues / args.inSize[2], 1, widestY);
  // Planes and rows of a tap have to fit into 15 and 16 bits.
  parts.rowsEach = std::min<int64_t>(parts.rowsEach, 32768);
  parts.planesEach = std::clamp<int64_t>(kTaskValues / args.inSize[2] / parts.rowsEach, 1, widestZ);
  parts.planesEach = std::min<int64_t>(parts.planesEach, 32767);
  parts.alongZ = chunkCount(widestZ, parts.planesEach);
  parts.alongY = chunkCount(widestY, parts.rowsEach);
  parts.tasks = rows * parts.each();
  return parts;
}

int64_t adaptiveScratchFloats(const AdaptiveArgs& args) {
  // Two halves, the first of which may hold f64.
  return 2 * ((2 * args.inSize[2] + 31) / 16 * 16);
}

int64_t adaptiveGradientScratchFloats(const AdaptiveArgs& args) {
  if (args.mode == VK_ADAPTIVE_MAX) return 0;
  return (args.outSize[2] + 31) / 16 * 16 + (2 * args.inSize[2] + 15) / 16 * 16;
}

int64_t adaptiveGradientPlanes(const AdaptiveArgs& args) {
  const int64_t plane = std::max<int64_t>(1, args.inSize[1] * args.inSize[2]);
  return std::clamp<int64_t>(2 * kTaskValues / plane, 1, std::max<int64_t>(1, args.inSize[0]));
}

int64_t adaptivePoolCpuWorkspaceBytes(const AdaptivePoolArgs& args) {
  const AdaptiveParts parts = adaptiveParts(args);
  const int64_t partials = parts.each() > 1 ? parts.tasks * args.outSize[2] : 0;
  return poolWorkspaceBytes(args.threads, parts.tasks, adaptiveScratchFloats(args)) +
         partials * static_cast<int64_t>(sizeof(AdaptivePartial));
}

int64_t adaptivePoolGradientCpuWorkspaceBytes(const AdaptivePoolGradientArgs& args) {
  const int64_t eachVolume = chunkCount(args.inSize[0], adaptiveGradientPlanes(args));
  return poolWorkspaceBytes(args.threads, args.volumes * eachVolume,
                            adaptiveGradientScratchFloats(args));
}

Implementations<AdaptivePoolArgs> adaptive_poolImplementations() {
  static const HostImplementations<AdaptivePoolArgs> table(
      adaptivePoolCpuTable, cpuAccepts, adaptivePoolCpuWorkspaceBytes, adaptivePoolReference);
  return table;
}

Implementations<AdaptivePoolGradientArgs> adaptive_pool_gradientImplementations() {
  static const HostImplementations<AdaptivePoolGradientArgs> table(
      adaptivePoolGradientCpuTable, cpuAccepts, adaptivePoolGradientCpuWorkspaceBytes,
      adaptivePoolGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_adaptive_pool_plan(vk_context* context, const vk_view* input, vk_adaptive_mode mode,
                                const vk_view* output, const vk_view* indices, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::adaptive_poolImplementations(),
               vk::checked(*context, input, mode, output, indices), plan);
  });
}

vk_status vk_adaptive_pool(vk_context* context, const vk_plan* plan, const vk_view* input,
                           vk_adaptive_mode mode, const vk_view* workspace, const vk_view* output,
                           const vk_view* indices) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::adaptive_poolImplementations(),
            vk::checked(*context, input, mode, output, indices), plan, workspace);
  });
}

vk_status vk_adaptive_pool_gradient_plan(vk_context* context, vk_adaptive_mode mode,
                                         const vk_view* indices, const vk_view* upstream,
                                         const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::adaptive_pool_gradientImplementations(),
               vk::checkedGradient(*context, mode, indices, upstream, gradient), plan);
  });
}

vk_status vk_adaptive_pool_gradient(vk_context* context, const vk_plan* plan, vk_adaptive_mode mode,
                                    const vk_view* indices, const vk_view* upstream,
                                    const vk_view* workspace, const vk_view* gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradientName, vk::adaptive_pool_gradientImplementations(),
            vk::checkedGradient(*context, mode, indices, upstream, gradient), plan, workspace);
  });
}

}  // extern "C"
