#include <cmath>

#include "ffd/ffd.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kEvaluate = "ffd";
constexpr const char* kGradient = "ffd_gradient";
constexpr const char* kBending = "ffd_bending";
constexpr const char* kRefine = "ffd_refine";

template <class Params>
void checkParams(const char* operation, const Params* params) {
  if (params == nullptr || params->struct_size != sizeof(Params)) {
    invalidArgument("%s: the parameters are missing or of another ABI version", operation);
  }
}

/** A (3, d, h, w) f32 or f64 tensor; each of d, h, w at least `least` (and below 2^31). */
void checkVectors(const char* operation, const char* name, const vk_view* view, int64_t least) {
  requireDenseFloat(operation, name, view);
  requireRank(operation, name, *view, 4);
  bool fits = view->sizes[0] == 3;
  for (int axis = 1; axis < 4; ++axis) {
    fits = fits && view->sizes[axis] >= least && view->sizes[axis] <= INT32_MAX;
  }
  if (!fits) {
    invalidArgument("%s: %s is %s, expected (3, d, h, w) with d, h and w at least %lld", operation,
                    name, describe(*view).c_str(), static_cast<long long>(least));
  }
}

FfdAxis checkedAxis(const char* operation, const vk_view& controls, const vk_view& dense,
                    const vk_ffd_params& params, int axis) {
  const FfdAxis result{dense.sizes[3 - axis], controls.sizes[3 - axis], params.origin[axis],
                       params.spacing[axis]};
  const char name = "xyz"[axis];
  if (!std::isfinite(result.origin) || !std::isfinite(result.spacing) || !(result.spacing > 0)) {
    invalidArgument(
        "%s: origin %g and spacing %g of the control grid along %c; expected finite "
        "numbers, the spacing positive",
        operation, result.origin, result.spacing, name);
  }
  int64_t interval;
  double fraction;
  if (!ffdLocate(result, 0, &interval, &fraction) ||
      !ffdLocate(result, result.samples - 1, &interval, &fraction)) {
    invalidArgument(
        "%s: the control grid does not cover the field along %c: %lld control points from index "
        "%g in steps of %g voxels, for %lld voxels; expected one control point before the first "
        "voxel's interval and one after the last's",
        operation, name, static_cast<long long>(result.controls), result.origin, result.spacing,
        static_cast<long long>(result.samples));
  }
  return result;
}

FfdGrid checkedGrid(const char* operation, const vk_view& controls, const vk_view& dense,
                    const vk_ffd_params& params) {
  return {checkedAxis(operation, controls, dense, params, 0),
          checkedAxis(operation, controls, dense, params, 1),
          checkedAxis(operation, controls, dense, params, 2)};
}

FfdArgs checkedEvaluate(const vk_view* coefficients, const vk_ffd_params* params,
                        const vk_view* field) {
  checkParams(kEvaluate, params);
  checkVectors(kEvaluate, "coefficients", coefficients, 4);
  checkVectors(kEvaluate, "field", field, 1);
  requireSameType(kEvaluate, "coefficients", *coefficients, "field", *field);
  return {checkedGrid(kEvaluate, *coefficients, *field, *params), coefficients->type,
          coefficients->data, field->data};
}

FfdGradientArgs checkedGradient(const vk_view* fieldGradient, const vk_ffd_params* params,
                                const vk_view* coefficientGradient) {
  checkParams(kGradient, params);
  checkVectors(kGradient, "field_gradient", fieldGradient, 1);
  checkVectors(kGradient, "coefficient_gradient", coefficientGradient, 4);
  requireSameType(kGradient, "field_gradient", *fieldGradient, "coefficient_gradient",
                  *coefficientGradient);
  return {checkedGrid(kGradient, *coefficientGradient, *fieldGradient, *params),
          fieldGradient->type, fieldGradient->data, coefficientGradient->data};
}

FfdBendingArgs checkedBending(const vk_view* coefficients, const vk_ffd_bending_params* params,
                              const vk_view* gradient, double* value) {
  checkParams(kBending, params);
  checkVectors(kBending, "coefficients", coefficients, 4);
  if (present(gradient)) {
    requireDense(kBending, "gradient", gradient, coefficients->type);
    requireSameSizes(kBending, "coefficients", *coefficients, "gradient", *gradient);
  }
  FfdBendingArgs args{};
  for (int axis = 0; axis < 3; ++axis) {
    args.controls[axis] = coefficients->sizes[3 - axis];
    args.spacingMm[axis] = params->spacing_mm[axis];
    if (!std::isfinite(args.spacingMm[axis]) || !(args.spacingMm[axis] > 0)) {
      invalidArgument("%s: spacing_mm is %g along %c, expected a positive number", kBending,
                      args.spacingMm[axis], "xyz"[axis]);
    }
  }
  args.diffusionWeight = params->diffusion_weight;
  args.bendingWeight = params->bending_weight;
  if (!std::isfinite(args.diffusionWeight) || !std::isfinite(args.bendingWeight)) {
    invalidArgument("%s: the weights %g and %g are not finite", kBending, args.diffusionWeight,
                    args.bendingWeight);
  }
  args.type = coefficients->type;
  args.coefficients = coefficients->data;
  args.gradient = dataOf<void>(gradient);
  args.value = value;
  return args;
}

FfdRefineArgs checkedRefine(const vk_view* coefficients, const vk_ffd_refine_params* params,
                            const vk_view* refined) {
  checkParams(kRefine, params);
  checkVectors(kRefine, "coefficients", coefficients, 4);
  checkVectors(kRefine, "refined", refined, 4);
  requireSameType(kRefine, "coefficients", *coefficients, "refined", *refined);
  FfdRefineArgs args{};
  for (int axis = 0; axis < 3; ++axis) {
    args.controls[axis] = coefficients->sizes[3 - axis];
    args.refined[axis] = params->axes[axis] != 0;
    if (refined->sizes[3 - axis] != refinedControls(args.controls[axis], args.refined[axis])) {
      invalidArgument(
          "%s: coefficients are %s and refined is %s; expected %lld control points "
          "along %c",
          kRefine, describe(*coefficients).c_str(), describe(*refined).c_str(),
          static_cast<long long>(refinedControls(args.controls[axis], args.refined[axis])),
          "xyz"[axis]);
    }
  }
  args.type = coefficients->type;
  args.coefficients = coefficients->data;
  args.refinedCoefficients = refined->data;
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<FfdArgs> ffdImplementations() {
  static const HostImplementations<FfdArgs> table(ffdCpuTable, cpuAccepts<FfdArgs>,
                                                  ffdCpuWorkspaceBytes, ffdReference);
  return table;
}

Implementations<FfdGradientArgs> ffd_gradientImplementations() {
  static const HostImplementations<FfdGradientArgs> table(
      ffdGradientCpuTable, cpuAccepts<FfdGradientArgs>, ffdGradientCpuWorkspaceBytes,
      ffdGradientReference);
  return table;
}

Implementations<FfdBendingArgs> ffd_bendingImplementations() {
  static const HostImplementations<FfdBendingArgs> table(
      ffdBendingCpuTable, cpuAccepts<FfdBendingArgs>, ffdBendingCpuWorkspaceBytes,
      ffdBendingReference);
  return table;
}

Implementations<FfdRefineArgs> ffd_refineImplementations() {
  static const HostImplementations<FfdRefineArgs> table(
      ffdRefineCpuTable, cpuAccepts<FfdRefineArgs>, ffdRefineCpuWorkspaceBytes, ffdRefineReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_ffd_plan(vk_context* context, const vk_view* coefficients, const vk_ffd_params* params,
                      const vk_view* field, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kEvaluate, vk::ffdImplementations(),
               vk::checkedEvaluate(coefficients, params, field), plan);
  });
}

vk_status vk_ffd(vk_context* context, const vk_plan* plan, const vk_view* coefficients,
                 const vk_ffd_params* params, const vk_view* field, const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kEvaluate, vk::ffdImplementations(),
            vk::checkedEvaluate(coefficients, params, field), plan, workspace);
  });
}

vk_status vk_ffd_gradient_plan(vk_context* context, const vk_view* field_gradient,
                               const vk_ffd_params* params, const vk_view* coefficient_gradient,
                               vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::ffd_gradientImplementations(),
               vk::checkedGradient(field_gradient, params, coefficient_gradient), plan);
  });
}

vk_status vk_ffd_gradient(vk_context* context, const vk_plan* plan, const vk_view* field_gradient,
                          const vk_ffd_params* params, const vk_view* coefficient_gradient,
                          const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::ffd_gradientImplementations(),
            vk::checkedGradient(field_gradient, params, coefficient_gradient), plan, workspace);
  });
}

vk_status vk_ffd_bending_plan(vk_context* context, const vk_view* coefficients,
                              const vk_ffd_bending_params* params, const vk_view* gradient,
                              vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kBending, vk::ffd_bendingImplementations(),
               vk::checkedBending(coefficients, params, gradient, nullptr), plan);
  });
}

vk_status vk_ffd_bending(vk_context* context, const vk_plan* plan, const vk_view* coefficients,
                         const vk_ffd_bending_params* params, const vk_view* gradient,
                         const vk_view* workspace, double* value) {
  return vk::guarded(context, [&] {
    if (value == nullptr) vk::invalidArgument("%s: nowhere to put the value", vk::kBending);
    vk::run(*context, vk::kBending, vk::ffd_bendingImplementations(),
            vk::checkedBending(coefficients, params, gradient, value), plan, workspace);
  });
}

vk_status vk_ffd_refine_plan(vk_context* context, const vk_view* coefficients,
                             const vk_ffd_refine_params* params, const vk_view* refined,
                             vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kRefine, vk::ffd_refineImplementations(),
               vk::checkedRefine(coefficients, params, refined), plan);
  });
}

vk_status vk_ffd_refine(vk_context* context, const vk_plan* plan, const vk_view* coefficients,
                        const vk_ffd_refine_params* params, const vk_view* refined,
                        const vk_view* workspace) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kRefine, vk::ffd_refineImplementations(),
            vk::checkedRefine(coefficients, params, refined), plan, workspace);
  });
}

}  // extern "C"
