#include "registry/operations.h"
#include "registry/plain_rows.h"
#include "scatter/scatter.h"

namespace vk {
namespace {

constexpr const char* kName = "scatter";

ScatterArgs checked(const vk_view* data, const vk_view* indices, const vk_view* updates,
                    vk_index_kind kind, int32_t axis, vk_scatter_mode mode, const vk_view* output) {
  requireDenseAny(kName, "output", output);
  if (mode < VK_SCATTER_REPLACE || mode > VK_SCATTER_MAX) {
    invalidArgument("%s: unknown mode %d", kName, static_cast<int>(mode));
  }
  if (present(data)) {
    requireDense(kName, "data", data, output->type);
    requireSameSizes(kName, "data", *data, "output", *output);
  }
  const Indexing indexing = indexingOf(kName, output, indices, kind, axis, "updates", updates);
  return {indexing,      mode,         output->type,         dataOf<const void>(data),
          updates->data, output->data, elementCount(*output)};
}

Refusal plainAccepts(const ScatterArgs& args) {
  const bool known = args.type == VK_F32 || args.type == VK_I32 || args.type == VK_I64;
  return known || args.mode == VK_SCATTER_REPLACE ? "" : "combines f32, i32 and i64 only";
}

Refusal referenceAccepts(const ScatterArgs& args) {
  return args.type == VK_F64 ? "" : plainAccepts(args);
}

}  // namespace

Implementations<ScatterArgs> scatterImplementations() {
  static const PlainImplementations<ScatterArgs> table(scatterPlain, plainAccepts, nullptr,
                                                       scatterReference, referenceAccepts);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_scatter_plan(vk_context* context, const vk_view* data, const vk_view* indices,
                          const vk_view* updates, vk_index_kind kind, int32_t axis,
                          vk_scatter_mode mode, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::scatterImplementations(),
               vk::checked(data, indices, updates, kind, axis, mode, output), plan);
  });
}

vk_status vk_scatter(vk_context* context, const vk_plan* plan, const vk_view* data,
                     const vk_view* indices, const vk_view* updates, vk_index_kind kind,
                     int32_t axis, vk_scatter_mode mode, const vk_view* workspace,
                     const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::scatterImplementations(),
            vk::checked(data, indices, updates, kind, axis, mode, output), plan, workspace);
  });
}

}  // extern "C"
