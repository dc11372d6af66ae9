#include "trilu/trilu.h"

#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kName = "trilu";

TriluArgs checked(const vk_view* input, int32_t upper, int64_t diagonal, const vk_view* output) {
  requireDenseAny(kName, "input", input);
  requireDense(kName, "output", output, input->type);
  requireSameSizes(kName, "output", *output, "input", *input);
  const int32_t rank = input->rank;
  if (rank < 2) {
    invalidArgument("%s: input is %s, expected rank 2 or more", kName, describe(*input).c_str());
  }
  TriluArgs args{elementSize(input->type),
                 1,
                 input->sizes[rank - 2],
                 input->sizes[rank - 1],
                 upper != 0,
                 diagonal,
                 input->data,
                 output->data};
  for (int32_t i = 0; i < rank - 2; ++i) args.matrices *= input->sizes[i];
  // All or nothing beyond; so that sums do not overflow.
  if (diagonal > args.columns) args.diagonal = args.columns;
  if (diagonal < -args.rows) args.diagonal = -args.rows;
  return args;
}

}  // namespace

Implementations<TriluArgs> triluImplementations() {
  static const PlainImplementations<TriluArgs> table(triluPlain, nullptr, nullptr, triluReference,
                                                     nullptr);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_trilu_plan(vk_context* context, const vk_view* input, int32_t upper, int64_t diagonal,
                        const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::triluImplementations(),
               vk::checked(input, upper, diagonal, output), plan);
  });
}

vk_status vk_trilu(vk_context* context, const vk_plan* plan, const vk_view* input, int32_t upper,
                   int64_t diagonal, const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::triluImplementations(),
            vk::checked(input, upper, diagonal, output), plan, workspace);
  });
}

}  // extern "C"
