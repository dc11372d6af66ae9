#include "one_hot/one_hot.h"

#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "one_hot";

OneHotArgs checked(const vk_view* indices, int32_t axis, uint64_t onBits, uint64_t offBits,
                   const vk_view* output) {
  requireDenseAny(kName, "indices", indices);
  requireDenseAny(kName, "output", output);
  if (indices->type != VK_I32 && indices->type != VK_I64) {
    invalidArgument("%s: indices are %s, expected element type i32 or i64", kName,
                    describe(*indices).c_str());
  }
  const int32_t at = axis < 0 ? axis + output->rank : axis;
  bool fits = output->rank == indices->rank + 1 && at >= 0 && at < output->rank;
  OneHotArgs args{indices->type, elementSize(output->type), 1, 0, 1, onBits, offBits, indices->data,
                  output->data};
  for (int32_t i = 0; fits && i < indices->rank; ++i) {
    fits = indices->sizes[i] == output->sizes[i < at ? i : i + 1];
    (i < at ? args.outer : args.inner) *= indices->sizes[i];
  }
  if (!fits) {
    invalidArgument("%s: indices %s with a new axis %d, but output %s", kName,
                    describe(*indices).c_str(), axis, describe(*output).c_str());
  }
  args.depth = output->sizes[at];
  return args;
}

}  // namespace

Implementations<OneHotArgs> one_hotImplementations() {
  static const PlainImplementations<OneHotArgs> table(oneHotPlain, nullptr, nullptr,
                                                      oneHotReference, nullptr);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_one_hot_plan(vk_context* context, const vk_view* indices, int32_t axis,
                          uint64_t on_bits, uint64_t off_bits, const vk_view* output,
                          vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::one_hotImplementations(),
               vk::checked(indices, axis, on_bits, off_bits, output), plan);
  });
}

vk_status vk_one_hot(vk_context* context, const vk_plan* plan, const vk_view* indices, int32_t axis,
                     uint64_t on_bits, uint64_t off_bits, const vk_view* workspace,
                     const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::one_hotImplementations(),
            vk::checked(indices, axis, on_bits, off_bits, output), plan, workspace);
  });
}

}  // extern "C"
