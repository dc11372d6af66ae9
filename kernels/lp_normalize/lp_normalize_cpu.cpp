#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lp_normalize/lp_normalize_cpu.cpp"
#include "core/simd_begin.h"
#include "lp_normalize/lp_normalize.h"
#include "core/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t kTile = AxisTasks::kTile;

/** Of one line: the sum that the norm is of, and of the gradient the products with the input. */
struct LineSums {
  double norm;
  double product;
};

/** What a line's elements are multiplied by: x forward, or backward g `ofGradient` + dnorm/dx
 * `ofSlope`, where dnorm/dx is x or its sign. */
struct LineFactors {
  float ofGradient;
  float ofSlope;
};

HWY_ATTR LineFactors factorsOf(const LpNormalizeArgs& args, const LineSums& sums) {
  const double norm = args.p == 1 ? sums.norm : __builtin_sqrt(sums.norm);
  const bool held = norm <= args.epsilon;
  const double divisor = held ? args.epsilon : norm;
  if (divisor == 0) return {0, 0};
  const double inverse = 1 / divisor;
  const double slope = args.p == 1 ? inverse * inverse : inverse * inverse * inverse;
  return {float(inverse), held ? 0.0f : float(-sums.product * slope)};
}

template <class D, class V>
HWY_ATTR HWY_INLINE V normalized(D d, const LpNormalizeArgs& args, V x, V g, V ofGradient,
                                 V ofSlope) {
  if (args.outputGradient == nullptr) return hn::Mul(x, ofGradient);
  const V one = hn::Set(d, 1.0f);
  const V sign = hn::IfThenZeroElse(hn::Eq(x, hn::Zero(d)), hn::CopySign(one, x));
  return hn::MulAdd(args.p == 1 ? sign : x, ofSlope, hn::Mul(g, ofGradient));
}

/** In f64, which holds every square of f32. */
HWY_ATTR LineSums rowSums(const LpNormalizeArgs& args, const float* x, const float* g) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto norm = hn::Zero(d);
  auto product = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= args.sizes.size; i += lanes) {
    const auto value = hn::PromoteTo(d, hn::LoadU(df, x + i));
    norm = args.p == 1 ? hn::Add(norm, hn::Abs(value)) : hn::MulAdd(value, value, norm);
    if (g != nullptr) product = hn::MulAdd(value, hn::PromoteTo(d, hn::LoadU(df, g + i)), product);
  }
  LineSums sums{hn::GetLane(hn::SumOfLanes(d, norm)), hn::GetLane(hn::SumOfLanes(d, product))};
  for (; i < args.sizes.size; ++i) {
    const double value = double(x[i]);
    sums.norm += args.p == 1 ? __builtin_fabs(value) : value * value;
    if (g != nullptr) sums.product += value * double(g[i]);
  }
  return sums;
}

HWY_ATTR void normalizeRow(const LpNormalizeArgs& args, int64_t first) {
  const hn::ScalableTag<float> d;
  const float* const x = static_cast<const float*>(args.input) + first;
  const float* const g = args.outputGradient == nullptr
                             ? nullptr
                             : static_cast<const float*>(args.outputGradient) + first;
  float* const y = static_cast<float*>(args.output) + first;
  const LineFactors factors = factorsOf(args, rowSums(args, x, g));
  const auto ofGradient = hn::Set(d, factors.ofGradient);
  const auto ofSlope = hn::Set(d, factors.ofSlope);
  forEachVector(d, args.sizes.size, [&](int64_t i, auto vector) HWY_ATTR {
    const auto gradient = g == nullptr ? hn::Zero(d) : vector.load(g + i);
    vector.store(normalized(d, args, vector.load(x + i), gradient, ofGradient, ofSlope), y + i);
  });
}

HWY_ATTR void normalizeTile(const LpNormalizeArgs& args, int64_t first, int64_t width) {
  const hn::ScalableTag<float> d;
  const float* const x = static_cast<const float*>(args.input) + first;
  const float* const g = args.outputGradient == nullptr
                             ? nullptr
                             : static_cast<const float*>(args.outputGradient) + first;
  float* const y = static_cast<float*>(args.output) + first;
  const int64_t stride = args.sizes.inner;
  double norm[kTile];
  double product[kTile];
  for (int64_t i = 0; i < width; ++i) norm[i] = product[i] = 0;
  // Plain loops, which the compiler makes vectors of.
  for (int64_t k = 0; k < args.sizes.size; ++k) {
    const float* const line = x + k * stride;
    if (args.p == 1) {
      for (int64_t i = 0; i < width; ++i) norm[i] += __builtin_fabs(double(line[i]));
    } else {
      for (int64_t i = 0; i < width; ++i) norm[i] += double(line[i]) * double(line[i]);
    }
    if (g == nullptr) continue;
    const float* const gradient = g + k * stride;
    for (int64_t i = 0; i < width; ++i) product[i] += double(line[i]) * double(gradient[i]);
  }
  HWY_ALIGN float ofGradient[kTile];
  HWY_ALIGN float ofSlope[kTile];
  for (int64_t i = 0; i < width; ++i) {
    const LineFactors factors = factorsOf(args, {norm[i], product[i]});
    ofGradient[i] = factors.ofGradient;
    ofSlope[i] = factors.ofSlope;
  }
  for (int64_t k = 0; k < args.sizes.size; ++k) {
    forEachVector(d, width, [&](int64_t i, auto vector) HWY_ATTR {
      const int64_t at = k * stride + i;
      const auto gradient = g == nullptr ? hn::Zero(d) : vector.load(g + at);
      vector.store(normalized(d, args, vector.load(x + at), gradient, vector.load(ofGradient + i),
                              vector.load(ofSlope + i)),
                   y + at);
    });
  }
}

}  // namespace

void lpNormalizeCpu(const LpNormalizeArgs& args, Context& context, const Workspace&) {
  const AxisTasks tasks(args.sizes);
  parallelFor(context, tasks.count(), [&](int64_t task) HWY_ATTR {
    if (!tasks.rows()) return normalizeTile(args, tasks.tileBegin(task), tasks.tileWidth(task));
    const Range rows = tasks.rowsOf(task);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      normalizeRow(args, row * args.sizes.size);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(lpNormalizeCpu);

}  // namespace vk
#endif
