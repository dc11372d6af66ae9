#include "arg_reduce/arg_reduce.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "arg_reduce";

ArgReduceArgs checked(const vk_view* input, int32_t axis, int32_t largest, int32_t selectLast,
                      const vk_view* output) {
  requireDenseAny(kName, "input", input);
  requireDense(kName, "output", output, VK_I64);
  const AxisSplit split = splitAt(kName, *input, axis);
  const int32_t at = axis < 0 ? axis + input->rank : axis;
  vk_view kept = *input;
  kept.sizes[at] = 1;
  vk_view squeezed = *input;
  squeezed.rank = input->rank - 1;
  for (int32_t i = at; i < squeezed.rank; ++i) squeezed.sizes[i] = input->sizes[i + 1];
  if (!sameSizes(*output, kept) && !sameSizes(*output, squeezed)) {
    invalidArgument("%s: input %s along axis %d, but output %s", kName, describe(*input).c_str(),
                    axis, describe(*output).c_str());
  }
  if (split.size == 0 && split.outer * split.inner > 0) {
    invalidArgument("%s: input %s has nothing along axis %d", kName, describe(*input).c_str(),
                    axis);
  }
  return {input->type,     split,       largest != 0,
          selectLast != 0, input->data, static_cast<int64_t*>(output->data)};
}

Refusal plainAccepts(const ArgReduceArgs& args) {
  if (args.type != VK_F32 && args.type != VK_I32 && args.type != VK_I64) {
    return "takes f32, i32 and i64 only";
  }
  return args.split.size <= INT32_MAX ? "" : "takes up to 2^31 - 1 elements along the axis";
}

Refusal referenceAccepts(const ArgReduceArgs& args) {
  return args.type == VK_F64 ? "" : plainAccepts(args);
}

}  // namespace

Implementations<ArgReduceArgs> arg_reduceImplementations() {
  static const PlainImplementations<ArgReduceArgs> table(argReducePlain, plainAccepts, nullptr,
                                                         argReduceReference, referenceAccepts);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_arg_reduce_plan(vk_context* context, const vk_view* input, int32_t axis,
                             int32_t largest, int32_t select_last, const vk_view* output,
                             vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::arg_reduceImplementations(),
               vk::checked(input, axis, largest, select_last, output), plan);
  });
}

vk_status vk_arg_reduce(vk_context* context, const vk_plan* plan, const vk_view* input,
                        int32_t axis, int32_t largest, int32_t select_last,
                        const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::arg_reduceImplementations(),
            vk::checked(input, axis, largest, select_last, output), plan, workspace);
  });
}

}  // extern "C"
