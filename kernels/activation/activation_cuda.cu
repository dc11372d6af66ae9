#include "activation/activation.h"
#include "activation/activation_device.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "cuda/reduce_tiles.h"

namespace vk::activation_cuda {
namespace {

using namespace cuda;

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks) forward(ActivationArgs args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  activation::withFormula<T>(args.kind, args.alpha, args.beta, [&](const auto& formula) {
    forEachTile<kItemsEach<T>>(
        args.count, [&](int64_t i) { return input[i]; },
        [&](int64_t i, T x) { output[i] = x != x ? x : formula.value(x); });
  });
}

template <class T>
struct Argument {
  T x;
  T gradient;
};

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks) gradient(ActivationArgs args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const inputGradient = static_cast<T*>(args.output);
  activation::withFormula<T>(args.kind, args.alpha, args.beta, [&](const auto& formula) {
    forEachTile<kItemsEach<T>>(
        args.count,
        [&](int64_t i) {
          return Argument<T>{input[i], outputGradient[i]};
        },
        [&](int64_t i, const Argument<T>& at) {
          inputGradient[i] = at.x != at.x ? at.x : at.gradient * formula.derivative(at.x);
        });
  });
}

/** Of an element its channel, or 0 where there is one slope for all. */
struct SlopeOf {
  Divider length;
  Divider slopes;

  explicit SlopeOf(const PreluArgs& args) : length(args.length), slopes(args.slopes) {}
  __device__ int64_t operator()(int64_t element) const {
    const int64_t row = length.quotient(element);
    return row - slopes.quotient(row) * slopes.divisor();
  }
};

/** The function, or the gradient of the input where there is one of the output. */
template <class T, bool kGradient>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    prelu(PreluArgs args, int64_t count, SlopeOf slopeOf) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const slope = static_cast<const T*>(args.slope);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      count,
      [&](int64_t i) {
        return Argument<T>{input[i], kGradient ? outputGradient[i] : T(0)};
      },
      [&](int64_t i, const Argument<T>& at) {
        if (!kGradient) {
          output[i] = at.x < 0 ? slope[slopeOf(i)] * at.x : at.x;
        } else if (at.x != at.x) {
          output[i] = at.x;
        } else {
          output[i] = at.x > 0 ? at.gradient : slope[slopeOf(i)] * at.gradient;
        }
      });
}

/** What an element adds to its slope's gradient. */
template <class T>
struct SlopeTerms {
  using Value = double;
  const T* input;
  const T* outputGradient;

  __device__ double load(int64_t i, int64_t) const {
    const T x = input[i];
    return x > 0 ? 0.0 : double(x) * double(outputGradient[i]);
  }
};

ReduceTiles slopeTiles(const PreluArgs& args) {
  // With one slope all is reduced, else the channels in the middle are kept.
  ReduceTiles tiles;
  const int64_t channels = args.slopes;
  const int64_t between = args.batch * args.channels / (channels > 0 ? channels : 1);
  tiles.kept.add(channels, {args.length});
  tiles.reduced.add(between, {channels * args.length});
  tiles.reduced.add(args.length, {1});
  tiles.split(channels, between * args.length, args.length > 1 || channels == 1);
  return tiles;
}

int64_t gradientBytes(const PreluArgs& args) {
  return args.slopeGradient == nullptr ? 0 : reduceBytes<SumRule>(slopeTiles(args));
}

void runForward(const ActivationArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOfTiles<kItemsEach<T>>(args.count), forward<T>, args);
  });
}

void runGradient(const ActivationArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOfTiles<kItemsEach<T>>(args.count), gradient<T>, args);
  });
}

void runPrelu(const PreluArgs& args, Context& context, const Workspace&) {
  const int64_t count = args.batch * args.channels * args.length;
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOfTiles<kItemsEach<T>>(count), prelu<T, false>, args, count, SlopeOf(args));
  });
}

void runPreluGradient(const PreluArgs& args, Context& context, const Workspace& workspace) {
  const int64_t count = args.batch * args.channels * args.length;
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    // The sums first: the input's gradient may take the place of what they are made from.
    if (args.slopeGradient != nullptr) {
      const SlopeTerms<T> terms{static_cast<const T*>(args.input),
                                static_cast<const T*>(args.outputGradient)};
      reduceTo(context, slopeTiles(args), SumRule(), terms, static_cast<T*>(args.slopeGradient),
               workspace.data);
    }
    if (args.output != nullptr) {
      launch(context, gridOfTiles<kItemsEach<T>>(count), prelu<T, true>, args, count,
             SlopeOf(args));
    }
  });
}

}  // namespace

extern "C" CudaImplementations<ActivationArgs> activation_forwardCuda() {
  static const Implementation<ActivationArgs> rows[] = {cuda::row<ActivationArgs>(runForward)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<ActivationArgs> activation_gradientCuda() {
  static const Implementation<ActivationArgs> rows[] = {cuda::row<ActivationArgs>(runGradient)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<PreluArgs> activation_preluCuda() {
  static const Implementation<PreluArgs> rows[] = {cuda::row<PreluArgs>(runPrelu)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<PreluArgs> activation_prelu_gradientCuda() {
  static const Implementation<PreluArgs> rows[] = {
      cuda::row<PreluArgs>(runPreluGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::activation_cuda
