#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gru/gru_cpu.cpp"
#include "core/simd_begin.h"
#include "gru/gru.h"
#include "lstm/recurrent_steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#include "gru/gru_math.h"

/** One direction of the forward run. */
class GruForward {
 public:
  GruForward(const GruArgs& args, int64_t direction, const RecurrentLayout& layout,
             Context& context)
      : args_(args),
        direction_(direction),
        layout_(layout),
        context_(context),
        hidden_(args.hidden),
        rows_(args.gateRows()),
        state_(floats(args.lastHidden, direction * args.batch * args.hidden)),
        bias_(floats(args.bias, direction * 2 * rows_)),
        weights_(floats(args.recurrentWeights, direction * rows_ * hidden_)) {}

  HWY_ATTR void run() {
    // The bias of the recurrence's last gate stands inside the reset where the product does.
    const int64_t together = args_.linearBeforeReset ? 2 * hidden_ : rows_;
    for (int64_t i = 0; i < rows_; ++i) {
      layout_.bias[i] = bias_ == nullptr ? 0.0f
                        : i < together   ? bias_[i] + bias_[rows_ + i]
                                         : bias_[i];
    }
    multiplyInput(args_, direction_, layout_, context_);
    beginStates(args_, direction_);
    if (args_.linearBeforeReset) {
      runLinear();
    } else {
      runReset();
    }
  }

 private:
  HWY_ATTR MatmulArgs product(int64_t columns, const float* from, int64_t firstRow, float* packed,
                              float* to) {
    MatmulArgs args = plainMatmul(args_.batch, columns, hidden_, from, false,
                                  weights_ + firstRow * hidden_, true, to, args_.threads);
    args.packed = packed;
    matmulPackCpu(args, context_, Workspace{});
    return args;
  }

  HWY_ATTR const float* inputSums(int64_t time, int64_t sequence) const {
    return layout_.sums + (time * args_.batch + sequence) * rows_;
  }

  /** The reset gate multiplies the product. */
  HWY_ATTR void runLinear() {
    const MatmulArgs all = product(rows_, state_, 0, layout_.packed, layout_.stepSums);
    for (int64_t step = 0; step < args_.steps; ++step) {
      matmulCpu(all, context_, layout_.scratch);
      forSequences(args_, context_, [&](int64_t sequence) HWY_ATTR {
        const int64_t time = args_.time(direction_, step, sequence);
        if (time < 0) return;
        const float* const in = inputSums(time, sequence);
        const float* const sums = layout_.stepSums + sequence * rows_;
        forUnits(hidden_, [&](auto d, int64_t unit) HWY_ATTR {
          const auto update = sigmoid(lanesAt(d, in + unit) + lanesAt(d, sums + unit));
          const auto reset =
              sigmoid(lanesAt(d, in + hidden_ + unit) + lanesAt(d, sums + hidden_ + unit));
          const auto recurrent =
              lanesAt(d, sums + 2 * hidden_ + unit) +
              lanesAt(d, bias_ != nullptr ? bias_ + rows_ + 2 * hidden_ + unit : nullptr);
          const auto candidate =
              hyperbolicTangent(lanesAt(d, in + 2 * hidden_ + unit) + reset * recurrent);
          finish(d, time, sequence, unit, update, reset, candidate, recurrent);
        });
      });
    }
  }

  /** The reset gate multiplies the hidden values before the product. */
  HWY_ATTR void runReset() {
    float* const gateSums = layout_.stepSums;
    float* const lastSums = layout_.stepSums + args_.batch * 2 * hidden_;
    float* const packedLast =
        layout_.packed + matmulPackedBytes(plainMatmul(1, 2 * hidden_, hidden_, nullptr, false,
                                                       nullptr, false, nullptr, 1)) /
                             static_cast<int64_t>(sizeof(float));
    const MatmulArgs gates = product(2 * hidden_, state_, 0, layout_.packed, gateSums);
    const MatmulArgs last = product(hidden_, layout_.reset, 2 * hidden_, packedLast, lastSums);
    for (int64_t step = 0; step < args_.steps; ++step) {
      matmulCpu(gates, context_, layout_.scratch);
      forSequences(args_, context_, [&](int64_t sequence) HWY_ATTR {
        const int64_t time = args_.time(direction_, step, sequence);
        float* const reset = layout_.reset + sequence * hidden_;
        if (time < 0) {
          copyOrZero(nullptr, hidden_, reset);
          return;
        }
        const float* const in = inputSums(time, sequence);
        float* const sums = gateSums + sequence * 2 * hidden_;
        forUnits(hidden_, [&](auto d, int64_t unit) HWY_ATTR {
          storeLanes(d, sigmoid(lanesAt(d, in + unit) + lanesAt(d, sums + unit)), sums + unit);
          const auto gate =
              sigmoid(lanesAt(d, in + hidden_ + unit) + lanesAt(d, sums + hidden_ + unit));
          storeLanes(d, gate, sums + hidden_ + unit);
          storeLanes(d, gate * lanesAt(d, state_ + sequence * hidden_ + unit), reset + unit);
        });
      });
      matmulCpu(last, context_, layout_.scratch);
      forSequences(args_, context_, [&](int64_t sequence) HWY_ATTR {
        const int64_t time = args_.time(direction_, step, sequence);
        if (time < 0) return;
        const float* const in = inputSums(time, sequence);
        const float* const sums = gateSums + sequence * 2 * hidden_;
        forUnits(hidden_, [&](auto d, int64_t unit) HWY_ATTR {
          const auto candidate =
              hyperbolicTangent(lanesAt(d, in + 2 * hidden_ + unit) +
                                lanesAt(d, lastSums + sequence * hidden_ + unit));
          finish(d, time, sequence, unit, lanesAt(d, sums + unit),
                 lanesAt(d, sums + hidden_ + unit), candidate,
                 lanesAt(d, layout_.reset + sequence * hidden_ + unit));
        });
      });
    }
  }

  template <class D>
  HWY_ATTR void finish(D d, int64_t time, int64_t sequence, int64_t unit, Lanes<D> update,
                       Lanes<D> reset, Lanes<D> candidate, Lanes<D> recurrent) {
    float* const state = state_ + sequence * hidden_ + unit;
    const int64_t row = args_.row(time, direction_, sequence);
    const auto after = gruHidden(update, candidate, lanesAt(d, state));
    storeLanes(d, after, state);
    storeLanes(d, after, floats(args_.output, row * hidden_) + unit);
    if (args_.reserve == nullptr) return;
    float* const kept = floats(args_.reserve, row * args_.reserveRows()) + unit;
    storeLanes(d, update, kept);
    storeLanes(d, reset, kept + hidden_);
    storeLanes(d, candidate, kept + 2 * hidden_);
    storeLanes(d, recurrent, kept + 3 * hidden_);
  }

  const GruArgs& args_;
  int64_t direction_;
  const RecurrentLayout& layout_;
  Context& context_;
  int64_t hidden_;
  int64_t rows_;
  float* state_;
  const float* bias_;
  const float* weights_;
};

HWY_ATTR void gruCpu(const GruArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentLayout layout = recurrentLayout(args, workspace.data);
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    GruForward(args, direction, layout, context).run();
  }
}

/** One direction back through time. */
class GruBack {
 public:
  GruBack(const GruArgs& args, int64_t direction, const RecurrentGradientLayout& layout,
          Context& context)
      : args_(args),
        direction_(direction),
        layout_(layout),
        context_(context),
        hidden_(args.hidden),
        rows_(args.gateRows()),
        weights_(floats(args.recurrentWeights, direction * rows_ * hidden_)) {
    // With the product before the reset, all gates see the hidden values as they are; otherwise
    // input and recurrence go into the same sums.
    if (args.linearBeforeReset) {
      layout_.beforeReset = layout_.before;
    } else {
      layout_.recurrentSums = layout_.sums;
    }
  }

  HWY_ATTR void run() {
    const int64_t states = args_.batch * hidden_;
    copyOrZero(floats(args_.gradientLastHidden, direction_ * states), states, layout_.hidden);
    if (args_.linearBeforeReset) {
      runLinear();
    } else {
      runReset();
    }
    if (args_.gradientInitialHidden != nullptr) {
      copyOrZero(layout_.hidden, states, floats(args_.gradientInitialHidden, direction_ * states));
    }
    gradientOfWeights(args_, direction_, layout_, context_);
  }

 private:
  /** from (B, rows) by rows of the recurrent weights, to (B, H). */
  HWY_ATTR MatmulArgs product(int64_t rows, const float* from, int64_t firstRow, float* packed,
                              float* to, bool adds) {
    MatmulArgs args = plainMatmul(args_.batch, hidden_, rows, from, false,
                                  weights_ + firstRow * hidden_, false, to, args_.threads);
    args.packed = packed;
    matmulPackCpu(args, context_, Workspace{});
    if (adds) {
      args.c = to;
      args.cRow = hidden_;
      args.cColumn = 1;
      args.beta = 1;
    }
    return args;
  }

  HWY_ATTR const float* reserve(int64_t time, int64_t sequence) const {
    return floats(static_cast<const void*>(args_.reserve),
                  args_.row(time, direction_, sequence) * args_.reserveRows());
  }

  /** Of the hidden values after the step: what came back so far and what their output has. */
  template <class D>
  HWY_ATTR Lanes<D> ofHidden(D d, int64_t time, int64_t sequence, int64_t unit) const {
    const float* const output =
        floats(args_.gradientOutput, args_.row(time, direction_, sequence) * hidden_);
    return lanesAt(d, layout_.hidden + sequence * hidden_ + unit) +
           lanesAt(d, output != nullptr ? output + unit : nullptr);
  }

  /** Beyond the sequence: nothing goes back, what comes from its end stays. */
  HWY_ATTR void skip(int64_t step, int64_t sequence) const {
    const int64_t at = step * args_.batch + sequence;
    copyOrZero(nullptr, rows_, layout_.sums + at * rows_);
    copyOrZero(nullptr, rows_, layout_.recurrentSums + at * rows_);
    copyOrZero(nullptr, hidden_, layout_.before + at * hidden_);
    copyOrZero(nullptr, hidden_, layout_.beforeReset + at * hidden_);
  }

  HWY_ATTR void runLinear() {
    const MatmulArgs all =
        product(rows_, layout_.stepSums, 0, layout_.packed, layout_.hidden, true);
    for (int64_t step = args_.steps - 1; step >= 0; --step) {
      forSequences(args_, context_, [&](int64_t sequence) HWY_ATTR {
        float* const stepSums = layout_.stepSums + sequence * rows_;
        const int64_t time = args_.time(direction_, step, sequence);
        if (time < 0) {
          skip(step, sequence);
          copyOrZero(nullptr, rows_, stepSums);
          return;
        }
        const int64_t at = time * args_.batch + sequence;
        float* const before = layout_.before + at * hidden_;
        copyOrZero(hiddenBefore(args_, direction_, step, sequence), hidden_, before);
        const float* const kept = reserve(time, sequence);
        float* const sums = layout_.sums + at * rows_;
        float* const recurrent = layout_.recurrentSums + at * rows_;
        forUnits(hidden_, [&](auto d, int64_t unit) HWY_ATTR {
          const auto reset = lanesAt(d, kept + hidden_ + unit);
          const auto derivative =
              gruDerivative(lanesAt(d, kept + unit), lanesAt(d, kept + 2 * hidden_ + unit),
                            lanesAt(d, before + unit), ofHidden(d, time, sequence, unit));
          const auto ofReset = gruResetDerivative(reset, lanesAt(d, kept + 3 * hidden_ + unit),
                                                  derivative.candidate);
          storeLanes(d, derivative.update, sums + unit);
          storeLanes(d, ofReset, sums + hidden_ + unit);
          storeLanes(d, derivative.candidate, sums + 2 * hidden_ + unit);
          for (float* const to : {recurrent, stepSums}) {
            storeLanes(d, derivative.update, to + unit);
            storeLanes(d, ofReset, to + hidden_ + unit);
            storeLanes(d, derivative.candidate * reset, to + 2 * hidden_ + unit);
          }
          storeLanes(d, derivative.hidden, layout_.hidden + sequence * hidden_ + unit);
        });
      });
      matmulCpu(all, context_, layout_.scratch);
    }
  }

  HWY_ATTR void runReset() {
    float* const gateSums = layout_.stepSums;
    float* const lastSums = layout_.stepSums + args_.batch * 2 * hidden_;
    float* const packedLast =
        layout_.packed + matmulPackedBytes(plainMatmul(1, hidden_, 2 * hidden_, nullptr, false,
                                                       nullptr, false, nullptr, 1)) /
                             static_cast<int64_t>(sizeof(float));
    const MatmulArgs gates =
        product(2 * hidden_, gateSums, 0, layout_.packed, layout_.hidden, true);
    const MatmulArgs last =
        product(hidden_, lastSums, 2 * hidden_, packedLast, layout_.cell, false);
    for (int64_t step = args_.steps - 1; step >= 0; --step) {
      forSequences(args_, context_, [&](int64_t sequence) HWY_ATTR {
        const int64_t time = args_.time(direction_, step, sequence);
        if (time < 0) {
          skip(step, sequence);
          copyOrZero(nullptr, 2 * hidden_, gateSums + sequence * 2 * hidden_);
          copyOrZero(nullptr, hidden_, lastSums + sequence * hidden_);
          return;
        }
        const int64_t at = time * args_.batch + sequence;
        float* const before = layout_.before + at * hidden_;
        copyOrZero(hiddenBefore(args_, direction_, step, sequence), hidden_, before);
        const float* const kept = reserve(time, sequence);
        copyOrZero(kept + 3 * hidden_, hidden_, layout_.beforeReset + at * hidden_);
        float* const sums = layout_.sums + at * rows_;
        forUnits(hidden_, [&](auto d, int64_t unit) HWY_ATTR {
          const auto derivative =
              gruDerivative(lanesAt(d, kept + unit), lanesAt(d, kept + 2 * hidden_ + unit),
                            lanesAt(d, before + unit), ofHidden(d, time, sequence, unit));
          storeLanes(d, derivative.update, sums + unit);
          storeLanes(d, derivative.update, gateSums + sequence * 2 * hidden_ + unit);
          storeLanes(d, derivative.candidate, sums + 2 * hidden_ + unit);
          storeLanes(d, derivative.candidate, lastSums + sequence * hidden_ + unit);
          storeLanes(d, derivative.hidden, layout_.hidden + sequence * hidden_ + unit);
        });
      });
      matmulCpu(last, context_, layout_.scratch);
      forSequences(args_, context_, [&](int64_t sequence) HWY_ATTR {
        const int64_t time = args_.time(direction_, step, sequence);
        if (time < 0) return;
        const int64_t at = time * args_.batch + sequence;
        const float* const kept = reserve(time, sequence);
        forUnits(hidden_, [&](auto d, int64_t unit) HWY_ATTR {
          const auto reset = lanesAt(d, kept + hidden_ + unit);
          const auto behind = lanesAt(d, layout_.cell + sequence * hidden_ + unit);
          const auto ofReset =
              gruResetDerivative(reset, lanesAt(d, layout_.before + at * hidden_ + unit), behind);
          storeLanes(d, ofReset, layout_.sums + at * rows_ + hidden_ + unit);
          storeLanes(d, ofReset, gateSums + sequence * 2 * hidden_ + hidden_ + unit);
          float* const hidden = layout_.hidden + sequence * hidden_ + unit;
          storeLanes(d, lanesAt(d, hidden) + behind * reset, hidden);
        });
      });
      matmulCpu(gates, context_, layout_.scratch);
    }
  }

  const GruArgs& args_;
  int64_t direction_;
  RecurrentGradientLayout layout_;
  Context& context_;
  int64_t hidden_;
  int64_t rows_;
  const float* weights_;
};

HWY_ATTR void gruGradientCpu(const GruArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentGradientLayout layout = recurrentGradientLayout(args, workspace.data);
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    GruBack(args, direction, layout, context).run();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(gruCpu);
VK_SIMD_TABLE(gruGradientCpu);

int64_t gruCpuWorkspaceBytes(const GruArgs& args) { return recurrentLayout(args, nullptr).bytes; }
int64_t gruGradientCpuWorkspaceBytes(const GruArgs& args) {
  return recurrentGradientLayout(args, nullptr).bytes;
}

}  // namespace vk
#endif
