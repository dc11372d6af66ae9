// Cases of lstm and gru: the same tensors, forward and back.
#pragma once

#include <functional>

#include "cases/case.h"
#include "voxkern/recurrent.h"
#include "voxkern/recurrent.h"

namespace vk::cases {

/** The two phases of one operation. */
struct RecurrentOperation {
  std::function<vk_status(vk_context*, const vk_recurrent_tensors*, vk_plan*)> plan;
  std::function<vk_status(vk_context*, const vk_plan*, const vk_recurrent_tensors*, const vk_view*)>
      run;
};

class RecurrentSetup {
 public:
  RecurrentSetup(Case& test, int64_t gates, bool hasCell)
      : test_(test),
        gates_(gates),
        hasCell_(hasCell),
        steps_(test.line().integer("steps", 1)),
        batch_(test.line().integer("n", 1)),
        inputs_(test.line().integer("in", 1)),
        hidden_(test.line().integer("hidden", 1)) {
    const CaseLine& line = test.line();
    const std::string way = line.word("way", "forward");
    recurrence = way == "forward"   ? VK_RECURRENCE_FORWARD
                 : way == "reverse" ? VK_RECURRENCE_REVERSE
                 : way == "both"    ? VK_RECURRENCE_BIDIRECTIONAL
                                    : static_cast<vk_recurrence>(3);
    directions_ = way == "both" ? 2 : 1;
    const int64_t rows = gates * hidden_;
    tensors_.struct_size = sizeof tensors_;
    Buffer& x = add("input", {steps_, batch_, inputs_}, 1);
    test.spoil(x);
    tensors_.input = x.view();
    const double scale = line.number("scale", 0.7);
    tensors_.weights = add("weights", {directions_, rows, inputs_}, scale).view();
    tensors_.recurrent_weights =
        add("recurrent_weights", {directions_, rows, hidden_}, scale).view();
    if (line.flag("bias", false)) {
      tensors_.bias = add("bias", {directions_, 2 * rows}, 0.5).view();
    }
    if (hasCell && line.flag("peepholes", false)) {
      tensors_.peepholes = add("peepholes", {directions_, 3 * hidden_}, 0.5).view();
    }
    if (line.flag("initial", false)) {
      tensors_.initial_hidden = add("initial_hidden", states(), 1).view();
      if (hasCell) tensors_.initial_cell = add("initial_cell", states(), 1).view();
    }
    if (line.has("lengths")) {
      const std::vector<double> given = line.numbers("lengths", static_cast<size_t>(batch_), 0);
      Buffer& lengths = test.input("lengths", VK_I32, {batch_});
      for (int64_t i = 0; i < batch_; ++i) lengths.set(i, given[static_cast<size_t>(i)]);
      tensors_.lengths = lengths.view();
    }
  }

  Run forward(const RecurrentOperation& operation, bool reserves) {
    return [this, operation, reserves](Call& call) {
      const Bound bound{.absolute = 1e-5};
      vk_recurrent_tensors tensors = tensors_;
      tensors.output = call.output("output", test_.type(), outputs(), bound);
      tensors.last_hidden = call.output("last_hidden", test_.type(), states(), bound);
      if (hasCell_) tensors.last_cell = call.output("last_cell", test_.type(), states(), bound);
      if (reserves) tensors.reserve = call.output("reserve", test_.type(), reserve(), bound);
      execute(call, operation, tensors);
    };
  }

  void checkForward(const RecurrentOperation& operation) {
    test_.run(forward(operation, test_.line().flag("reserve", false)));
  }

  void checkGradient(const RecurrentOperation& operation, const RecurrentOperation& gradient) {
    const bool refused = test_.line().word("expect", "ok") != "ok";
    Buffer& output = test_.zeros("output", outputs());
    Buffer& kept = test_.zeros("reserve", reserve());
    if (!refused) {
      const Call& call = test_.reference(forward(operation, true));
      copy(call.result("output"), output);
      copy(call.result("reserve"), kept);
    }
    tensors_.output = output.view();
    tensors_.reserve = kept.view();
    const bool last = test_.line().flag("last", true);
    const Buffer& ofOutput = add("of_output", outputs(), 1);
    const Buffer& ofHidden = add("of_last_hidden", states(), 1);
    const Buffer& ofCell = add("of_last_cell", states(), 1);
    tensors_.gradient_output = ofOutput.view();
    if (last) tensors_.gradient_last_hidden = ofHidden.view();
    if (last && hasCell_) tensors_.gradient_last_cell = ofCell.view();
    const Run back = [&](Call& call) {
      vk_recurrent_tensors tensors = tensors_;
      const auto like = [&](const char* name, const vk_view* view) -> const vk_view* {
        if (view == nullptr) return nullptr;
        return call.output(name, test_.type(), Sizes(view->sizes, view->sizes + view->rank),
                           {.absolute = 1e-6, .ofLargest = 2e-5});
      };
      tensors.gradient_input = like("d input", tensors.input);
      tensors.gradient_weights = like("d weights", tensors.weights);
      tensors.gradient_recurrent_weights = like("d recurrent_weights", tensors.recurrent_weights);
      tensors.gradient_bias = like("d bias", tensors.bias);
      tensors.gradient_peepholes = like("d peepholes", tensors.peepholes);
      tensors.gradient_initial_hidden = like("d initial_hidden", tensors.initial_hidden);
      tensors.gradient_initial_cell = like("d initial_cell", tensors.initial_cell);
      execute(call, gradient, tensors);
    };
    test_.run(back);
    if (!test_.line().flag("differences", false)) return;
    const Call& analytic = test_.reference(back);
    for (Buffer* input : added_) {
      if (input->name().rfind("of_", 0) == 0) continue;
      test_.checkGradient(input->name(), *input, analytic.result("d " + input->name()),
                          [&] {
                            const Call& call = test_.reference(forward(operation, false));
                            double sum = dot(ofOutput, call.result("output"));
                            if (last) sum += dot(ofHidden, call.result("last_hidden"));
                            if (last && hasCell_) sum += dot(ofCell, call.result("last_cell"));
                            return sum;
                          },
                          {.samples = 12});
    }
  }

  vk_recurrence recurrence;

 private:
  Sizes states() const { return {directions_, batch_, hidden_}; }
  Sizes outputs() const { return {steps_, directions_, batch_, hidden_}; }
  Sizes reserve() const { return {steps_, directions_, batch_, (gates_ + 1) * hidden_}; }

  Buffer& add(const std::string& name, const Sizes& sizes, double range) {
    Buffer& buffer = test_.uniform(name, sizes, -range, range);
    added_.push_back(&buffer);
    return buffer;
  }

  static void copy(const Buffer& from, Buffer& to) {
    for (int64_t i = 0; i < from.count(); ++i) to.set(i, from.get(i));
  }

  static double dot(const Buffer& a, const Buffer& b) {
    double sum = 0;
    for (int64_t i = 0; i < a.count(); ++i) sum += a.get(i) * b.get(i);
    return sum;
  }

  static void execute(Call& call, const RecurrentOperation& operation,
                      const vk_recurrent_tensors& tensors) {
    vk_plan plan{};
    call.ok(operation.plan(call.context(), &tensors, &plan));
    call.ok(operation.run(call.context(), &plan, &tensors, call.workspace(plan)));
  }

  Case& test_;
  int64_t gates_;
  bool hasCell_;
  int64_t steps_;
  int64_t batch_;
  int64_t inputs_;
  int64_t hidden_;
  int64_t directions_;
  vk_recurrent_tensors tensors_{};
  std::vector<Buffer*> added_;
};

}  // namespace vk::cases
