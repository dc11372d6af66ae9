#include "copy_strided/copy_strided.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "copy_strided";

void requireStrided(const char* name, const vk_view* view) {
  if (!present(view)) invalidArgument("%s: %s is missing", kName, name);
  // The other checks of a contiguous view, whatever its strides are.
  vk_view dense = *view;
  int64_t stride = 1;
  for (int32_t axis = dense.rank - 1; axis >= 0 && dense.rank <= VK_MAX_RANK; --axis) {
    dense.strides[axis] = stride;
    stride *= dense.sizes[axis];
  }
  requireDenseAny(kName, name, &dense);
}

/** No element may be written twice: sorted by stride, each axis steps over all that is below it. */
void requireApart(const vk_view& output, const CopyAxes& axes) {
  int64_t extent = 1;
  for (int32_t axis = axes.rank - 1; axis >= 0; --axis) {
    if (axes.sizes[axis] > 1 && axes.outputStrides[axis] < extent) {
      invalidArgument("%s: output %s has strides with which elements fall together", kName,
                      describe(output).c_str());
    }
    extent += (axes.sizes[axis] - 1) * axes.outputStrides[axis];
  }
}

CopyStridedArgs checked(const vk_view* input, const vk_view* output) {
  requireStrided("input", input);
  requireStrided("output", output);
  requireSameType(kName, "input", *input, "output", *output);
  requireSameSizes(kName, "input", *input, "output", *output);
  const CopyAxes axes = mergedAxes(*input, *output);
  if (elementCount(*output) > 0) requireApart(*output, axes);
  return {elementSize(input->type), *input, *output, axes};
}

}  // namespace

Implementations<CopyStridedArgs> copy_stridedImplementations() {
  static const PlainImplementations<CopyStridedArgs> table(copyStridedPlain, nullptr, nullptr,
                                                           copyStridedReference, nullptr);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_copy_strided_plan(vk_context* context, const vk_view* input, const vk_view* output,
                               vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::copy_stridedImplementations(), vk::checked(input, output),
               plan);
  });
}

vk_status vk_copy_strided(vk_context* context, const vk_plan* plan, const vk_view* input,
                          const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::copy_stridedImplementations(), vk::checked(input, output),
            plan, workspace);
  });
}

}  // extern "C"
