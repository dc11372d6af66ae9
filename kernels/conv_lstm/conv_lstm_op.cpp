#include "conv_lstm/conv_lstm.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kForward = "conv_lstm";
constexpr const char* kGradient = "conv_lstm_gradient";

void requireLike(const char* operation, const char* name, const vk_view* view,
                 const vk_view* cell) {
  requireDense(operation, name, view, cell->type);
  requireSameSizes(operation, name, *view, "cell", *cell);
}

/** (3, C, D, H, W) as cell is (N, C, D, H, W). */
void requirePeepholes(const char* operation, const char* name, const vk_view* view,
                      const vk_view* cell) {
  requireDense(operation, name, view, cell->type);
  bool fits = view->rank == 5 && view->sizes[0] == 3;
  for (int axis = 1; axis < 5 && fits; ++axis) fits = view->sizes[axis] == cell->sizes[axis];
  if (!fits) {
    invalidArgument("%s: %s is %s, expected (3, C, D, H, W) as cell is %s", operation, name,
                    describe(*view).c_str(), describe(*cell).c_str());
  }
}

ConvLstmArgs checkedInputs(const char* operation, const vk_view* gates, const vk_view* cell,
                           const vk_view* peepholes) {
  requireDenseFloat(operation, "cell", cell);
  requireRank(operation, "cell", *cell, 5);
  requireDense(operation, "gates", gates, cell->type);
  requireRank(operation, "gates", *gates, 5);
  bool fits = gates->sizes[0] == cell->sizes[0] && gates->sizes[1] == 4 * cell->sizes[1];
  for (int axis = 2; axis < 5; ++axis) fits = fits && gates->sizes[axis] == cell->sizes[axis];
  if (!fits) {
    invalidArgument("%s: gates is %s, expected (N, 4 C, D, H, W) as cell is %s", operation,
                    describe(*gates).c_str(), describe(*cell).c_str());
  }
  if (present(peepholes)) requirePeepholes(operation, "peepholes", peepholes, cell);
  ConvLstmArgs args{};
  args.type = cell->type;
  args.batch = cell->sizes[0];
  args.cells = cell->sizes[1] * cell->sizes[2] * cell->sizes[3] * cell->sizes[4];
  args.gates = gates->data;
  args.cell = cell->data;
  args.peepholes = dataOf<const void>(peepholes);
  return args;
}

ConvLstmArgs checked(const vk_view* gates, const vk_view* cell, const vk_view* peepholes,
                     const vk_view* newCell, const vk_view* hidden) {
  ConvLstmArgs args = checkedInputs(kForward, gates, cell, peepholes);
  requireLike(kForward, "new_cell", newCell, cell);
  requireLike(kForward, "hidden", hidden, cell);
  args.newCell = newCell->data;
  args.hidden = hidden->data;
  return args;
}

ConvLstmArgs checkedGradient(const vk_view* gates, const vk_view* cell, const vk_view* peepholes,
                             const vk_view* gradientNewCell, const vk_view* gradientHidden,
                             const vk_view* gradientGates, const vk_view* gradientCell,
                             const vk_view* gradientPeepholes) {
  ConvLstmArgs args = checkedInputs(kGradient, gates, cell, peepholes);
  if (present(gradientNewCell)) requireLike(kGradient, "gradient_new_cell", gradientNewCell, cell);
  requireLike(kGradient, "gradient_hidden", gradientHidden, cell);
  requireDense(kGradient, "gradient_gates", gradientGates, cell->type);
  requireSameSizes(kGradient, "gradient_gates", *gradientGates, "gates", *gates);
  requireLike(kGradient, "gradient_cell", gradientCell, cell);
  if (args.peepholes != nullptr) {
    requirePeepholes(kGradient, "gradient_peepholes", gradientPeepholes, cell);
    args.gradientPeepholes = gradientPeepholes->data;
  }
  args.gradientNewCell = dataOf<const void>(gradientNewCell);
  args.gradientHidden = gradientHidden->data;
  args.gradientGates = gradientGates->data;
  args.gradientCell = gradientCell->data;
  return args;
}

Refusal cpuAccepts(const ConvLstmArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<ConvLstmArgs> conv_lstmImplementations() {
  static const HostImplementations<ConvLstmArgs> table(convLstmCpuTable, cpuAccepts, nullptr,
                                                       convLstmReference);
  return table;
}

Implementations<ConvLstmArgs> conv_lstm_gradientImplementations() {
  static const HostImplementations<ConvLstmArgs> table(convLstmGradientCpuTable, cpuAccepts,
                                                       nullptr, convLstmGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_conv_lstm_plan(vk_context* context, const vk_view* gates, const vk_view* cell,
                            const vk_view* peepholes, const vk_view* new_cell,
                            const vk_view* hidden, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kForward, vk::conv_lstmImplementations(),
               vk::checked(gates, cell, peepholes, new_cell, hidden), plan);
  });
}

vk_status vk_conv_lstm(vk_context* context, const vk_plan* plan, const vk_view* gates,
                       const vk_view* cell, const vk_view* peepholes, const vk_view* workspace,
                       const vk_view* new_cell, const vk_view* hidden) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kForward, vk::conv_lstmImplementations(),
            vk::checked(gates, cell, peepholes, new_cell, hidden), plan, workspace);
  });
}

vk_status vk_conv_lstm_gradient_plan(vk_context* context, const vk_view* gates, const vk_view* cell,
                                     const vk_view* peepholes, const vk_view* gradient_new_cell,
                                     const vk_view* gradient_hidden, const vk_view* gradient_gates,
                                     const vk_view* gradient_cell,
                                     const vk_view* gradient_peepholes, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::conv_lstm_gradientImplementations(),
               vk::checkedGradient(gates, cell, peepholes, gradient_new_cell, gradient_hidden,
                                   gradient_gates, gradient_cell, gradient_peepholes),
               plan);
  });
}

vk_status vk_conv_lstm_gradient(vk_context* context, const vk_plan* plan, const vk_view* gates,
                                const vk_view* cell, const vk_view* peepholes,
                                const vk_view* gradient_new_cell, const vk_view* gradient_hidden,
                                const vk_view* workspace, const vk_view* gradient_gates,
                                const vk_view* gradient_cell, const vk_view* gradient_peepholes) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::conv_lstm_gradientImplementations(),
            vk::checkedGradient(gates, cell, peepholes, gradient_new_cell, gradient_hidden,
                                gradient_gates, gradient_cell, gradient_peepholes),
            plan, workspace);
  });
}

}  // extern "C"
