#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "reduce/reduce.h"
#include "reduce/reduce_device.h"
#include "reduce/reduce_rules.h"

namespace vk::reduce_cuda {
namespace {

using namespace cuda;

using Walk = AxisWalk<Broadcast::kOperands>;

/** body(T(), rule) for the arguments. */
template <class Body>
void withRule(const ReduceArgs& args, const Body& body) {
  const int64_t count = args.layout.reducedCount;
  if (args.type == VK_I32) return body(int32_t(), WholeRule<int32_t>{args.reduction, count});
  if (args.type == VK_I64) return body(int64_t(), WholeRule<int64_t>{args.reduction, count});
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    switch (args.reduction) {
      case VK_REDUCTION_MAX:
      case VK_REDUCTION_MIN:
        return body(T(), ExtremeRule<T>(args.reduction == VK_REDUCTION_MAX));
      case VK_REDUCTION_LOG_SUM_EXP:
        return body(T(), LogSumExpRule<T>());
      default:
        // The squares of f32 are numbers of f64.
        if constexpr (sizeof(T) == 8) {
          if (args.reduction == VK_REDUCTION_L2) return body(T(), LengthRule());
        }
        return body(T(), TermsRule{args.reduction, double(count)});
    }
  });
}

Refusal accepts(const ReduceArgs& args) {
  if (args.type == VK_F32 || args.type == VK_F64) return {};
  if (args.type != VK_I32 && args.type != VK_I64) return "takes i32, i64, f32 and f64 only";
  const bool whole = args.reduction != VK_REDUCTION_L2 && args.reduction != VK_REDUCTION_LOG_SUM &&
                     args.reduction != VK_REDUCTION_LOG_SUM_EXP;
  return whole ? "" : "has no roots or logarithms of integers";
}

int64_t workspaceBytes(const ReduceArgs& args) {
  int64_t bytes = 0;
  withRule(args, [&](auto, const auto& rule) {
    bytes = reduceBytes<std::decay_t<decltype(rule)>>(tilesOf(args.layout));
  });
  return bytes;
}

void runReduce(const ReduceArgs& args, Context& context, const Workspace& workspace) {
  withRule(args, [&](auto number, const auto& rule) {
    using T = decltype(number);
    reduceTo(context, tilesOf(args.layout), rule,
             TensorSource<T>{static_cast<const T*>(args.input)}, static_cast<T*>(args.output),
             workspace.data);
  });
}

// --- the gradient

template <class T>
struct Argument {
  T x, y, dy;
  /** Of the output. */
  int64_t output;
};

/** What the gradient of an element needs; `element` is its number in the input. */
template <class T>
__device__ Argument<T> argumentAt(const ReduceGradientArgs& args, const Walk& walk,
                                  int64_t element) {
  const Walk::Offsets offsets = walk.offsets(element);
  return {static_cast<const T*>(args.input)[offsets.of[0]],
          static_cast<const T*>(args.output)[offsets.of[1]],
          static_cast<const T*>(args.outputGradient)[offsets.of[2]], offsets.of[1]};
}

template <class T>
__device__ T gradientOf(vk_reduction reduction, T ofMean, T x, T y, T dy) {
  switch (reduction) {
    case VK_REDUCTION_MEAN:
      return dy * ofMean;
    case VK_REDUCTION_L1:
      // NaN stays: 0 times it.
      return x > 0 ? dy : x < 0 ? -dy : x * dy;
    case VK_REDUCTION_L2:
      return y == 0 ? T(0) : dy * (x / y);
    case VK_REDUCTION_SUM_SQUARE:
      return dy * (x + x);
    case VK_REDUCTION_LOG_SUM:
      return dy * exp(-y);
    case VK_REDUCTION_LOG_SUM_EXP: {
      // What the difference is rounded by would be multiplied by the exponential.
      const double difference = double(x) - double(y);
      const T near = T(difference);
      const T rest = T(difference - double(near));
      const T e = exp(near);
      return dy * (rest - rest == 0 ? e + e * rest : e);
    }
    default:
      return dy;
  }
}

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    gradient(ReduceGradientArgs args, Walk walk, T ofMean) {
  T* const inputGradient = static_cast<T*>(args.inputGradient);
  forEachTile<kItemsEach<T>>(
      args.shape.count, [&](int64_t i) { return argumentAt<T>(args, walk, i); },
      [&](int64_t i, const Argument<T>& at) {
        inputGradient[i] = gradientOf(args.reduction, ofMean, at.x, at.y, at.dy);
      });
}

/** Whether an element is the greatest or the least of its output. */
template <class T>
__device__ bool wins(T x, T y) {
  return x == y || x != x;
}

template <class T>
struct Winners {
  using Value = int64_t;
  const T* input;
  const T* output;
  Walk walk;
  __device__ int64_t load(int64_t element, int64_t) const {
    return wins(input[element], output[walk.offsets(element).of[1]]) ? 1 : 0;
  }
};

/** Of the greatest or the least, which share evenly. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    sharedGradient(ReduceGradientArgs args, Walk walk, const int64_t* ties) {
  T* const inputGradient = static_cast<T*>(args.inputGradient);
  forEachTile<kItemsEach<T>>(
      args.shape.count, [&](int64_t i) { return argumentAt<T>(args, walk, i); },
      [&](int64_t i, const Argument<T>& at) {
        inputGradient[i] = wins(at.x, at.y) ? T(double(at.dy) / double(ties[at.output])) : T(0);
      });
}

/** With one factor 0 only that one has a gradient, with several none. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    productGradient(ReduceGradientArgs args, Walk walk, const FactorsRule::State* factors) {
  T* const inputGradient = static_cast<T*>(args.inputGradient);
  forEachTile<kItemsEach<T>>(
      args.shape.count, [&](int64_t i) { return argumentAt<T>(args, walk, i); },
      [&](int64_t i, const Argument<T>& at) {
        const FactorsRule::State of = factors[at.output];
        const bool none = of.zeros > 1 || (of.zeros == 1 && at.x != 0);
        const double others = of.zeros == 1 ? of.product : of.product / double(at.x);
        inputGradient[i] = none ? T(0) : T(double(at.dy) * others);
      });
}

bool isShared(vk_reduction reduction) {
  return reduction == VK_REDUCTION_MAX || reduction == VK_REDUCTION_MIN;
}

/** A value of each output that all elements of it look at, and what it takes to make it. */
template <class Rule, class Each>
struct GradientScratch {
  Each* ofOutputs;
  void* partials;
  int64_t bytes;
  GradientScratch(const ReduceGradientArgs& args, void* memory) {
    Carver carver(memory);
    ofOutputs = carver.take<Each>(args.layout.outputs);
    partials = carver.take<char>(reduceBytes<Rule>(tilesOf(args.layout)));
    bytes = carver.bytes();
  }
};
using WinnersScratch = GradientScratch<WholeRule<int64_t>, int64_t>;
using FactorsScratch = GradientScratch<FactorsRule, FactorsRule::State>;

int64_t gradientBytes(const ReduceGradientArgs& args) {
  if (isShared(args.reduction)) return WinnersScratch(args, nullptr).bytes;
  return args.reduction == VK_REDUCTION_PRODUCT ? FactorsScratch(args, nullptr).bytes : 0;
}

void runGradient(const ReduceGradientArgs& args, Context& context, const Workspace& workspace) {
  Walk walk;
  for (int32_t axis = 0; axis < args.shape.rank; ++axis) {
    walk.add(args.shape.sizes[axis], {args.shape.strides[0][axis], args.shape.strides[1][axis],
                                      args.shape.strides[2][axis]});
  }
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    const T* const input = static_cast<const T*>(args.input);
    const Grid grid = gridOfTiles<kItemsEach<T>>(args.shape.count);
    if (isShared(args.reduction)) {
      const WinnersScratch scratch(args, workspace.data);
      reduceTo(context, tilesOf(args.layout), WholeRule<int64_t>{VK_REDUCTION_SUM, 0},
               Winners<T>{input, static_cast<const T*>(args.output), walk}, scratch.ofOutputs,
               scratch.partials);
      launch(context, grid, sharedGradient<T>, args, walk, scratch.ofOutputs);
    } else if (args.reduction == VK_REDUCTION_PRODUCT) {
      const FactorsScratch scratch(args, workspace.data);
      reduceTo(context, tilesOf(args.layout), FactorsRule(), TensorSource<T>{input},
               scratch.ofOutputs, scratch.partials);
      launch(context, grid, productGradient<T>, args, walk, scratch.ofOutputs);
    } else {
      launch(context, grid, gradient<T>, args, walk, T(1.0 / double(args.layout.reducedCount)));
    }
  });
}

}  // namespace

extern "C" CudaImplementations<ReduceArgs> reduceCuda() {
  static const Implementation<ReduceArgs> rows[] = {
      cuda::row<ReduceArgs>(runReduce, accepts, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<ReduceGradientArgs> reduce_gradientCuda() {
  static const Implementation<ReduceGradientArgs> rows[] = {
      cuda::row<ReduceGradientArgs>(runGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::reduce_cuda
