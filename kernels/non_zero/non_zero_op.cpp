#include "non_zero/non_zero.h"

#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "non_zero";
constexpr const char* kCount = "non_zero_count";

bool isFloat(vk_element_type type) {
  return type == VK_F16 || type == VK_BF16 || type == VK_F32 || type == VK_F64;
}

NonZeroInput inputOf(const char* operation, const vk_view* input) {
  requireDenseAny(operation, "input", input);
  const int64_t bytes = elementSize(input->type);
  const uint64_t all = ~uint64_t{0} >> (64 - 8 * bytes);
  return {*input, bytes, isFloat(input->type) ? all >> 1 : all};
}

NonZeroArgs checked(const vk_view* input, const vk_view* indices) {
  const NonZeroInput from = inputOf(kName, input);
  requireDense(kName, "indices", indices, VK_I64);
  if (indices->rank != 2 || indices->sizes[0] != input->rank) {
    invalidArgument("%s: input %s, but indices %s, expected (%d, count)", kName,
                    describe(*input).c_str(), describe(*indices).c_str(), input->rank);
  }
  return {from, static_cast<int64_t*>(indices->data), indices->sizes[1]};
}

}  // namespace

Implementations<NonZeroCountArgs> non_zero_countImplementations() {
  static const PlainImplementations<NonZeroCountArgs> table(
      nonZeroCountPlain, nullptr, nonZeroCountPlainWorkspaceBytes, nonZeroCountReference, nullptr);
  return table;
}

Implementations<NonZeroArgs> non_zeroImplementations() {
  static const PlainImplementations<NonZeroArgs> table(
      nonZeroPlain, nullptr, nonZeroPlainWorkspaceBytes, nonZeroReference, nullptr);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_non_zero_count_plan(vk_context* context, const vk_view* input, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kCount, vk::non_zero_countImplementations(),
               {vk::inputOf(vk::kCount, input), nullptr}, plan);
  });
}

vk_status vk_non_zero_count(vk_context* context, const vk_plan* plan, const vk_view* input,
                            const vk_view* workspace, int64_t* count) {
  return vk::guarded(context, [&] {
    if (count == nullptr) vk::invalidArgument("non_zero_count: nowhere to put the count");
    vk::run(*context, vk::kCount, vk::non_zero_countImplementations(),
            {vk::inputOf(vk::kCount, input), count}, plan, workspace);
  });
}

vk_status vk_non_zero_plan(vk_context* context, const vk_view* input, const vk_view* indices,
                           vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::non_zeroImplementations(), vk::checked(input, indices),
               plan);
  });
}

vk_status vk_non_zero(vk_context* context, const vk_plan* plan, const vk_view* input,
                      const vk_view* workspace, const vk_view* indices) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::non_zeroImplementations(), vk::checked(input, indices), plan,
            workspace);
  });
}

}  // extern "C"
