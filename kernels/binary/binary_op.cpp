#include "binary/binary.h"
#include "reduce/reduce.h"
#include "registry/operations.h"
#include "registry/plain_rows.h"

namespace vk {
namespace {

constexpr const char* kForward = "binary";
constexpr const char* kGradient = "binary_gradient";

bool isLogical(vk_binary_function function) { return function >= VK_BINARY_AND; }

bool isWhole(vk_element_type type) { return type >= VK_I8 && type <= VK_U64; }

void padSizes(const vk_view& view, int32_t rank, int64_t* sizes) {
  for (int32_t axis = 0; axis < rank; ++axis) {
    const int32_t own = axis - (rank - view.rank);
    sizes[axis] = own < 0 ? 1 : view.sizes[own];
  }
}

/** Everything but the output's element type. */
BinaryShape shapeOf(const char* operation, vk_binary_function function, const vk_view* condition,
                    const vk_view* a, const vk_view* b, const vk_view& output) {
  if (function < VK_BINARY_ADD || function > VK_BINARY_XOR) {
    invalidArgument("%s: unknown function %d", operation, static_cast<int>(function));
  }
  requireDenseAny(operation, "a", a);
  requireDenseAny(operation, "b", b);
  requireSameType(operation, "a", *a, "b", *b);
  const bool chooses = function == VK_BINARY_WHERE;
  if (chooses) {
    requireDense(operation, "condition", condition, VK_BOOL);
  } else if (present(condition)) {
    invalidArgument("%s: function %d has no condition, but condition %s is given", operation,
                    static_cast<int>(function), describe(*condition).c_str());
  }
  BinaryShape shape{};
  shape.function = function;
  shape.type = a->type;
  shape.broadcast =
      chooses ? broadcastTo(operation, {{"a", a}, {"b", b}, {"condition", condition}}, output)
              : broadcastTo(operation, {{"a", a}, {"b", b}}, output);
  shape.rank = output.rank;
  padSizes(output, output.rank, shape.outputSizes);
  padSizes(*a, output.rank, shape.operandSizes[0]);
  padSizes(*b, output.rank, shape.operandSizes[1]);
  if (chooses) padSizes(*condition, output.rank, shape.operandSizes[2]);
  shape.a = a->data;
  shape.b = b->data;
  shape.condition = dataOf<const uint8_t>(condition);
  return shape;
}

BinaryArgs checked(vk_binary_function function, const vk_view* condition, const vk_view* a,
                   const vk_view* b, const vk_view* output) {
  requireDenseAny(kForward, "output", output);
  const BinaryShape shape = shapeOf(kForward, function, condition, a, b, *output);
  requireDense(kForward, "output", output, isComparison(function) ? VK_BOOL : a->type);
  return {shape, output->data};
}

BinaryGradientArgs checkedGradient(vk_binary_function function, const vk_view* condition,
                                   const vk_view* a, const vk_view* b,
                                   const vk_view* outputGradient, const vk_view* gradientA,
                                   const vk_view* gradientB) {
  requireDenseFloat(kGradient, "output gradient", outputGradient);
  const BinaryShape shape = shapeOf(kGradient, function, condition, a, b, *outputGradient);
  if (isComparison(function)) {
    invalidArgument("%s: function %d gives bool, which has no gradient", kGradient,
                    static_cast<int>(function));
  }
  requireSameType(kGradient, "a", *a, "output gradient", *outputGradient);
  BinaryGradientArgs args{shape, outputGradient->data, {}, {}};
  const vk_view* const operands[2] = {a, b};
  const vk_view* const gradients[2] = {gradientA, gradientB};
  for (int operand = 0; operand < 2; ++operand) {
    if (!present(gradients[operand])) continue;
    const char* const name = operand == 0 ? "a" : "b";
    const char* const gradientName = operand == 0 ? "gradient of a" : "gradient of b";
    requireDense(kGradient, gradientName, gradients[operand], a->type);
    requireSameSizes(kGradient, name, *operands[operand], gradientName, *gradients[operand]);
    args.gradients[operand] = gradients[operand]->data;
    uint32_t repeated = 0;
    for (int32_t axis = 0; axis < shape.rank; ++axis) {
      if (shape.operandSizes[operand][axis] != shape.outputSizes[axis]) repeated |= 1u << axis;
    }
    args.layouts[operand] = reduceLayout(shape.rank, shape.outputSizes, repeated);
  }
  return args;
}

Refusal cpuAccepts(const BinaryArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  return args.function == VK_BINARY_WHERE || isLogical(args.function)
             ? "has arithmetic and order only"
             : "";
}

Refusal plainAccepts(const BinaryArgs& args) {
  if (args.function == VK_BINARY_WHERE) return {};
  if (isLogical(args.function)) return args.type == VK_BOOL ? "" : "combines bool only";
  const bool equality = args.function == VK_BINARY_EQUAL || args.function == VK_BINARY_NOT_EQUAL;
  if (args.type == VK_BOOL) return equality ? "" : "has no arithmetic or order of bool";
  return isWhole(args.type) || args.type == VK_F64 ? "" : "takes whole numbers and f64 only";
}

Refusal referenceAccepts(const BinaryArgs& args) {
  return args.type == VK_F32 && !isLogical(args.function) ? "" : plainAccepts(args);
}

Refusal cpuAcceptsGradient(const BinaryGradientArgs& args) {
  return args.type == VK_F32 ? "" : "takes f32 only";
}

/** The two gradients are computed one after the other in the same workspace. */
int64_t gradientWorkspaceBytes(const BinaryGradientArgs& args) {
  int64_t most = 0;
  for (int operand = 0; operand < 2; ++operand) {
    if (args.gradients[operand] == nullptr) continue;
    const int64_t bytes = reducePartialBytes(args.layouts[operand], VK_REDUCTION_SUM);
    if (bytes > most) most = bytes;
  }
  return most;
}

}  // namespace

bool isComparison(vk_binary_function function) { return function >= VK_BINARY_EQUAL; }

Implementations<BinaryArgs> binaryImplementations() {
  static const HostAndPlainImplementations<BinaryArgs> table(binaryCpuTable, cpuAccepts, nullptr,
                                                             binaryPlain, plainAccepts,
                                                             binaryReference, referenceAccepts);
  return table;
}

Implementations<BinaryGradientArgs> binary_gradientImplementations() {
  static const HostImplementations<BinaryGradientArgs> table(
      binaryGradientCpuTable, cpuAcceptsGradient, gradientWorkspaceBytes, binaryGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_binary_plan(vk_context* context, vk_binary_function function, const vk_view* condition,
                         const vk_view* a, const vk_view* b, const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::binaryImplementations(),
               vk::checked(function, condition, a, b, output), plan);
  });
}

vk_status vk_binary(vk_context* context, const vk_plan* plan, vk_binary_function function,
                    const vk_view* condition, const vk_view* a, const vk_view* b,
                    const vk_view* workspace, const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::binaryImplementations(),
            vk::checked(function, condition, a, b, output), plan, workspace);
  });
}

vk_status vk_binary_gradient_plan(vk_context* context, vk_binary_function function,
                                  const vk_view* condition, const vk_view* a, const vk_view* b,
                                  const vk_view* output_gradient, const vk_view* a_gradient,
                                  const vk_view* b_gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(
        *context, vk::kGradient, vk::binary_gradientImplementations(),
        vk::checkedGradient(function, condition, a, b, output_gradient, a_gradient, b_gradient),
        plan);
  });
}

vk_status vk_binary_gradient(vk_context* context, const vk_plan* plan, vk_binary_function function,
                             const vk_view* condition, const vk_view* a, const vk_view* b,
                             const vk_view* output_gradient, const vk_view* workspace,
                             const vk_view* a_gradient, const vk_view* b_gradient) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::binary_gradientImplementations(),
            vk::checkedGradient(function, condition, a, b, output_gradient, a_gradient, b_gradient),
            plan, workspace);
  });
}

}  // extern "C"
