#include "reduce/reduce.h"
#include "registry/plain_rows.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "reduce";
constexpr const char* kGradient = "reduce_gradient";

/** What is left of the input's axes: all of them, size 1 where reduced. */
vk_view keptView(const vk_view& input, uint32_t axes) {
  vk_view kept = input;
  int64_t stride = 1;
  for (int32_t axis = kept.rank - 1; axis >= 0; --axis) {
    if ((axes >> axis & 1u) != 0) kept.sizes[axis] = 1;
    kept.strides[axis] = stride;
    stride *= kept.sizes[axis];
  }
  return kept;
}

/** Reduced axes stay with size 1, or are left out. */
void requireReduced(const char* operation, const char* name, const vk_view& view,
                    const vk_view& input, uint32_t axes) {
  const vk_view kept = keptView(input, axes);
  bool fits = sameSizes(view, kept);
  if (!fits) {
    vk_view squeezed = kept;
    squeezed.rank = 0;
    for (int32_t axis = 0; axis < kept.rank; ++axis) {
      if ((axes >> axis & 1u) == 0) squeezed.sizes[squeezed.rank++] = kept.sizes[axis];
    }
    fits = sameSizes(view, squeezed);
  }
  if (!fits) {
    invalidArgument(
        "%s: input %s reduced over its axes 0x%x gives %s, with or without the ones, but %s is %s",
        operation, describe(input).c_str(), axes, describe(kept).c_str(), name,
        describe(view).c_str());
  }
}

ReduceShape shapeOf(const char* operation, const vk_view* input, vk_reduction reduction,
                    uint32_t axes) {
  requireDenseAny(operation, "input", input);
  if (reduction < VK_REDUCTION_SUM || reduction > VK_REDUCTION_LOG_SUM_EXP) {
    invalidArgument("%s: unknown reduction %d", operation, static_cast<int>(reduction));
  }
  if (axes >> input->rank != 0) {
    invalidArgument("%s: axes 0x%x, but input %s has rank %d", operation, axes,
                    describe(*input).c_str(), input->rank);
  }
  ReduceShape shape{reduction, input->type, input->rank,
                    {},        axes,        reduceLayout(input->rank, input->sizes, axes)};
  for (int32_t axis = 0; axis < input->rank; ++axis) shape.sizes[axis] = input->sizes[axis];
  return shape;
}

ReduceArgs checked(const vk_view* input, vk_reduction reduction, uint32_t axes,
                   const vk_view* output) {
  const ReduceShape shape = shapeOf(kForward, input, reduction, axes);
  requireDense(kForward, "output", output, input->type);
  requireReduced(kForward, "output", *output, *input, axes);
  return {shape, input->data, output->data};
}

ReduceGradientArgs checkedGradient(const vk_view* input, const vk_view* output,
                                   const vk_view* outputGradient, vk_reduction reduction,
                                   uint32_t axes, const vk_view* inputGradient) {
  const ReduceShape shape = shapeOf(kGradient, input, reduction, axes);
  requireDenseFloat(kGradient, "input", input);
  requireDense(kGradient, "output", output, input->type);
  requireDense(kGradient, "output gradient", outputGradient, input->type);
  requireDense(kGradient, "input gradient", inputGradient, input->type);
  requireReduced(kGradient, "output", *output, *input, axes);
  requireReduced(kGradient, "output gradient", *outputGradient, *input, axes);
  requireSameSizes(kGradient, "input", *input, "input gradient", *inputGradient);
  const vk_view kept = keptView(*input, axes);
  return {shape,
          broadcastTo(kGradient, {{"input", input}, {"output", &kept}, {"output gradient", &kept}},
                      *inputGradient),
          input->data,
          output->data,
          outputGradient->data,
          inputGradient->data};
}

Refusal cpuAccepts(const ReduceArgs& args) { return args.type == VK_F32 ? "" : "takes f32 only"; }

bool isInteger(vk_element_type type) { return type == VK_I32 || type == VK_I64; }

bool hasIntegerForm(vk_reduction reduction) {
  return reduction != VK_REDUCTION_L2 && reduction != VK_REDUCTION_LOG_SUM &&
         reduction != VK_REDUCTION_LOG_SUM_EXP;
}

Refusal plainAccepts(const ReduceArgs& args) {
  if (args.type == VK_F64) return {};
  if (!isInteger(args.type)) return "takes i32, i64 and f64 only";
  return hasIntegerForm(args.reduction) ? "" : "has no roots or logarithms of integers";
}

Refusal referenceAccepts(const ReduceArgs& args) {
  return args.type == VK_F32 ? "" : plainAccepts(args);
}

Refusal cpuAcceptsGradient(const ReduceGradientArgs& args) {
  return args.type == VK_F32 ? "" : "takes f32 only";
}

int64_t cpuWorkspaceBytes(const ReduceArgs& args) {
  return reducePartialBytes(args.layout, args.reduction);
}

}  // namespace

int64_t reducePartialBytes(const ReduceLayout& layout, vk_reduction reduction) {
  const int64_t each = reduction == VK_REDUCTION_LOG_SUM_EXP ? 2 : 1;
  return layout.partials() * each * static_cast<int64_t>(sizeof(double));
}

Implementations<ReduceArgs> reduceImplementations() {
  static const HostAndPlainImplementations<ReduceArgs> table(
      reduceCpuTable, cpuAccepts, cpuWorkspaceBytes, reducePlain, plainAccepts, reduceReference,
      referenceAccepts);
  return table;
}

Implementations<ReduceGradientArgs> reduce_gradientImplementations() {
  static const HostImplementations<ReduceGradientArgs> table(
      reduceGradientCpuTable, cpuAcceptsGradient, nullptr, reduceGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_reduce_plan(vk_context* context, const vk_view* input, vk_reduction reduction,
                         uint32_t axes, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::reduceImplementations(),
               vk::checked(input, reduction, axes, output), plan);
  });
}

vk_status vk_reduce(vk_context* context, const vk_plan* plan, const vk_view* input,
                    vk_reduction reduction, uint32_t axes, const vk_view* workspace,
                    const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::reduceImplementations(),
            vk::checked(input, reduction, axes, output), plan, workspace);
  });
}

vk_status vk_reduce_gradient_plan(vk_context* context, const vk_view* input, const vk_view* output,
                                  const vk_view* output_gradient, vk_reduction reduction,
                                  uint32_t axes, const vk_view* input_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::reduce_gradientImplementations(),
               vk::checkedGradient(input, output, output_gradient, reduction, axes, input_gradient),
               plan);
  });
}

vk_status vk_reduce_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                             const vk_view* output, const vk_view* output_gradient,
                             vk_reduction reduction, uint32_t axes, const vk_view* workspace,
                             const vk_view* input_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::reduce_gradientImplementations(),
            vk::checkedGradient(input, output, output_gradient, reduction, axes, input_gradient),
            plan, workspace);
  });
}

}  // extern "C"
