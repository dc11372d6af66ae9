#include "registry/recurrent.h"

#include <initializer_list>

#include "core/threads.h"

namespace vk {
namespace {

enum class Given { kRequired, kOptional };

/** Checks one tensor against the sizes that the others give it. */
class Checker {
 public:
  Checker(const char* operation, vk_element_type type) : operation_(operation), type_(type) {}

  void* operator()(const char* name, const vk_view* view, std::initializer_list<int64_t> sizes,
                   Given given = Given::kOptional) const {
    return check(name, view, type_, sizes, given);
  }

  void* check(const char* name, const vk_view* view, vk_element_type type,
              std::initializer_list<int64_t> sizes, Given given) const {
    if (given == Given::kOptional && !present(view)) return nullptr;
    requireDense(operation_, name, view, type);
    bool fits = view->rank == static_cast<int32_t>(sizes.size());
    std::string expected;
    int32_t axis = 0;
    for (const int64_t size : sizes) {
      fits = fits && view->sizes[axis] == size;
      expected += (axis++ == 0 ? "(" : ", ") + std::to_string(size);
    }
    if (!fits) {
      invalidArgument("%s: %s is %s, expected %s) as input, weights and recurrent_weights are",
                      operation_, name, describe(*view).c_str(), expected.c_str());
    }
    return view->data;
  }

 private:
  const char* operation_;
  vk_element_type type_;
};

}  // namespace

RecurrentArgs recurrentArgs(const RecurrentKind& kind, const Context& context,
                            const vk_recurrent_tensors* tensors, vk_recurrence recurrence) {
  const char* const name = kind.operation;
  if (tensors == nullptr || tensors->struct_size != sizeof(vk_recurrent_tensors)) {
    invalidArgument("%s: the tensors are missing or of another version", name);
  }
  if (recurrence < VK_RECURRENCE_FORWARD || recurrence > VK_RECURRENCE_BIDIRECTIONAL) {
    invalidArgument("%s: unknown recurrence %d", name, static_cast<int>(recurrence));
  }
  const vk_recurrent_tensors& t = *tensors;
  requireDenseFloat(name, "input", t.input);
  requireRank(name, "input", *t.input, 3);
  requireDense(name, "recurrent_weights", t.recurrent_weights, t.input->type);
  requireRank(name, "recurrent_weights", *t.recurrent_weights, 3);
  RecurrentArgs args{};
  args.type = t.input->type;
  args.steps = t.input->sizes[0];
  args.batch = t.input->sizes[1];
  args.inputs = t.input->sizes[2];
  args.hidden = t.recurrent_weights->sizes[2];
  args.directions = recurrence == VK_RECURRENCE_BIDIRECTIONAL ? 2 : 1;
  args.gates = kind.gates;
  args.recurrence = recurrence;
  args.threads = context.arena->threads();
  const int64_t d = args.directions;
  const int64_t b = args.batch;
  const int64_t h = args.hidden;
  const int64_t rows = args.gateRows();
  const Checker check(name, args.type);
  const Given required = Given::kRequired;
  const Given whereCell = kind.hasCell ? required : Given::kOptional;
  args.input = t.input->data;
  args.weights = check("weights", t.weights, {d, rows, args.inputs}, required);
  args.recurrentWeights = check("recurrent_weights", t.recurrent_weights, {d, rows, h}, required);
  args.bias = check("bias", t.bias, {d, 2 * rows});
  args.lengths =
      static_cast<const int32_t*>(check.check("lengths", t.lengths, VK_I32, {b}, Given::kOptional));
  args.initialHidden = check("initial_hidden", t.initial_hidden, {d, b, h});
  args.output = check("output", t.output, {args.steps, d, b, h}, required);
  args.reserve = check("reserve", t.reserve, {args.steps, d, b, args.reserveRows()},
                       kind.isGradient ? required : Given::kOptional);
  if (kind.hasCell) {
    args.peepholes = check("peepholes", t.peepholes, {d, 3 * h});
    args.initialCell = check("initial_cell", t.initial_cell, {d, b, h});
  }
  if (!kind.isGradient) {
    args.lastHidden = check("last_hidden", t.last_hidden, {d, b, h}, required);
    args.lastCell = check("last_cell", t.last_cell, {d, b, h}, whereCell);
    return args;
  }
  args.gradientOutput = check("gradient_output", t.gradient_output, {args.steps, d, b, h});
  args.gradientLastHidden = check("gradient_last_hidden", t.gradient_last_hidden, {d, b, h});
  args.gradientInput = check("gradient_input", t.gradient_input, {args.steps, b, args.inputs});
  args.gradientWeights = check("gradient_weights", t.gradient_weights, {d, rows, args.inputs});
  args.gradientRecurrentWeights =
      check("gradient_recurrent_weights", t.gradient_recurrent_weights, {d, rows, h});
  args.gradientBias = check("gradient_bias", t.gradient_bias, {d, 2 * rows});
  args.gradientInitialHidden =
      check("gradient_initial_hidden", t.gradient_initial_hidden, {d, b, h});
  if (kind.hasCell) {
    args.gradientLastCell = check("gradient_last_cell", t.gradient_last_cell, {d, b, h});
    args.gradientInitialCell = check("gradient_initial_cell", t.gradient_initial_cell, {d, b, h});
    args.gradientPeepholes = check("gradient_peepholes", t.gradient_peepholes, {d, 3 * h});
  }
  return args;
}

void requireLengths(const RecurrentKind& kind, const Context& context, const RecurrentArgs& args) {
  if (args.lengths == nullptr || context.device != nullptr) return;
  requireLengths(kind.operation, args, args.lengths);
}

Refusal takesF32(const RecurrentArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace vk
