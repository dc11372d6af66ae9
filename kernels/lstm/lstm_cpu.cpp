#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lstm/lstm_cpu.cpp"
#include "core/simd_begin.h"
#include "lstm/lstm.h"
#include "lstm/recurrent_steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Gates lie one after the other: input, output, forget, candidate. */
template <class D>
HWY_ATTR HWY_INLINE LstmSums<Lanes<D>> gatesAt(D d, const float* from, int64_t hidden) {
  return {lanesAt(d, from), lanesAt(d, from + hidden), lanesAt(d, from + 2 * hidden),
          lanesAt(d, from + 3 * hidden)};
}
template <class D>
HWY_ATTR HWY_INLINE void storeGates(D d, const LstmSums<Lanes<D>>& gates, int64_t hidden,
                                    float* to) {
  storeLanes(d, gates.input, to);
  storeLanes(d, gates.output, to + hidden);
  storeLanes(d, gates.forget, to + 2 * hidden);
  storeLanes(d, gates.candidate, to + 3 * hidden);
}
template <class D>
HWY_ATTR HWY_INLINE LstmPeepholes<Lanes<D>> peepholesAt(D d, const float* from, int64_t hidden) {
  if (from == nullptr) return {lanesAt(d, nullptr), lanesAt(d, nullptr), lanesAt(d, nullptr)};
  return {lanesAt(d, from), lanesAt(d, from + hidden), lanesAt(d, from + 2 * hidden)};
}

/** One step of one sequence. */
HWY_ATTR void stepSequence(int64_t hidden, const float* inputSums, const float* recurrentSums,
                           const float* peepholes, float* cell, float* state, float* output,
                           float* reserve) {
  forUnits(hidden, [&](auto d, int64_t unit) HWY_ATTR {
    const auto fromInput = gatesAt(d, inputSums + unit, hidden);
    const auto fromState = gatesAt(d, recurrentSums + unit, hidden);
    const auto weights = peepholesAt(d, peepholes != nullptr ? peepholes + unit : nullptr, hidden);
    const auto step = lstmStep(
        LstmSums<Lanes<decltype(d)>>{
            fromInput.input + fromState.input, fromInput.output + fromState.output,
            fromInput.forget + fromState.forget, fromInput.candidate + fromState.candidate},
        lanesAt(d, cell + unit), peepholes != nullptr, weights);
    storeLanes(d, step.cell, cell + unit);
    storeLanes(d, step.hidden, state + unit);
    storeLanes(d, step.hidden, output + unit);
    if (reserve != nullptr) {
      storeGates(d, step.gates, hidden, reserve + unit);
      storeLanes(d, step.cell, reserve + 4 * hidden + unit);
    }
  });
}

HWY_ATTR void lstmCpu(const LstmArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentLayout layout = recurrentLayout(args, workspace.data);
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  const int64_t states = args.batch * hidden;
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    const float* const bias = floats(args.bias, direction * 2 * rows);
    for (int64_t i = 0; i < rows; ++i) {
      layout.bias[i] = bias != nullptr ? bias[i] + bias[rows + i] : 0.0f;
    }
    multiplyInput(args, direction, layout, context);
    beginStates(args, direction);
    float* const state = floats(args.lastHidden, direction * states);
    float* const cell = floats(args.lastCell, direction * states);
    const float* const peepholes = floats(args.peepholes, direction * 3 * hidden);
    MatmulArgs product = plainMatmul(args.batch, rows, hidden, state, false,
                                     floats(args.recurrentWeights, direction * rows * hidden), true,
                                     layout.stepSums, args.threads);
    product.packed = layout.packed;
    matmulPackCpu(product, context, Workspace{});
    for (int64_t step = 0; step < args.steps; ++step) {
      matmulCpu(product, context, layout.scratch);
      forSequences(args, context, [&](int64_t sequence) HWY_ATTR {
        const int64_t time = args.time(direction, step, sequence);
        if (time < 0) return;
        const int64_t row = args.row(time, direction, sequence);
        stepSequence(hidden, layout.sums + (time * args.batch + sequence) * rows,
                     layout.stepSums + sequence * rows, peepholes, cell + sequence * hidden,
                     state + sequence * hidden, floats(args.output, row * hidden),
                     floats(args.reserve, row * args.reserveRows()));
      });
    }
  }
}

/** What one step of one sequence goes back through. */
struct BackStep {
  const float* reserve;
  /** Null for zeros. */
  const float* cellBefore;
  const float* ofOutput;
  const float* peepholes;
  /** Of the states after the step; the hidden one is used up, the cell becomes that before. */
  float* ofHidden;
  float* ofCell;
  float* sums;
  float* stepSums;
};

HWY_ATTR void stepBack(int64_t hidden, const BackStep& back) {
  forUnits(hidden, [&](auto d, int64_t unit) HWY_ATTR {
    const float* const peepholes = back.peepholes;
    const auto weights = peepholesAt(d, peepholes != nullptr ? peepholes + unit : nullptr, hidden);
    const auto before = lanesAt(d, back.cellBefore != nullptr ? back.cellBefore + unit : nullptr);
    const auto ofOutput = lanesAt(d, back.ofOutput != nullptr ? back.ofOutput + unit : nullptr);
    const auto derivative = lstmDerivative(
        gatesAt(d, back.reserve + unit, hidden), before,
        lanesAt(d, back.reserve + 4 * hidden + unit), lanesAt(d, back.ofHidden + unit) + ofOutput,
        lanesAt(d, back.ofCell + unit), peepholes != nullptr, weights);
    storeGates(d, derivative.sums, hidden, back.sums + unit);
    storeGates(d, derivative.sums, hidden, back.stepSums + unit);
    storeLanes(d, derivative.cell, back.ofCell + unit);
    storeLanes(d, lanesAt(d, static_cast<const float*>(nullptr)), back.ofHidden + unit);
  });
}

HWY_ATTR const float* cellBefore(const LstmArgs& args, int64_t direction, int64_t step,
                                 int64_t sequence) {
  if (step == 0) {
    return floats(args.initialCell, (direction * args.batch + sequence) * args.hidden);
  }
  const int64_t time = args.time(direction, step - 1, sequence);
  return floats(static_cast<const void*>(args.reserve),
                args.row(time, direction, sequence) * args.reserveRows() + 4 * args.hidden);
}

HWY_ATTR void gradientOfPeepholes(const LstmArgs& args, int64_t direction, const float* sums,
                                  Context& context) {
  const int64_t hidden = args.hidden;
  float* const gradient = floats(args.gradientPeepholes, direction * 3 * hidden);
  constexpr int64_t kUnits = 64;
  parallelFor(context, chunkCount(hidden, kUnits), [&](int64_t chunk) HWY_ATTR {
    const Range units = chunkRange(hidden, kUnits, chunk);
    const int64_t count = units.end - units.begin;
    float input[kUnits] = {};
    float output[kUnits] = {};
    float forget[kUnits] = {};
    for (int64_t sequence = 0; sequence < args.batch; ++sequence) {
      for (int64_t step = 0; step < args.length(sequence); ++step) {
        const int64_t time = args.time(direction, step, sequence);
        const float* const of =
            sums + (time * args.batch + sequence) * args.gateRows() + units.begin;
        const float* const before = cellBefore(args, direction, step, sequence);
        const float* const after = floats(
            static_cast<const void*>(args.reserve),
            args.row(time, direction, sequence) * args.reserveRows() + 4 * hidden + units.begin);
        for (int64_t i = 0; i < count; ++i) {
          output[i] += of[hidden + i] * after[i];
          if (before == nullptr) continue;
          input[i] += of[i] * before[units.begin + i];
          forget[i] += of[2 * hidden + i] * before[units.begin + i];
        }
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      gradient[units.begin + i] = input[i];
      gradient[hidden + units.begin + i] = output[i];
      gradient[2 * hidden + units.begin + i] = forget[i];
    }
  });
}

HWY_ATTR void lstmGradientCpu(const LstmArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentGradientLayout layout = recurrentGradientLayout(args, workspace.data);
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  const int64_t states = args.batch * hidden;
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    copyOrZero(floats(args.gradientLastHidden, direction * states), states, layout.hidden);
    copyOrZero(floats(args.gradientLastCell, direction * states), states, layout.cell);
    MatmulArgs product = plainMatmul(args.batch, hidden, rows, layout.stepSums, false,
                                     floats(args.recurrentWeights, direction * rows * hidden),
                                     false, layout.hidden, args.threads);
    product.packed = layout.packed;
    matmulPackCpu(product, context, Workspace{});
    product.c = layout.hidden;
    product.cRow = hidden;
    product.cColumn = 1;
    product.beta = 1;
    for (int64_t step = args.steps - 1; step >= 0; --step) {
      forSequences(args, context, [&](int64_t sequence) HWY_ATTR {
        float* const stepSums = layout.stepSums + sequence * rows;
        const int64_t time = args.time(direction, step, sequence);
        if (time < 0) {
          // Beyond the sequence: nothing goes back, what comes from its end stays.
          copyOrZero(nullptr, rows, stepSums);
          copyOrZero(nullptr, rows, layout.sums + (step * args.batch + sequence) * rows);
          copyOrZero(nullptr, hidden, layout.before + (step * args.batch + sequence) * hidden);
          return;
        }
        const int64_t row = args.row(time, direction, sequence);
        const int64_t at = time * args.batch + sequence;
        copyOrZero(hiddenBefore(args, direction, step, sequence), hidden,
                   layout.before + at * hidden);
        stepBack(
            hidden,
            {floats(static_cast<const void*>(args.reserve), row * args.reserveRows()),
             cellBefore(args, direction, step, sequence), floats(args.gradientOutput, row * hidden),
             floats(args.peepholes, direction * 3 * hidden), layout.hidden + sequence * hidden,
             layout.cell + sequence * hidden, layout.sums + at * rows, stepSums});
      });
      matmulCpu(product, context, layout.scratch);
    }
    if (args.gradientInitialHidden != nullptr) {
      copyOrZero(layout.hidden, states, floats(args.gradientInitialHidden, direction * states));
    }
    if (args.gradientInitialCell != nullptr) {
      copyOrZero(layout.cell, states, floats(args.gradientInitialCell, direction * states));
    }
    if (args.gradientPeepholes != nullptr) {
      gradientOfPeepholes(args, direction, layout.sums, context);
    }
    gradientOfWeights(args, direction, layout, context);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(lstmCpu);
VK_SIMD_TABLE(lstmGradientCpu);

int64_t lstmCpuWorkspaceBytes(const LstmArgs& args) { return recurrentLayout(args, nullptr).bytes; }
int64_t lstmGradientCpuWorkspaceBytes(const LstmArgs& args) {
  return recurrentGradientLayout(args, nullptr).bytes;
}

}  // namespace vk
#endif
