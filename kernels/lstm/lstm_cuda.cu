// A step is a product of the hidden values by the recurrent weights and a kernel over all units of
// all sequences; back in time the other way round.
#include "cuda/cuda_table.h"
#include "cuda/lines.h"
#include "cuda/sums.h"
#include "lstm/lstm.h"
#include "lstm/recurrent_cuda.h"

namespace vk::lstm_cuda {
namespace {

using namespace cuda;

#include "lstm/lstm_math.h"

/** Gates lie one after the other: input, output, forget, candidate. */
template <class T>
__device__ LstmSums<T> gatesAt(const T* from, int64_t hidden) {
  return {from[0], from[hidden], from[2 * hidden], from[3 * hidden]};
}
template <class T>
__device__ void storeGates(const LstmSums<T>& gates, int64_t hidden, T* to) {
  to[0] = gates.input;
  to[hidden] = gates.output;
  to[2 * hidden] = gates.forget;
  to[3 * hidden] = gates.candidate;
}
template <class T>
__device__ LstmPeepholes<T> peepholesAt(const LstmArgs& args, int64_t direction, int64_t unit) {
  const T* const from = partOf<T>(args.peepholes, direction * 3 * args.hidden + unit);
  if (from == nullptr) return {0, 0, 0};
  return {from[0], from[args.hidden], from[2 * args.hidden]};
}

template <class T>
__global__ void __launch_bounds__(256, 1) lstmSteps(LstmArgs args, int64_t direction, int64_t step,
                                                    const T* inputSums, const T* recurrentSums) {
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  T* const output = static_cast<T*>(args.output);
  T* const reserve = static_cast<T*>(args.reserve);
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const int64_t time = args.time(direction, step, sequence);
    // Beyond a sequence's length everything is 0.
    const int64_t row = args.row(time < 0 ? step : time, direction, sequence);
    LstmStep<T> result{};
    if (time >= 0) {
      const int64_t state = (direction * args.batch + sequence) * hidden + unit;
      T* const cell = static_cast<T*>(args.lastCell) + state;
      const LstmSums<T> a =
          gatesAt(inputSums + (time * args.batch + sequence) * rows + unit, hidden);
      const LstmSums<T> b = gatesAt(recurrentSums + sequence * rows + unit, hidden);
      result = lstmStep(LstmSums<T>{a.input + b.input, a.output + b.output, a.forget + b.forget,
                                    a.candidate + b.candidate},
                        *cell, args.peepholes != nullptr, peepholesAt<T>(args, direction, unit));
      *cell = result.cell;
      static_cast<T*>(args.lastHidden)[state] = result.hidden;
    }
    output[row * hidden + unit] = result.hidden;
    if (reserve == nullptr) return;
    T* const kept = reserve + row * args.reserveRows() + unit;
    storeGates(result.gates, hidden, kept);
    kept[4 * hidden] = result.cell;
  });
}

/** Null for zeros. */
template <class T>
__device__ const T* cellBefore(const LstmArgs& args, int64_t direction, int64_t step,
                               int64_t sequence) {
  if (step == 0) {
    return partOf<T>(args.initialCell, (direction * args.batch + sequence) * args.hidden);
  }
  const int64_t time = args.time(direction, step - 1, sequence);
  return static_cast<const T*>(args.reserve) +
         args.row(time, direction, sequence) * args.reserveRows() + 4 * args.hidden;
}

/** The hidden state's gradient is used up: the product of the step adds what goes on. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    lstmStepsBack(LstmArgs args, int64_t direction, int64_t step, RecurrentGradientMemory<T> to) {
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  forEachUnit(args, [&](int64_t sequence, int64_t unit) {
    const int64_t time = args.time(direction, step, sequence);
    const int64_t at = (time < 0 ? step : time) * args.batch + sequence;
    const int64_t state = sequence * hidden + unit;
    LstmSums<T> sums{};
    T before = 0;
    // Beyond the sequence nothing goes back, and what comes from its end stays.
    if (time >= 0) {
      const int64_t row = args.row(time, direction, sequence);
      const T* const kept = static_cast<const T*>(args.reserve) + row * args.reserveRows() + unit;
      const T ofOutput = valueOrZero(partOf<T>(args.gradientOutput, row * hidden), unit);
      const LstmDerivative<T> derivative = lstmDerivative(
          gatesAt(kept, hidden), valueOrZero(cellBefore<T>(args, direction, step, sequence), unit),
          kept[4 * hidden], to.ofHidden[state] + ofOutput, to.ofCell[state],
          args.peepholes != nullptr, peepholesAt<T>(args, direction, unit));
      sums = derivative.sums;
      before = valueOrZero(hiddenBefore<T>(args, direction, step, sequence), unit);
      to.ofCell[state] = derivative.cell;
      to.ofHidden[state] = 0;
    }
    to.before[at * hidden + unit] = before;
    storeGates(sums, hidden, to.sums + at * rows + unit);
    storeGates(sums, hidden, to.stepSums + sequence * rows + unit);
  });
}

template <class T>
struct PeepholeSums {
  double input;
  double output;
  double forget;
};

template <class T>
struct AddPeepholes {
  __device__ PeepholeSums<T> operator()(PeepholeSums<T> a, const PeepholeSums<T>& b) const {
    return {a.input + b.input, a.output + b.output, a.forget + b.forget};
  }
};

/** `units`: a line each, over all steps of all sequences. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    gradientOfPeepholes(LstmArgs args, int64_t direction, Lines units, const T* sums) {
  using Sums = PeepholeSums<T>;
  VK_SHARED(Sums, shared, kLineThreads);
  const int64_t hidden = args.hidden;
  T* const gradient = static_cast<T*>(args.gradientPeepholes) + direction * 3 * hidden;
  units.forEach([&](int64_t unit, int64_t lane) {
    CarriedSum<T> input, output, forget;
    units.forEachElement(unit, lane, [&](int64_t, int64_t k) {
      const int64_t step = k / args.batch;
      const int64_t sequence = k % args.batch;
      const int64_t time = args.time(direction, step, sequence);
      if (time < 0) return;
      const T* const of = sums + (time * args.batch + sequence) * args.gateRows() + unit;
      const T after = static_cast<const T*>(
          args.reserve)[args.row(time, direction, sequence) * args.reserveRows() + 4 * hidden +
                        unit];
      const T before = valueOrZero(cellBefore<T>(args, direction, step, sequence), unit);
      input.add(of[0] * before);
      output.add(of[hidden] * after);
      forget.add(of[2 * hidden] * before);
    });
    const Sums all = units.reduce(Sums{input.total(), output.total(), forget.total()}, shared,
                                  AddPeepholes<T>());
    if (lane != 0) return;
    gradient[unit] = T(all.input);
    gradient[hidden + unit] = T(all.output);
    gradient[2 * hidden + unit] = T(all.forget);
  });
}

template <class T>
void forward(const LstmArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentMemory<T> memory(args, workspace.data);
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    beginDirection(args, direction, rows, memory, context);
    const MatmulArgs product = productOf<T>(
        args, args.batch, rows, hidden, partOf<T>(args.lastHidden, direction * args.batch * hidden),
        false, partOf<T>(args.recurrentWeights, direction * rows * hidden), true, memory.stepSums);
    for (int64_t step = 0; step < args.steps; ++step) {
      multiply(product, context, memory.scratch);
      launch(context, gridOverUnits(args), lstmSteps<T>, args, direction, step, memory.sums,
             memory.stepSums);
    }
  }
}

template <class T>
void gradient(const LstmArgs& args, Context& context, const Workspace& workspace) {
  const RecurrentGradientMemory<T> memory(args, workspace.data);
  const int64_t hidden = args.hidden;
  const int64_t rows = args.gateRows();
  const int64_t states = args.batch * hidden;
  for (int64_t direction = 0; direction < args.directions; ++direction) {
    const int64_t first = direction * states;
    copyOrZero(context, partOf<T>(args.gradientLastHidden, first), states, memory.ofHidden);
    copyOrZero(context, partOf<T>(args.gradientLastCell, first), states, memory.ofCell);
    const MatmulArgs product = adding(productOf<T>(
        args, args.batch, hidden, rows, memory.stepSums, false,
        partOf<T>(args.recurrentWeights, direction * rows * hidden), false, memory.ofHidden));
    for (int64_t step = args.steps - 1; step >= 0; --step) {
      launch(context, gridOverUnits(args), lstmStepsBack<T>, args, direction, step, memory);
      multiply(product, context, memory.scratch);
    }
    copyOrZero<T>(context, memory.ofHidden, states, partOf<T>(args.gradientInitialHidden, first));
    copyOrZero<T>(context, memory.ofCell, states, partOf<T>(args.gradientInitialCell, first));
    if (args.gradientPeepholes != nullptr) {
      const Lines units(1, args.steps * args.batch, hidden);
      launch(context, units.grid(), gradientOfPeepholes<T>, args, direction, units, memory.sums);
    }
    gradientOfWeights(args, direction, memory, context);
  }
}

void runForward(const LstmArgs& args, Context& context, const Workspace& workspace) {
  requireLengthsOnDevice("lstm", args, context);
  withFloats(args.type, [&](auto number) { forward<decltype(number)>(args, context, workspace); });
}

void runGradient(const LstmArgs& args, Context& context, const Workspace& workspace) {
  requireLengthsOnDevice("lstm_gradient", args, context);
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

int64_t forwardBytes(const LstmArgs& args) {
  return args.type == VK_F64 ? RecurrentMemory<double>(args, nullptr).carver.bytes()
                             : RecurrentMemory<float>(args, nullptr).carver.bytes();
}

int64_t gradientBytes(const LstmArgs& args) {
  return args.type == VK_F64 ? RecurrentGradientMemory<double>(args, nullptr).carver.bytes()
                             : RecurrentGradientMemory<float>(args, nullptr).carver.bytes();
}

}  // namespace

extern "C" CudaImplementations<LstmArgs> lstmCuda() {
  static const Implementation<LstmArgs> rows[] = {
      cuda::row<LstmArgs>(runForward, nullptr, forwardBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<LstmArgs> lstm_gradientCuda() {
  static const Implementation<LstmArgs> rows[] = {
      cuda::row<LstmArgs>(runGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::lstm_cuda
