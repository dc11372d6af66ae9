#include "cumsum/cumsum.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "cumsum";

CumsumArgs checked(const vk_view* input, int32_t axis, int32_t exclusive, int32_t reverse,
                   const vk_view* output) {
  requireDenseAny(kName, "input", input);
  requireDense(kName, "output", output, input->type);
  requireSameSizes(kName, "output", *output, "input", *input);
  return {input->type, splitAt(kName, *input, axis), exclusive != 0, reverse != 0, input->data,
          output->data};
}

Refusal plainAccepts(const CumsumArgs& args) {
  const bool takes =
      args.type == VK_F32 || args.type == VK_F64 || args.type == VK_I32 || args.type == VK_I64;
  return takes ? "" : "takes f32, f64, i32 and i64 only";
}

}  // namespace

Implementations<CumsumArgs> cumsumImplementations() {
  static const PlainImplementations<CumsumArgs> table(cumsumPlain, plainAccepts, nullptr,
                                                      cumsumReference, plainAccepts);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_cumsum_plan(vk_context* context, const vk_view* input, int32_t axis, int32_t exclusive,
                         int32_t reverse, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::cumsumImplementations(),
               vk::checked(input, axis, exclusive, reverse, output), plan);
  });
}

vk_status vk_cumsum(vk_context* context, const vk_plan* plan, const vk_view* input, int32_t axis,
                    int32_t exclusive, int32_t reverse, const vk_view* workspace,
                    const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::cumsumImplementations(),
            vk::checked(input, axis, exclusive, reverse, output), plan, workspace);
  });
}

}  // extern "C"
