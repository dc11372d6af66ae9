#include <cmath>

#include "convert/convert.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "convert";

ConvertArgs checked(const vk_view* input, double scale, double offset, const vk_view* output) {
  requireDenseAny(kName, "input", input);
  requireDenseAny(kName, "output", output);
  requireSameSizes(kName, "input", *input, "output", *output);
  if (!std::isfinite(scale) || !std::isfinite(offset)) {
    invalidArgument("%s: scale %g and offset %g, expected finite numbers", kName, scale, offset);
  }
  return {elementCount(*input), input->type, input->data, output->type,
          output->data,         scale,       offset};
}

}  // namespace

Implementations<ConvertArgs> convertImplementations() {
  static const HostImplementations<ConvertArgs> table(convertCpuTable, nullptr, nullptr,
                                                      convertReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_convert_plan(vk_context* context, const vk_view* input, double scale, double offset,
                          const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::convertImplementations(),
               vk::checked(input, scale, offset, output), plan);
  });
}

vk_status vk_convert(vk_context* context, const vk_plan* plan, const vk_view* input, double scale,
                     double offset, const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::convertImplementations(),
            vk::checked(input, scale, offset, output), plan, workspace);
  });
}

}  // extern "C"
