// A thread a cell: of one image in the forward run, of all images of the batch in the gradient,
// whose peepholes are summed over them.
#include "conv_lstm/conv_lstm.h"

#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "lstm/recurrent_cuda.h"

namespace vk::conv_lstm_cuda {
namespace {

using namespace cuda;

#include "lstm/lstm_math.h"

/** Of the cell before the step, in the order in which the gates' weights lie. */
template <class T>
__device__ LstmPeepholes<T> peepholesAt(const ConvLstmArgs& args, int64_t at) {
  const T* const from = static_cast<const T*>(args.peepholes);
  if (from == nullptr) return {0, 0, 0};
  return {from[at], from[2 * args.cells + at], from[args.cells + at]};
}

template <class T>
__device__ LstmStep<T> stepOf(const ConvLstmArgs& args, int64_t image, int64_t at) {
  const T* const gates = static_cast<const T*>(args.gates) + image * 4 * args.cells + at;
  const LstmSums<T> sums{gates[0], gates[3 * args.cells], gates[args.cells], gates[2 * args.cells]};
  return lstmStep(sums, static_cast<const T*>(args.cell)[image * args.cells + at],
                  args.peepholes != nullptr, peepholesAt<T>(args, at));
}

template <class T>
__global__ void __launch_bounds__(256, 1) convLstm(ConvLstmArgs args) {
  forEachItem(args.batch * args.cells, [&](int64_t i) {
    const LstmStep<T> step = stepOf<T>(args, i / args.cells, i % args.cells);
    static_cast<T*>(args.newCell)[i] = step.cell;
    static_cast<T*>(args.hidden)[i] = step.hidden;
  });
}

template <class T>
__device__ LstmDerivative<T> derivativeOf(const ConvLstmArgs& args, int64_t image, int64_t at,
                                          const LstmStep<T>& step) {
  const int64_t flat = image * args.cells + at;
  const LstmDerivative<T> derivative =
      lstmDerivative(step.gates, static_cast<const T*>(args.cell)[flat], step.cell,
                     static_cast<const T*>(args.gradientHidden)[flat],
                     valueOrZero(static_cast<const T*>(args.gradientNewCell), flat),
                     args.peepholes != nullptr, peepholesAt<T>(args, at));
  T* const gates = static_cast<T*>(args.gradientGates) + image * 4 * args.cells + at;
  gates[0] = derivative.sums.input;
  gates[args.cells] = derivative.sums.forget;
  gates[2 * args.cells] = derivative.sums.candidate;
  gates[3 * args.cells] = derivative.sums.output;
  static_cast<T*>(args.gradientCell)[flat] = derivative.cell;
  return derivative;
}

template <class T>
__global__ void __launch_bounds__(256, 1) convLstmGradient(ConvLstmArgs args) {
  forEachItem(args.batch * args.cells, [&](int64_t i) {
    const int64_t image = i / args.cells;
    const int64_t at = i % args.cells;
    derivativeOf(args, image, at, stepOf<T>(args, image, at));
  });
}

template <class T>
__global__ void __launch_bounds__(256, 1) convLstmGradientWithPeepholes(ConvLstmArgs args) {
  T* const gradient = static_cast<T*>(args.gradientPeepholes);
  forEachItem(args.cells, [&](int64_t at) {
    T input = 0, forget = 0, output = 0;
    for (int64_t image = 0; image < args.batch; ++image) {
      const LstmStep<T> step = stepOf<T>(args, image, at);
      const T before = static_cast<const T*>(args.cell)[image * args.cells + at];
      const LstmDerivative<T> derivative = derivativeOf(args, image, at, step);
      input += derivative.sums.input * before;
      forget += derivative.sums.forget * before;
      output += derivative.sums.output * step.cell;
    }
    gradient[at] = input;
    gradient[args.cells + at] = forget;
    gradient[2 * args.cells + at] = output;
  });
}

void runForward(const ConvLstmArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.batch * args.cells),
         args.type == VK_F64 ? convLstm<double> : convLstm<float>, args);
}

void runGradient(const ConvLstmArgs& args, Context& context, const Workspace&) {
  if (args.gradientPeepholes != nullptr) {
    launch(context, gridOver(args.cells),
           args.type == VK_F64 ? convLstmGradientWithPeepholes<double>
                               : convLstmGradientWithPeepholes<float>,
           args);
  } else {
    launch(context, gridOver(args.batch * args.cells),
           args.type == VK_F64 ? convLstmGradient<double> : convLstmGradient<float>, args);
  }
}

}  // namespace

extern "C" CudaImplementations<ConvLstmArgs> conv_lstmCuda() {
  static const Implementation<ConvLstmArgs> rows[] = {cuda::row<ConvLstmArgs>(runForward)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<ConvLstmArgs> conv_lstm_gradientCuda() {
  static const Implementation<ConvLstmArgs> rows[] = {cuda::row<ConvLstmArgs>(runGradient)};
  return cuda::table(rows);
}

}  // namespace vk::conv_lstm_cuda
