#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "cuda/lines.h"
#include "cuda/sums.h"
#include "softmax/softmax.h"

namespace vk::softmax_cuda {
namespace {

using namespace cuda;

/** The sum of e^(x - reference) of the values x seen so far. The reference is one of them, and none
 * is larger by more than kSlack: the sum is seldom rescaled, and then shrinks. */
template <class T>
struct Exponentials {
  static constexpr int kSlack = 8;

  T reference;
  T sum;
};

template <class T>
struct RunningExponentials {
  T reference = -T(INFINITY);
  CarriedSum<T> sum;

  /** NaN makes the sum NaN. */
  __device__ void add(T x) {
    if (x == -T(INFINITY)) return;
    const bool rescale = x > reference + Exponentials<T>::kSlack;
    const T e = exp(rescale ? reference - x : x - reference);
    if (rescale) {
      sum.value *= e;
      sum.lost *= e;
      reference = x;
    }
    sum.add(rescale ? T(1) : e);
  }
};

template <class T>
struct JoinExponentials {
  __device__ Exponentials<T> operator()(const Exponentials<T>& a, const Exponentials<T>& b) const {
    const T reference = a.reference > b.reference ? a.reference : b.reference;
    return {reference, scaled(a, reference) + scaled(b, reference)};
  }
  __device__ static T scaled(const Exponentials<T>& part, T reference) {
    return part.reference == reference ? part.sum : part.sum * exp(part.reference - reference);
  }
};

/** e^(x - reference): the difference's rounding error would be magnified far below the reference.
 */
template <class T>
__device__ T exponential(T x, T reference) {
  const T difference = x - reference;
  const T e = exp(difference);
  if (e == 0) return e;
  const T back = difference - x;
  const T error = (x - (difference - back)) - (reference + back);
  return e + e * error;
}

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    softmax(Lines lines, bool logarithm, const T* input, T* output) {
  using Part = Exponentials<T>;
  VK_SHARED(Part, shared, kLineThreads);
  lines.forEach([&](int64_t line, int64_t lane) {
    RunningExponentials<T> own;
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) { own.add(input[at]); });
    Part all = lines.reduce(Part{own.reference, T(own.sum.total())}, shared, JoinExponentials<T>());
    if (all.reference == T(INFINITY)) all.sum = T(NAN);
    const T logSum = log(all.sum);
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) {
      const T x = input[at];
      output[at] = logarithm ? x - all.reference - logSum : exponential(x, all.reference) / all.sum;
    });
  });
}

/** `output` is the function's, and what is written its input's gradient. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    softmaxGradient(Lines lines, bool logarithm, const T* output, const T* outputGradient,
                    T* inputGradient) {
  VK_SHARED(T, shared, kLineThreads);
  lines.forEach([&](int64_t line, int64_t lane) {
    CarriedSum<T> own;
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) {
      own.add(logarithm ? outputGradient[at] : outputGradient[at] * output[at]);
    });
    const T sum = lines.reduce(T(own.total()), shared, Plus());
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) {
      const T g = outputGradient[at];
      const T y = output[at];
      inputGradient[at] = logarithm ? g - exp(y) * sum : y * (g - sum);
    });
  });
}

template <class T>
void run(const SoftmaxArgs& args, Context& context) {
  const Lines lines(args.sizes.outer, args.sizes.size, args.sizes.inner);
  if (lines.size() == 0) return;
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  if (args.outputGradient == nullptr) {
    launch(context, lines.grid(), softmax<T>, lines, args.logarithm, input, output);
  } else {
    launch(context, lines.grid(), softmaxGradient<T>, lines, args.logarithm, input,
           static_cast<const T*>(args.outputGradient), output);
  }
}

void runSoftmax(const SoftmaxArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) { run<decltype(number)>(args, context); });
}

}  // namespace

extern "C" CudaImplementations<SoftmaxArgs> softmaxCuda() {
  static const Implementation<SoftmaxArgs> rows[] = {cuda::row<SoftmaxArgs>(runSoftmax)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<SoftmaxArgs> softmax_gradientCuda() { return softmaxCuda(); }

}  // namespace vk::softmax_cuda
