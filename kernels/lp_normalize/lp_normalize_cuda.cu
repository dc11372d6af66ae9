#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "cuda/lines.h"
#include "cuda/sums.h"
#include "lp_normalize/lp_normalize.h"

namespace vk::lp_normalize_cuda {
namespace {

using namespace cuda;

/** What a line is divided by. */
struct Divisor {
  double value;
  double inverse;
  /** The norm is not above epsilon, which takes its place. */
  bool held;

  __device__ Divisor(int32_t p, double sum, double epsilon) {
    const double root = sqrt(sum);
    const double norm = p == 1 ? sum : root;
    held = norm <= epsilon;
    value = held ? epsilon : norm;
    // Of a line without length everything is 0.
    const double reciprocal = 1 / value;
    inverse = value == 0 ? 0 : reciprocal;
  }
  /** Whether f32 has room for the factors. */
  __device__ bool plain() const { return value > 1e-13 && value < 1e13; }
};

template <class T>
__device__ double sumOfLine(const Lines& lines, int64_t line, int64_t lane, int32_t p,
                            const T* input) {
  return sumOfProducts<T>([&](const auto& take) {
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) {
      const T x = input[at];
      take(p == 1 ? fabs(x) : x, p == 1 ? T(1) : x);
    });
  });
}

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    lpNormalize(Lines lines, int32_t p, double epsilon, const T* input, T* output) {
  VK_SHARED(double, shared, kLineThreads);
  lines.forEach([&](int64_t line, int64_t lane) {
    const double own = sumOfLine(lines, line, lane, p, input);
    const Divisor divisor(p, lines.reduce(own, shared, Plus()), epsilon);
    const bool plain = divisor.plain();
    const T factor = plain ? T(divisor.inverse) : T(0);
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) {
      const T x = input[at];
      output[at] = plain ? x * factor : T(double(x) * divisor.inverse);
    });
  });
}

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    lpNormalizeGradient(Lines lines, int32_t p, double epsilon, const T* input,
                        const T* outputGradient, T* inputGradient) {
  using Sums = Pair<double>;
  VK_SHARED(Sums, shared, kLineThreads);
  lines.forEach([&](int64_t line, int64_t lane) {
    Sums sums{sumOfLine(lines, line, lane, p, input), 0};
    sums.second = sumOfProducts<T>([&](const auto& take) {
      lines.forEachElement(line, lane,
                           [&](int64_t at, int64_t) { take(input[at], outputGradient[at]); });
    });
    sums = lines.reduce(sums, shared, Plus());
    const Divisor divisor(p, sums.first, epsilon);
    const bool plain = divisor.plain();
    const double inverse = divisor.inverse;
    // The part of the gradient that the norm has: times the sign, or times x / norm.
    const double share = divisor.held ? 0 : sums.second * inverse * inverse;
    const T plainInverse = plain ? T(inverse) : T(0);
    const T plainShare = plain ? T(p == 1 ? share : share * inverse) : T(0);
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) {
      const T x = input[at];
      const T g = outputGradient[at];
      const T slope = p == 2 ? x : x > 0 ? T(1) : x < 0 ? T(-1) : T(0);
      if (plain) {
        inputGradient[at] = g * plainInverse - slope * plainShare;
      } else {
        const double ofNorm = p == 2 ? double(x) * inverse : double(slope);
        inputGradient[at] = T(double(g) * inverse - ofNorm * share);
      }
    });
  });
}

template <class T>
void run(const LpNormalizeArgs& args, Context& context) {
  const Lines lines(args.sizes.outer, args.sizes.size, args.sizes.inner);
  if (lines.size() == 0) return;
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  if (args.outputGradient == nullptr) {
    launch(context, lines.grid(), lpNormalize<T>, lines, args.p, args.epsilon, input, output);
  } else {
    launch(context, lines.grid(), lpNormalizeGradient<T>, lines, args.p, args.epsilon, input,
           static_cast<const T*>(args.outputGradient), output);
  }
}

void runLpNormalize(const LpNormalizeArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) { run<decltype(number)>(args, context); });
}

}  // namespace

extern "C" CudaImplementations<LpNormalizeArgs> lp_normalizeCuda() {
  static const Implementation<LpNormalizeArgs> rows[] = {
      cuda::row<LpNormalizeArgs>(runLpNormalize)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<LpNormalizeArgs> lp_normalize_gradientCuda() {
  return lp_normalizeCuda();
}

}  // namespace vk::lp_normalize_cuda
