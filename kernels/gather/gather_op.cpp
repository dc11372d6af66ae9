#include "gather/gather.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "gather";

GatherArgs checked(const vk_view* data, const vk_view* indices, vk_index_kind kind, int32_t axis,
                   const vk_view* output) {
  const Indexing indexing = indexingOf(kName, data, indices, kind, axis, "output", output);
  return {indexing, elementSize(data->type), data->data, output->data};
}

}  // namespace

Implementations<GatherArgs> gatherImplementations() {
  static const PlainImplementations<GatherArgs> table(gatherPlain, nullptr, nullptr,
                                                      gatherReference, nullptr);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_gather_plan(vk_context* context, const vk_view* data, const vk_view* indices,
                         vk_index_kind kind, int32_t axis, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::gatherImplementations(),
               vk::checked(data, indices, kind, axis, output), plan);
  });
}

vk_status vk_gather(vk_context* context, const vk_plan* plan, const vk_view* data,
                    const vk_view* indices, vk_index_kind kind, int32_t axis,
                    const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::gatherImplementations(),
            vk::checked(data, indices, kind, axis, output), plan, workspace);
  });
}

}  // extern "C"
