#include "core/carve.h"
#include "core/parallel.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "local_response_norm/local_response_norm.h"

namespace vk::local_response_norm_cuda {
namespace {

using namespace cuda;

/** Channels that a thread goes through: its windows overlap in the first-level cache. */
constexpr int64_t kChannels = 8;

/** bias + alpha / size times the sum of squares of a window, and its powers. */
template <class T>
struct Window {
  const T* input;
  int64_t channels;
  int64_t length;
  int64_t before;
  int64_t after;
  double alphaEach;
  double beta;
  double bias;

  /** `column` is the element of channel 0. */
  template <class Number>
  __device__ Number base(int64_t column, int64_t channel) const {
    const int64_t first = channel > before ? channel - before : 0;
    const int64_t last = after < channels - 1 - channel ? channel + after : channels - 1;
    Number sum = 0;
    for (int64_t c = first; c <= last; ++c) {
      const Number x = Number(input[column + c * length]);
      sum = fma(x, x, sum);
    }
    return Number(bias) + Number(alphaEach) * sum;
  }
  /** To the power of -beta. */
  template <class Number>
  __device__ Number power(Number base) const {
    if (beta != 0.75) return pow(base, Number(-beta));
    const Number root = sqrt(base);
    return 1 / (root * sqrt(root));
  }
  /** In f32 there may be no room for the squares: then body is called with f64. */
  template <class Body>
  __device__ void with(int64_t column, int64_t channel, const Body& body) const {
    const T inT = base<T>(column, channel);
    if (double(inT) < 1e37) {
      body(inT);
    } else {
      body(base<double>(column, channel));
    }
  }
};

template <class T>
Window<T> windowOf(const LocalResponseNormArgs& args) {
  return {static_cast<const T*>(args.input),
          args.channels,
          args.length,
          args.before,
          args.after,
          args.alphaEach(),
          args.beta,
          args.bias};
}

/** body(column, channel) for the elements of this thread, which are neighbours of those of the next
 * one. */
template <class T, class Body>
__device__ void forEachOf(const Window<T>& window, int64_t batch, const Body& body) {
  const int64_t runs = (window.channels + kChannels - 1) / kChannels;
  forEachItem(batch * runs * window.length, [&](int64_t item) {
    const int64_t at = item % window.length;
    const int64_t run = item / window.length;
    const int64_t column = run / runs * window.channels * window.length + at;
    const int64_t first = run % runs * kChannels;
    const int64_t end = min(first + kChannels, window.channels);
    for (int64_t channel = first; channel < end; ++channel) body(column, channel);
  });
}

template <class T>
__global__ void __launch_bounds__(256)
    localResponseNorm(Window<T> window, int64_t batch, T* output) {
  forEachOf(window, batch, [&](int64_t column, int64_t channel) {
    const int64_t at = column + channel * window.length;
    window.with(column, channel, [&](auto base) {
      using Number = decltype(base);
      output[at] = T(Number(window.input[at]) * window.power(base));
    });
  });
}

/** s^-beta, and what a channel adds to the gradients of its window's: g x s^(-beta - 1). */
template <class T>
__global__ void __launch_bounds__(256)
    localResponseTerms(Window<T> window, int64_t batch, const T* outputGradient, T* powers,
                       T* terms) {
  forEachOf(window, batch, [&](int64_t column, int64_t channel) {
    const int64_t at = column + channel * window.length;
    window.with(column, channel, [&](auto base) {
      using Number = decltype(base);
      const Number power = window.power(base);
      powers[at] = T(power);
      terms[at] = T(Number(outputGradient[at]) * Number(window.input[at]) * (power / base));
    });
  });
}

/** Reads of input and gradient its own element alone, as it may write there. */
template <class T>
__global__ void __launch_bounds__(256)
    localResponseGradient(Window<T> window, int64_t batch, const T* outputGradient, const T* powers,
                          const T* terms, T* inputGradient) {
  const T factor = T(2 * window.alphaEach * window.beta);
  forEachOf(window, batch, [&](int64_t column, int64_t channel) {
    // The channels whose window holds this one.
    const int64_t first = channel > window.after ? channel - window.after : 0;
    const int64_t last = window.before < window.channels - 1 - channel ? channel + window.before
                                                                       : window.channels - 1;
    T sum = 0;
    for (int64_t c = first; c <= last; ++c) sum += terms[column + c * window.length];
    const int64_t at = column + channel * window.length;
    inputGradient[at] = outputGradient[at] * powers[at] - factor * window.input[at] * sum;
  });
}

template <class T>
struct GradientMemory {
  GradientMemory(const LocalResponseNormArgs& args, void* base)
      : carver(base),
        powers(carver.take<T>(args.batch * args.channels * args.length)),
        terms(carver.take<T>(args.batch * args.channels * args.length)) {}
  Carver carver;
  T* powers;
  T* terms;
};

int64_t gradientBytes(const LocalResponseNormArgs& args) {
  return args.type == VK_F64 ? GradientMemory<double>(args, nullptr).carver.bytes()
                             : GradientMemory<float>(args, nullptr).carver.bytes();
}

template <class T>
void run(const LocalResponseNormArgs& args, Context& context, const Workspace& workspace) {
  const Window<T> window = windowOf<T>(args);
  const Grid grid = gridOver(args.batch * chunkCount(args.channels, kChannels) * args.length);
  T* const output = static_cast<T*>(args.output);
  if (args.outputGradient == nullptr) {
    launch(context, grid, localResponseNorm<T>, window, args.batch, output);
    return;
  }
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  const GradientMemory<T> memory(args, workspace.data);
  launch(context, grid, localResponseTerms<T>, window, args.batch, outputGradient, memory.powers,
         memory.terms);
  launch(context, grid, localResponseGradient<T>, window, args.batch, outputGradient, memory.powers,
         memory.terms, output);
}

void runLocalResponseNorm(const LocalResponseNormArgs& args, Context& context,
                          const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { run<decltype(number)>(args, context, workspace); });
}

}  // namespace

extern "C" CudaImplementations<LocalResponseNormArgs> local_response_normCuda() {
  static const Implementation<LocalResponseNormArgs> rows[] = {
      cuda::row<LocalResponseNormArgs>(runLocalResponseNorm)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<LocalResponseNormArgs> local_response_norm_gradientCuda() {
  static const Implementation<LocalResponseNormArgs> rows[] = {
      cuda::row<LocalResponseNormArgs>(runLocalResponseNorm, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::local_response_norm_cuda
