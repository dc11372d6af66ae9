// As lstm: a step is a product and a kernel over all units. Without linear_before_reset the reset
// gate comes between two products.
#include "gru/gru.h"

#include "cuda/cuda_table.h"
#include "lstm/recurrent_cuda.h"

namespace vk::gru_cuda {
namespace {

using namespace cuda;

#include "gru/gru_math.h"

/** A sequence's place in a step of the recurrence. */
struct StepPlace {
  /** Beyond the sequence's length, where everything is 0, this is not in it. */
  bool inside;
  /** Row of output and reserve. */
  int64_t row;
  /** Of (T, B). */
  int64_t at;

  __device__ StepPlace(const GruArgs& args, int64_t direction, int64_t step, int64_t sequence) {
    const int64_t found = args.time(direction, step, sequence);
    inside = found >= 0;
    const int64_t time = inside ? found : step;
    row = args.row(time, direction, sequence);
    at = time * args.batch + sequence;
  }
};

template <class T>
struct GruUnit {
  T update;
  T reset;
  T candidate;
  /** What the reserve keeps of the recurrent product. */
  T recurrent;
};

/** The new hidden value, or zeros beyond the sequence's length. */
template <class T>
__device__ void finish(const GruArgs& args, int64_t direction, int64_t sequence, int64_t unit,
                       const StepPlace& place, const GruUnit<T>& gates) {
  const int64_t hidden = args.hidden;
  T* const state =
      static_cast<T*>(args.lastHidden) + (direction * args.batch + sequence) * hidden + unit;
  const T after = place.inside ? gruHidden(gates.update, gates.candidate, *state) : T(0);
  if (place.inside) *state = after;
  static_cast<T*>(args.output)[place.row * hidden + unit] = after;
  if (args.reserve == nullptr) return;
  T* const kept = static_cast<T*>(args.reserve) + place.row * args.reserveRows() + unit;
  kept[0] = gates.update;
  kept[hidden] = gates.reset;
  kept[2 * hidden] = gates.candidate;
  kept[3 * hidden] = gates.recurrent;
}

/** The reset gate multiplies the product. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    gruSteps(GruArgs args, int64_t direction, int64_t step, RecurrentMemory<T> memory) {
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const StepPlace place(args, direction, step, sequence);
    GruUnit<T> gates{};
    if (place.inside) {
      const T* const in = memory.sums + place.at * rows + unit;
      const T* const sums = memory.stepSums + sequence * rows + unit;
      const T* const bias = partOf<T>(args.bias, direction * 2 * rows + rows + 2 * hidden);
      gates.update = sigmoid(in[0] + sums[0]);
      gates.reset = sigmoid(in[hidden] + sums[hidden]);
      gates.recurrent = sums[2 * hidden] + valueOrZero(bias, unit);
      gates.candidate = hyperbolicTangent(in[2 * hidden] + gates.reset * gates.recurrent);
    }
    finish(args, direction, sequence, unit, place, gates);
  });
}

/** The reset gate multiplies the hidden values before the product: up to there. `gates` (B, 2 H)
 * are sums, and then values. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    gruResets(GruArgs args, int64_t direction, int64_t step, RecurrentMemory<T> memory) {
  const int64_t hidden = args.hidden;
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const StepPlace place(args, direction, step, sequence);
    T product = 0;
    if (place.inside) {
      const T* const in = memory.sums + place.at * args.gateRows() + unit;
      T* const gates = memory.stepSums + sequence * 2 * hidden + unit;
      gates[0] = sigmoid(in[0] + gates[0]);
      gates[hidden] = sigmoid(in[hidden] + gates[hidden]);
      product =
          gates[hidden] * static_cast<const T*>(
                              args.lastHidden)[(direction * args.batch + sequence) * hidden + unit];
    }
    memory.reset[sequence * hidden + unit] = product;
  });
}

/** And from the second product on. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    gruCandidates(GruArgs args, int64_t direction, int64_t step, RecurrentMemory<T> memory,
                  const T* lastSums) {
  const int64_t hidden = args.hidden;
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const StepPlace place(args, direction, step, sequence);
    GruUnit<T> gates{};
    if (place.inside) {
      const T* const in = memory.sums + place.at * args.gateRows() + 2 * hidden + unit;
      const T* const kept = memory.stepSums + sequence * 2 * hidden + unit;
      gates.update = kept[0];
      gates.reset = kept[hidden];
      gates.recurrent = memory.reset[sequence * hidden + unit];
      gates.candidate = hyperbolicTangent(*in + lastSums[sequence * hidden + unit]);
    }
    finish(args, direction, sequence, unit, place, gates);
  });
}

/** What a step back begins with: the derivatives of the update gate and of the candidate, and of
 * the hidden value before the step, as far as it does not pass the gates. */
template <class T>
struct GruBackStep {
  GruDerivative<T> derivative{};
  const T* kept = nullptr;
  T before = 0;

  __device__ GruBackStep(const GruArgs& args, int64_t direction, int64_t step, int64_t sequence,
                         int64_t unit, const StepPlace& place,
                         const RecurrentGradientMemory<T>& memory) {
    if (!place.inside) return;
    const int64_t hidden = args.hidden;
    kept = static_cast<const T*>(args.reserve) + place.row * args.reserveRows() + unit;
    before = valueOrZero(hiddenBefore<T>(args, direction, step, sequence), unit);
    const T ofOutput = valueOrZero(partOf<T>(args.gradientOutput, place.row * hidden), unit);
    derivative = gruDerivative(kept[0], kept[2 * hidden], before,
                               memory.ofHidden[sequence * hidden + unit] + ofOutput);
  }
};

template <class T>
__device__ void storeGates(T* to, int64_t hidden, T update, T reset, T candidate) {
  to[0] = update;
  to[hidden] = reset;
  to[2 * hidden] = candidate;
}

template <class T>
__global__ void __launch_bounds__(256, 1)
    gruStepsBack(GruArgs args, int64_t direction, int64_t step, RecurrentGradientMemory<T> memory) {
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const StepPlace place(args, direction, step, sequence);
    const GruBackStep<T> back(args, direction, step, sequence, unit, place, memory);
    T ofReset = 0, ofProduct = 0;
    if (place.inside) {
      const T reset = back.kept[hidden];
      ofReset = gruResetDerivative(reset, back.kept[3 * hidden], back.derivative.candidate);
      ofProduct = back.derivative.candidate * reset;
      memory.ofHidden[sequence * hidden + unit] = back.derivative.hidden;
    }
    memory.before[place.at * hidden + unit] = back.before;
    const T update = back.derivative.update;
    storeGates(memory.sums + place.at * rows + unit, hidden, update, ofReset,
               back.derivative.candidate);
    storeGates(memory.recurrentSums + place.at * rows + unit, hidden, update, ofReset, ofProduct);
    storeGates(memory.stepSums + sequence * rows + unit, hidden, update, ofReset, ofProduct);
  });
}

/** Up to the product that goes back behind the reset. stepSums are (B, 2 H), then (B, H). */
template <class T>
__global__ void __launch_bounds__(256, 1)
    gruCandidatesBack(GruArgs args, int64_t direction, int64_t step,
                      RecurrentGradientMemory<T> memory, T* lastSums) {
  const int64_t hidden = args.hidden;
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const StepPlace place(args, direction, step, sequence);
    const GruBackStep<T> back(args, direction, step, sequence, unit, place, memory);
    if (place.inside) memory.ofHidden[sequence * hidden + unit] = back.derivative.hidden;
    memory.before[place.at * hidden + unit] = back.before;
    memory.beforeReset[place.at * hidden + unit] = place.inside ? back.kept[3 * hidden] : T(0);
    storeGates(memory.sums + place.at * args.gateRows() + unit, hidden, back.derivative.update,
               T(0), back.derivative.candidate);
    memory.stepSums[sequence * 2 * hidden + unit] = back.derivative.update;
    lastSums[sequence * hidden + unit] = back.derivative.candidate;
  });
}

/** From there on: the reset gate's derivative. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    gruResetsBack(GruArgs args, int64_t direction, int64_t step,
                  RecurrentGradientMemory<T> memory) {
  const int64_t hidden = args.hidden;
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const StepPlace place(args, direction, step, sequence);
    T ofReset = 0;
    if (place.inside) {
      const T reset =
          static_cast<const T*>(args.reserve)[place.row * args.reserveRows() + hidden + unit];
      const T behind = memory.ofCell[sequence * hidden + unit];
      ofReset = gruResetDerivative(reset, memory.before[place.at * hidden + unit], behind);
      memory.ofHidden[sequence * hidden + unit] += behind * reset;
      memory.sums[place.at * args.gateRows() + hidden + unit] = ofReset;
    }
    memory.stepSums[sequence * 2 * hidden + hidden + unit] = ofReset;
  });
}

template <class T>
void forward(const GruArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentMemory<T> memory(args, workspace.data);
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  const Grid grid = gridOverUnits(args);
  // The bias of the recurrence's last gate stands inside the reset where the product does.
  const int64_t together = args.linearBeforeReset ? 2 * hidden : rows;
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    beginDirection(args, direction, together, memory, context);
    const T* const state = partOf<T>(args.lastHidden, direction * args.batch * hidden);
    const T* const weights = partOf<T>(args.recurrentWeights, direction * rows * hidden);
    if (args.linearBeforeReset) {
      const MatmulArgs product = productOf<T>(args, args.batch, rows, hidden, state, false, weights,
                                              true, memory.stepSums);
      for (int64_t step = 0; step < args.steps; ++step) {
        multiply(product, context, memory.scratch);
        launch(context, grid, gruSteps<T>, args, direction, step, memory);
      }
      continue;
    }
    T* const lastSums = memory.stepSums + args.batch * 2 * hidden;
    const MatmulArgs gates = productOf<T>(args, args.batch, 2 * hidden, hidden, state, false,
                                          weights, true, memory.stepSums);
    const MatmulArgs last = productOf<T>(args, args.batch, hidden, hidden, memory.reset, false,
                                         weights + 2 * hidden * hidden, true, lastSums);
    for (int64_t step = 0; step < args.steps; ++step) {
      multiply(gates, context, memory.scratch);
      launch(context, grid, gruResets<T>, args, direction, step, memory);
      multiply(last, context, memory.scratch);
      launch(context, grid, gruCandidates<T>, args, direction, step, memory, lastSums);
    }
  }
}

template <class T>
void stepsBack(const GruArgs& args, int64_t direction, const RecurrentGradientMemory<T>& memory,
               Context& context) {
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  const Grid grid = gridOverUnits(args);
  const T* const weights = partOf<T>(args.recurrentWeights, direction * rows * hidden);
  if (args.linearBeforeReset) {
    const MatmulArgs product = adding(productOf<T>(args, args.batch, hidden, rows, memory.stepSums,
                                                   false, weights, false, memory.ofHidden));
    for (int64_t step = args.steps - 1; step >= 0; --step) {
      launch(context, grid, gruStepsBack<T>, args, direction, step, memory);
      multiply(product, context, memory.scratch);
    }
    return;
  }
  T* const lastSums = memory.stepSums + args.batch * 2 * hidden;
  const MatmulArgs last = productOf<T>(args, args.batch, hidden, hidden, lastSums, false,
                                       weights + 2 * hidden * hidden, false, memory.ofCell);
  const MatmulArgs gates =
      adding(productOf<T>(args, args.batch, hidden, 2 * hidden, memory.stepSums, false, weights,
                          false, memory.ofHidden));
  for (int64_t step = args.steps - 1; step >= 0; --step) {
    launch(context, grid, gruCandidatesBack<T>, args, direction, step, memory, lastSums);
    multiply(last, context, memory.scratch);
    launch(context, grid, gruResetsBack<T>, args, direction, step, memory);
    multiply(gates, context, memory.scratch);
  }
}

template <class T>
void gradient(const GruArgs& args, Context& context, const Workspace& workspace) {
  RecurrentGradientMemory<T> memory(args, workspace.data);
  // With the product before the reset all gates see the hidden values as they are; otherwise input
  // and recurrence go into the same sums.
  if (args.linearBeforeReset) {
    memory.beforeReset = memory.before;
  } else {
    memory.recurrentSums = memory.sums;
  }
  const int64_t states = args.batch * args.hidden;
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    const int64_t first = direction * states;
    copyOrZero(context, partOf<T>(args.gradientLastHidden, first), states, memory.ofHidden);
    stepsBack(args, direction, memory, context);
    copyOrZero<T>(context, memory.ofHidden, states, partOf<T>(args.gradientInitialHidden, first));
    gradientOfWeights(args, direction, memory, context);
  }
}

void runForward(const GruArgs& args, Context& context, const Workspace& workspace) {
  requireLengthsOnDevice("gru", args, context);
  withFloats(args.type, [&](auto number) { forward<decltype(number)>(args, context, workspace); });
}

void runGradient(const GruArgs& args, Context& context, const Workspace& workspace) {
  requireLengthsOnDevice("gru_gradient", args, context);
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

int64_t forwardBytes(const GruArgs& args) {
  return args.type == VK_F64 ? RecurrentMemory<double>(args, nullptr).carver.bytes()
                             : RecurrentMemory<float>(args, nullptr).carver.bytes();
}

int64_t gradientBytes(const GruArgs& args) {
  return args.type == VK_F64 ? RecurrentGradientMemory<double>(args, nullptr).carver.bytes()
                             : RecurrentGradientMemory<float>(args, nullptr).carver.bytes();
}

}  // namespace

extern "C" CudaImplementations<GruArgs> gruCuda() {
  static const Implementation<GruArgs> rows[] = {
      cuda::row<GruArgs>(runForward, nullptr, forwardBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<GruArgs> gru_gradientCuda() {
  static const Implementation<GruArgs> rows[] = {
      cuda::row<GruArgs>(runGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::gru_cuda
