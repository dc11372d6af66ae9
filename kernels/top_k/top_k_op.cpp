#include "core/threads.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"
#include "top_k/top_k.h"

namespace vk {
namespace {

constexpr const char* kName = "top_k";

TopKArgs checked(const Context& context, const vk_view* input, int32_t axis, int32_t largest,
                 const vk_view* values, const vk_view* indices) {
  requireDenseAny(kName, "input", input);
  requireDense(kName, "values", values, input->type);
  requireDense(kName, "indices", indices, VK_I64);
  requireSameSizes(kName, "values", *values, "indices", *indices);
  const AxisSplit split = splitAt(kName, *input, axis);
  const int32_t at = axis < 0 ? axis + input->rank : axis;
  bool fits = values->rank == input->rank;
  for (int32_t i = 0; fits && i < input->rank; ++i) {
    fits = i == at ? values->sizes[i] <= input->sizes[i] : values->sizes[i] == input->sizes[i];
  }
  if (!fits) {
    invalidArgument("%s: values %s, but input %s along axis %d", kName, describe(*values).c_str(),
                    describe(*input).c_str(), axis);
  }
  return {input->type,
          split,
          values->sizes[at],
          largest != 0,
          context.arena->threads(),
          input->data,
          values->data,
          static_cast<int64_t*>(indices->data)};
}

Refusal plainAccepts(const TopKArgs& args) {
  const bool takes = args.type == VK_F32 || args.type == VK_F64 || args.type == VK_I32 ||
                     args.type == VK_I64 || args.type == VK_U64;
  if (!takes) return "takes f32, f64, i32, i64 and u64 only";
  return args.split.size <= INT32_MAX ? "" : "takes up to 2^31 - 1 elements along the axis";
}

}  // namespace

Implementations<TopKArgs> top_kImplementations() {
  static const PlainImplementations<TopKArgs> table(topKPlain, plainAccepts, topKWorkspaceBytes,
                                                    topKReference, plainAccepts);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_top_k_plan(vk_context* context, const vk_view* input, int32_t axis, int32_t largest,
                        const vk_view* values, const vk_view* indices, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::top_kImplementations(),
               vk::checked(*context, input, axis, largest, values, indices), plan);
  });
}

vk_status vk_top_k(vk_context* context, const vk_plan* plan, const vk_view* input, int32_t axis,
                   int32_t largest, const vk_view* workspace, const vk_view* values,
                   const vk_view* indices) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::top_kImplementations(),
            vk::checked(*context, input, axis, largest, values, indices), plan, workspace);
  });
}

}  // extern "C"
