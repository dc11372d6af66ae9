#include <limits>

#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "unary/unary.h"
#include "unary/unary_device.h"

namespace vk::unary_cuda {
namespace {

using namespace cuda;

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks) floats(UnaryArgs args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  unary::withFunction<T>(args.function, args.low, args.high, [&](const auto& function) {
    forEachTile<kItemsEach<T>>(
        args.count, [&](int64_t i) { return input[i]; },
        [&](int64_t i, T x) { output[i] = function(x); });
  });
}

/** The functions that write bool. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks) tests(UnaryArgs args) {
  const T* const input = static_cast<const T*>(args.input);
  uint8_t* const output = static_cast<uint8_t*>(args.output);
  forEachTile<kItemsEach<T>>(
      args.count, [&](int64_t i) { return input[i]; },
      [&](int64_t i, T x) {
        const bool isNan = x != x;
        const bool is = args.function == VK_UNARY_NOT      ? x == 0
                        : args.function == VK_UNARY_IS_NAN ? isNan
                                                           : !isNan && x - x != 0;
        output[i] = is ? 1 : 0;
      });
}

/** Negate, absolute, sign and clip; the least number has no opposite, and wraps around to itself.
 */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    wholes(UnaryArgs args, T low, T high) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      args.count, [&](int64_t i) { return input[i]; },
      [&](int64_t i, T x) {
        const T opposite = T(uint64_t{0} - uint64_t(x));
        switch (args.function) {
          case VK_UNARY_NEGATE:
            output[i] = opposite;
            break;
          case VK_UNARY_ABSOLUTE:
            output[i] = x < 0 ? opposite : x;
            break;
          case VK_UNARY_SIGN:
            output[i] = T((x > 0) - (x < 0));
            break;
          default:
            output[i] = x < low ? low : x > high ? high : x;
        }
      });
}

template <class T>
struct Argument {
  T x;
  T gradient;
};

template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    gradient(UnaryGradientArgs args) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const inputGradient = static_cast<T*>(args.inputGradient);
  unary::withSlope<T>(args.function, args.low, args.high, [&](const auto& slope) {
    forEachTile<kItemsEach<T>>(
        args.count,
        [&](int64_t i) {
          return Argument<T>{input[i], outputGradient[i]};
        },
        [&](int64_t i, const Argument<T>& at) { inputGradient[i] = at.gradient * slope(at.x); });
  });
}

/** A bound of the clip as an element; beyond the type's range its end. */
template <class T>
T boundOf(double bound) {
  using Limits = std::numeric_limits<T>;
  if (bound <= double(Limits::min())) return Limits::min();
  return bound >= double(Limits::max()) ? Limits::max() : T(bound);
}

Refusal accepts(const UnaryArgs& args) {
  if (args.function == VK_UNARY_NOT) return args.type == VK_BOOL ? "" : "negates bool only";
  if (args.type == VK_F32 || args.type == VK_F64) return {};
  if (args.type != VK_I32 && args.type != VK_I64) return "takes i32, i64, f32 and f64 only";
  const bool known = args.function <= VK_UNARY_SIGN || args.function == VK_UNARY_CLIP;
  return known ? "" : "has negate, absolute, sign and clip of integers only";
}

template <class T>
void runWholes(const UnaryArgs& args, Context& context) {
  launch(context, gridOfTiles<kItemsEach<T>>(args.count), wholes<T>, args, boundOf<T>(args.low),
         boundOf<T>(args.high));
}

void runUnary(const UnaryArgs& args, Context& context, const Workspace&) {
  if (args.type == VK_I32) return runWholes<int32_t>(args, context);
  if (args.type == VK_I64) return runWholes<int64_t>(args, context);
  if (args.function == VK_UNARY_NOT) {
    launch(context, gridOfTiles<kItemsEach<uint8_t>>(args.count), tests<uint8_t>, args);
    return;
  }
  const bool writesBool = args.function == VK_UNARY_IS_NAN || args.function == VK_UNARY_IS_INF;
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOfTiles<kItemsEach<T>>(args.count), writesBool ? tests<T> : floats<T>,
           args);
  });
}

void runGradient(const UnaryGradientArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOfTiles<kItemsEach<T>>(args.count), gradient<T>, args);
  });
}

}  // namespace

extern "C" CudaImplementations<UnaryArgs> unaryCuda() {
  static const Implementation<UnaryArgs> rows[] = {cuda::row<UnaryArgs>(runUnary, accepts)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<UnaryGradientArgs> unary_gradientCuda() {
  static const Implementation<UnaryGradientArgs> rows[] = {
      cuda::row<UnaryGradientArgs>(runGradient)};
  return cuda::table(rows);
}

}  // namespace vk::unary_cuda
