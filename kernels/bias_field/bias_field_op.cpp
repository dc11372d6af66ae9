#include <cmath>

#include "bias_field/bias_field.h"
#include "bias_field/bias_field_math.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "bias_field";
constexpr const char* kCorrectName = "bias_field_correct";

BiasFieldPolynomial polynomialOf(const char* name, const vk_bias_field_params* params,
                                 const vk_view* coefficients) {
  if (params == nullptr || params->struct_size != sizeof(vk_bias_field_params)) {
    invalidArgument("%s: the parameters are missing or of another version", name);
  }
  if (params->degree < 1 || params->degree > kBiasMostDegree) {
    invalidArgument("%s: degree %d, expected 1 to %d", name, params->degree, kBiasMostDegree);
  }
  BiasFieldPolynomial polynomial{params->degree, {}, {}};
  for (int axis = 0; axis < 3; ++axis) {
    polynomial.scale[axis] = params->position_scale[axis];
    polynomial.offset[axis] = params->position_offset[axis];
    if (!std::isfinite(polynomial.scale[axis]) || !std::isfinite(polynomial.offset[axis])) {
      invalidArgument("%s: position_scale and position_offset hold %g and %g, expected numbers",
                      name, polynomial.scale[axis], polynomial.offset[axis]);
    }
  }
  requireDense(name, "coefficients", coefficients, VK_F64);
  requireRank(name, "coefficients", *coefficients, 1);
  if (coefficients->sizes[0] != biasTerms(params->degree)) {
    invalidArgument("%s: coefficients is %s, expected %d for degree %d", name,
                    describe(*coefficients).c_str(), biasTerms(params->degree), params->degree);
  }
  return polynomial;
}

BiasFieldArgs checked(const vk_view* values, const vk_view* reference, const vk_view* positions,
                      const vk_view* mask, const vk_bias_field_params* params,
                      const vk_view* coefficients) {
  const BiasFieldPolynomial polynomial = polynomialOf(kName, params, coefficients);
  requireDenseFloat(kName, "values", values);
  requireRank(kName, "values", *values, 1);
  requireDense(kName, "reference", reference, values->type);
  requireSameSizes(kName, "values", *values, "reference", *reference);
  requireDense(kName, "positions", positions, values->type);
  requireRank(kName, "positions", *positions, 2);
  if (positions->sizes[0] != 3 || positions->sizes[1] != values->sizes[0]) {
    invalidArgument("%s: positions is %s, expected (3, %lld) as values is %s", kName,
                    describe(*positions).c_str(), static_cast<long long>(values->sizes[0]),
                    describe(*values).c_str());
  }
  if (present(mask)) {
    requireDense(kName, "mask", mask, VK_U8);
    requireSameSizes(kName, "values", *values, "mask", *mask);
  }
  if (params->bins < 1 || params->bins > 256) {
    invalidArgument("%s: %d bins, expected 1 to 256", kName, params->bins);
  }
  if (params->iterations < 1 || params->iterations > 100) {
    invalidArgument("%s: %d iterations, expected 1 to 100", kName, params->iterations);
  }
  const double low = params->reference_min, high = params->reference_max;
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low) || !(low < high)) {
    invalidArgument(
        "%s: a reference range from %g to %g, expected finite numbers, the second "
        "greater",
        kName, low, high);
  }
  return {values->sizes[0],
          values->type,
          values->data,
          reference->data,
          positions->data,
          dataOf<const uint8_t>(mask),
          polynomial,
          params->bins,
          params->iterations,
          low,
          high,
          static_cast<double*>(coefficients->data)};
}

BiasFieldCorrectArgs checkedCorrect(const vk_view* image, const vk_view* coefficients,
                                    const vk_bias_field_params* params, const vk_view* corrected) {
  const BiasFieldPolynomial polynomial = polynomialOf(kCorrectName, params, coefficients);
  requireDenseFloat(kCorrectName, "image", image);
  requireRank(kCorrectName, "image", *image, 3);
  requireDense(kCorrectName, "corrected", corrected, image->type);
  requireSameSizes(kCorrectName, "image", *image, "corrected", *corrected);
  return {image->sizes[0], image->sizes[1], image->sizes[2],
          image->type,     image->data,     static_cast<const double*>(coefficients->data),
          polynomial,      corrected->data};
}

template <class Args>
Refusal takesF32(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<BiasFieldArgs> bias_fieldImplementations() {
  static const HostImplementations<BiasFieldArgs> table(
      biasFieldCpuTable, takesF32<BiasFieldArgs>, biasFieldCpuWorkspaceBytes, biasFieldReference);
  return table;
}

Implementations<BiasFieldCorrectArgs> bias_field_correctImplementations() {
  static const HostImplementations<BiasFieldCorrectArgs> table(
      biasFieldCorrectCpuTable, takesF32<BiasFieldCorrectArgs>, biasFieldCorrectCpuWorkspaceBytes,
      biasFieldCorrectReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_bias_field_plan(vk_context* context, const vk_view* values, const vk_view* reference,
                             const vk_view* positions, const vk_view* mask,
                             const vk_bias_field_params* params, const vk_view* coefficients,
                             vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::bias_fieldImplementations(),
               vk::checked(values, reference, positions, mask, params, coefficients), plan);
  });
}

vk_status vk_bias_field(vk_context* context, const vk_plan* plan, const vk_view* values,
                        const vk_view* reference, const vk_view* positions, const vk_view* mask,
                        const vk_bias_field_params* params, const vk_view* coefficients,
                        const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::bias_fieldImplementations(),
            vk::checked(values, reference, positions, mask, params, coefficients), plan, workspace);
  });
}

vk_status vk_bias_field_correct_plan(vk_context* context, const vk_view* image,
                                     const vk_view* coefficients,
                                     const vk_bias_field_params* params, const vk_view* corrected,
                                     vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kCorrectName, vk::bias_field_correctImplementations(),
               vk::checkedCorrect(image, coefficients, params, corrected), plan);
  });
}

vk_status vk_bias_field_correct(vk_context* context, const vk_plan* plan, const vk_view* image,
                                const vk_view* coefficients, const vk_bias_field_params* params,
                                const vk_view* corrected, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kCorrectName, vk::bias_field_correctImplementations(),
            vk::checkedCorrect(image, coefficients, params, corrected), plan, workspace);
  });
}

}  // extern "C"
