#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "softmax/softmax_cpu.cpp"
#include "core/simd_begin.h"
#include "softmax/softmax.h"
#include "core/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Elements that are summed in f32 before f64 takes over; along a row, and along other axes. */
constexpr int64_t kRun = 4096;
constexpr int64_t kLines = 32;
constexpr int64_t kTile = AxisTasks::kTile;

/** Sum of term(i, vector) over a row; terms of lanes beyond its end do not count. */
template <class Term>
HWY_ATTR HWY_INLINE double rowSum(int64_t count, Term&& term) {
  const hn::ScalableTag<float> d;
  double total = 0;
  for (int64_t run = 0; run < count; run += kRun) {
    auto sum = hn::Zero(d);
    forEachVector(d, count - run < kRun ? count - run : kRun, [&](int64_t i, auto vector) HWY_ATTR {
      sum = hn::Add(sum, vector.only(term(run + i, vector), hn::Zero(d)));
    });
    total += double(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
  return total;
}

HWY_ATTR float logOfSum(double sum) {
  const hn::CappedTag<float, 1> one;
  return hn::GetLane(logOf(one, hn::Set(one, float(sum))));
}

HWY_ATTR void softmaxRow(const SoftmaxArgs& args, int64_t first) {
  const hn::ScalableTag<float> d;
  const float* const x = static_cast<const float*>(args.input) + first;
  float* const y = static_cast<float*>(args.output) + first;
  auto most = hn::Set(d, -__builtin_inff());
  forEachVector(d, args.sizes.size, [&](int64_t i, auto vector) HWY_ATTR {
    most = hn::Max(vector.only(vector.load(x + i), most), most);
  });
  const auto largest = hn::MaxOfLanes(d, most);
  const double sum = rowSum(args.sizes.size, [&](int64_t i, const auto& vector) HWY_ATTR {
    const auto e = expOf(d, hn::Sub(vector.load(x + i), largest));
    if (!args.logarithm) vector.store(e, y + i);
    return e;
  });
  if (args.logarithm) {
    const auto log = hn::Set(d, logOfSum(sum));
    forEachVector(d, args.sizes.size, [&](int64_t i, auto vector) HWY_ATTR {
      vector.store(hn::Sub(hn::Sub(vector.load(x + i), largest), log), y + i);
    });
  } else {
    const auto inverse = hn::Set(d, float(1 / sum));
    forEachVector(d, args.sizes.size, [&](int64_t i, auto vector) HWY_ATTR {
      vector.store(hn::Mul(vector.load(y + i), inverse), y + i);
    });
  }
}

/** Running results of the positions of a tile: f32 sums of a few lines, added up in f64. */
struct Sums {
  HWY_ALIGN float few[kTile];
  HWY_ALIGN double all[kTile];

  HWY_ATTR void clear(int64_t width) {
    for (int64_t i = 0; i < width; ++i) {
      few[i] = 0;
      all[i] = 0;
    }
  }
  /** After line k of `lines`. */
  HWY_ATTR void settle(int64_t k, int64_t lines, int64_t width) {
    if ((k + 1) % kLines != 0 && k + 1 != lines) return;
    for (int64_t i = 0; i < width; ++i) {
      all[i] += double(few[i]);
      few[i] = 0;
    }
  }
};

HWY_ATTR void softmaxTile(const SoftmaxArgs& args, int64_t first, int64_t width) {
  const hn::ScalableTag<float> d;
  const float* const x = static_cast<const float*>(args.input) + first;
  float* const y = static_cast<float*>(args.output) + first;
  const int64_t lines = args.sizes.size;
  const int64_t stride = args.sizes.inner;
  HWY_ALIGN float most[kTile];
  for (int64_t i = 0; i < width; ++i) most[i] = x[i];
  for (int64_t k = 1; k < lines; ++k) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      vector.store(hn::Max(vector.load(x + k * stride + i), vector.load(most + i)), most + i);
    });
  }
  Sums sums;
  sums.clear(width);
  for (int64_t k = 0; k < lines; ++k) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      const auto e = expOf(d, hn::Sub(vector.load(x + k * stride + i), vector.load(most + i)));
      if (!args.logarithm) vector.store(e, y + k * stride + i);
      vector.store(hn::Add(vector.load(sums.few + i), e), sums.few + i);
    });
    sums.settle(k, lines, width);
  }
  // The sum's logarithm or its inverse.
  float* const last = sums.few;
  for (int64_t i = 0; i < width; ++i) {
    last[i] = float(args.logarithm ? sums.all[i] : 1 / sums.all[i]);
  }
  if (args.logarithm) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      vector.store(logOf(d, vector.load(last + i)), last + i);
    });
  }
  for (int64_t k = 0; k < lines; ++k) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      const int64_t at = k * stride + i;
      vector.store(args.logarithm ? hn::Sub(hn::Sub(vector.load(x + at), vector.load(most + i)),
                                            vector.load(last + i))
                                  : hn::Mul(vector.load(y + at), vector.load(last + i)),
                   y + at);
    });
  }
}

/** g - e^y sum of g, or y (g - sum of g y). */
template <class D, class V>
HWY_ATTR HWY_INLINE V backward(D d, bool logarithm, V y, V g, V sum) {
  return logarithm ? hn::NegMulAdd(expOf(d, y), sum, g) : hn::Mul(y, hn::Sub(g, sum));
}

HWY_ATTR void gradientRow(const SoftmaxArgs& args, int64_t first) {
  const hn::ScalableTag<float> d;
  const float* const y = static_cast<const float*>(args.input) + first;
  const float* const g = static_cast<const float*>(args.outputGradient) + first;
  float* const result = static_cast<float*>(args.output) + first;
  const double total = rowSum(args.sizes.size, [&](int64_t i, const auto& vector) HWY_ATTR {
    const auto gradient = vector.load(g + i);
    return args.logarithm ? gradient : hn::Mul(gradient, vector.load(y + i));
  });
  const auto sum = hn::Set(d, float(total));
  forEachVector(d, args.sizes.size, [&](int64_t i, auto vector) HWY_ATTR {
    vector.store(backward(d, args.logarithm, vector.load(y + i), vector.load(g + i), sum),
                 result + i);
  });
}

HWY_ATTR void gradientTile(const SoftmaxArgs& args, int64_t first, int64_t width) {
  const hn::ScalableTag<float> d;
  const float* const y = static_cast<const float*>(args.input) + first;
  const float* const g = static_cast<const float*>(args.outputGradient) + first;
  float* const result = static_cast<float*>(args.output) + first;
  const int64_t lines = args.sizes.size;
  const int64_t stride = args.sizes.inner;
  Sums sums;
  sums.clear(width);
  for (int64_t k = 0; k < lines; ++k) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      const auto gradient = vector.load(g + k * stride + i);
      const auto term =
          args.logarithm ? gradient : hn::Mul(gradient, vector.load(y + k * stride + i));
      vector.store(hn::Add(vector.load(sums.few + i), term), sums.few + i);
    });
    sums.settle(k, lines, width);
  }
  for (int64_t i = 0; i < width; ++i) sums.few[i] = float(sums.all[i]);
  for (int64_t k = 0; k < lines; ++k) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      const int64_t at = k * stride + i;
      vector.store(backward(d, args.logarithm, vector.load(y + at), vector.load(g + at),
                            vector.load(sums.few + i)),
                   result + at);
    });
  }
}

}  // namespace

void softmaxCpu(const SoftmaxArgs& args, Context& context, const Workspace&) {
  const AxisTasks tasks(args.sizes);
  parallelFor(context, tasks.count(), [&](int64_t task) HWY_ATTR {
    if (!tasks.rows()) return softmaxTile(args, tasks.tileBegin(task), tasks.tileWidth(task));
    const Range rows = tasks.rowsOf(task);
    for (int64_t row = rows.begin; row < rows.end; ++row) softmaxRow(args, row * args.sizes.size);
  });
}

void softmaxGradientCpu(const SoftmaxArgs& args, Context& context, const Workspace&) {
  const AxisTasks tasks(args.sizes);
  parallelFor(context, tasks.count(), [&](int64_t task) HWY_ATTR {
    if (!tasks.rows()) return gradientTile(args, tasks.tileBegin(task), tasks.tileWidth(task));
    const Range rows = tasks.rowsOf(task);
    for (int64_t row = rows.begin; row < rows.end; ++row) gradientRow(args, row * args.sizes.size);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(softmaxCpu);
VK_SIMD_TABLE(softmaxGradientCpu);

}  // namespace vk
#endif
