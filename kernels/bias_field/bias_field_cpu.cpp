#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bias_field/bias_field_cpu.cpp"
#include "core/simd_begin.h"
//
#include "bias_field/bias_field.h"
#include "bias_field/bias_field_math.h"
#include "bias_field/bias_field_solve.h"
#include "core/carve.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

constexpr int64_t kChunk = 4096;
/** Terms of a row, padded to whole vectors of every instruction set. */
constexpr int64_t kStride = (kBiasMostTerms + 7) / 8 * 8;

/** Everything the fit keeps between its passes. */
struct Fit {
  int32_t* bin;
  double* field;
  double* weight;
  double* intensity;
  double* variance;
  /** A chunk each. */
  BiasBinSums* sums;
  double* normal;
  double* right;
  double* cross;
  double* square;
  int64_t bytes;

  Fit(void* base, const BiasFieldArgs& args) {
    const int64_t chunks = chunkCount(args.count, kChunk);
    Carver carver(base);
    bin = carver.take<int32_t>(args.count);
    field = carver.take<double>(args.count);
    weight = carver.take<double>(args.count);
    intensity = carver.take<double>(args.bins);
    variance = carver.take<double>(args.bins);
    sums = carver.take<BiasBinSums>(chunks * args.bins);
    normal = carver.take<double>(chunks * biasTerms(args.polynomial.degree) * kStride);
    right = carver.take<double>(chunks * kStride);
    cross = carver.take<double>(chunks * args.bins * kStride);
    square = carver.take<double>(chunks * args.bins * 2);
    bytes = carver.bytes();
  }
};

/** The terms of the polynomial at one position, in the order that the contract gives. */
HWY_ATTR void termsAt(const BiasFieldArgs& args, int64_t i, double* terms) {
  const float* const positions = static_cast<const float*>(args.positions);
  const int32_t degree = args.polynomial.degree;
  double p[3][kBiasMostDegree + 1];
  for (int axis = 0; axis < 3; ++axis) {
    double u = args.polynomial.scale[axis] * double(positions[axis * args.count + i]) +
               args.polynomial.offset[axis];
    u = u < -1 ? -1 : u > 1 ? 1 : u;
    biasLegendre(u, degree, p[axis]);
  }
  int32_t t = 0;
  for (int32_t z = 0; z <= degree; ++z) {
    for (int32_t y = 0; y + z <= degree; ++y) {
      const double zy = p[2][z] * p[1][y];
      for (int32_t x = 0; x + y + z <= degree; ++x) terms[t++] = zy * p[0][x];
    }
  }
}

HWY_ATTR bool finite(double v) { return v - v == 0; }

/** Bins of the samples, -1 for those that do not count; a field of 1 and weights of 1. */
HWY_ATTR void prepareChunk(const BiasFieldArgs& args, const Fit& fit, int64_t begin, int64_t end) {
  const float* const values = static_cast<const float*>(args.values);
  const float* const reference = static_cast<const float*>(args.reference);
  const float* const positions = static_cast<const float*>(args.positions);
  const double binsPerUnit = args.bins / (args.referenceMax - args.referenceMin);
  for (int64_t i = begin; i < end; ++i) {
    fit.field[i] = 1;
    fit.weight[i] = 1;
    const bool counts = (args.mask == nullptr || args.mask[i] != 0) && finite(values[i]) &&
                        finite(reference[i]) && finite(positions[i]) &&
                        finite(positions[args.count + i]) && finite(positions[2 * args.count + i]);
    double at = (double(reference[i]) - args.referenceMin) * binsPerUnit;
    at = at < 0 ? 0 : at > args.bins - 1 ? args.bins - 1 : at;
    fit.bin[i] = counts ? static_cast<int32_t>(at) : -1;
  }
}

/** The field under the coefficients, unless they are null, and the sums of the bins. */
HWY_ATTR void binChunk(const BiasFieldArgs& args, const Fit& fit, const double* coefficients,
                       int64_t begin, int64_t end, BiasBinSums* sums) {
  const float* const values = static_cast<const float*>(args.values);
  const int32_t terms = biasTerms(args.polynomial.degree);
  double term[kStride];
  for (int32_t k = 0; k < args.bins; ++k) sums[k] = {0, 0, 0, 0, 0};
  for (int64_t i = begin; i < end; ++i) {
    if (fit.bin[i] < 0) continue;
    if (coefficients != nullptr) {
      termsAt(args, i, term);
      double field = 0;
      for (int32_t t = 0; t < terms; ++t) field += coefficients[t] * term[t];
      fit.field[i] = field;
    }
    BiasBinSums& s = sums[fit.bin[i]];
    const double v = values[i], w = fit.weight[i], b = fit.field[i];
    s.count += 1;
    s.weight += w;
    s.valueValue += w * v * v;
    s.valueField += w * v * b;
    s.fieldField += w * b * b;
  }
}

/** New weights, and the normal equations of a step. */
HWY_ATTR void normalChunk(const BiasFieldArgs& args, const Fit& fit, int64_t chunk, int64_t begin,
                          int64_t end) {
  const hn::CappedTag<double, 8> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* const values = static_cast<const float*>(args.values);
  const int32_t terms = biasTerms(args.polynomial.degree);
  double* const normal = fit.normal + chunk * terms * kStride;
  double* const right = fit.right + chunk * kStride;
  double* const cross = fit.cross + chunk * args.bins * kStride;
  double* const square = fit.square + chunk * args.bins * 2;
  for (int64_t k = 0; k < terms * kStride; ++k) normal[k] = 0;
  for (int64_t k = 0; k < kStride; ++k) right[k] = 0;
  for (int64_t k = 0; k < args.bins * kStride; ++k) cross[k] = 0;
  for (int64_t k = 0; k < args.bins * 2; ++k) square[k] = 0;
  alignas(64) double term[kStride] = {};
  for (int64_t i = begin; i < end; ++i) {
    const int32_t k = fit.bin[i];
    if (k < 0 || !(fit.variance[k] > 0)) continue;
    const double phi = fit.intensity[k], b = fit.field[i];
    const double e = values[i] - phi * b;
    fit.weight[i] = biasWeight(e * e / fit.variance[k]);
    const double omega = fit.weight[i] / fit.variance[k];
    termsAt(args, i, term);
    square[2 * k] += omega * b * b;
    square[2 * k + 1] += omega * b * e;
    const auto alongRight = hn::Set(d, omega * phi * e);
    const auto alongCross = hn::Set(d, omega * phi * b);
    for (int64_t t = 0; t < terms; t += lanes) {
      const auto at = hn::Load(d, term + t);
      hn::StoreU(hn::MulAdd(alongRight, at, hn::LoadU(d, right + t)), d, right + t);
      double* const c = cross + k * kStride + t;
      hn::StoreU(hn::MulAdd(alongCross, at, hn::LoadU(d, c)), d, c);
    }
    for (int32_t row = 1; row < terms; ++row) {
      // The lower triangle, its last vector whole.
      const auto factor = hn::Set(d, omega * phi * phi * term[row]);
      double* const n = normal + row * kStride;
      for (int64_t t = 0; t <= row; t += lanes) {
        hn::StoreU(hn::MulAdd(factor, hn::Load(d, term + t), hn::LoadU(d, n + t)), d, n + t);
      }
    }
  }
}

/** Adds every chunk's numbers to the first one's, in order. */
HWY_ATTR void addChunks(double* numbers, int64_t chunks, int64_t each) {
  for (int64_t chunk = 1; chunk < chunks; ++chunk) {
    for (int64_t k = 0; k < each; ++k) numbers[k] += numbers[chunk * each + k];
  }
}

}  // namespace

void biasFieldCpu(const BiasFieldArgs& args, Context& context, const Workspace& workspace) {
  const Fit fit(workspace.data, args);
  const int64_t chunks = chunkCount(args.count, kChunk);
  const int32_t terms = biasTerms(args.polynomial.degree);
  double* const c = args.coefficients;
  for (int32_t t = 0; t < terms; ++t) c[t] = t == 0 ? 1 : 0;
  if (args.count == 0) return;
  const auto each = [&](auto&& body) HWY_ATTR {
    parallelFor(context, chunks, [&](int64_t chunk) HWY_ATTR {
      const Range range = chunkRange(args.count, kChunk, chunk);
      body(chunk, range.begin, range.end);
    });
  };
  const auto bins = [&](const double* coefficients) HWY_ATTR {
    each([&](int64_t chunk, int64_t begin, int64_t end) HWY_ATTR {
      binChunk(args, fit, coefficients, begin, end, fit.sums + chunk * args.bins);
    });
    constexpr int64_t kNumbers = sizeof(BiasBinSums) / sizeof(double);
    addChunks(&fit.sums->count, chunks, args.bins * kNumbers);
    biasIntensities(fit.sums, args.bins, fit.intensity, fit.variance);
  };
  each([&](int64_t, int64_t begin, int64_t end) HWY_ATTR { prepareChunk(args, fit, begin, end); });
  for (int32_t iteration = 0; iteration < args.iterations; ++iteration) {
    bins(iteration == 0 ? nullptr : c);
    each([&](int64_t chunk, int64_t begin, int64_t end)
             HWY_ATTR { normalChunk(args, fit, chunk, begin, end); });
    addChunks(fit.normal, chunks, terms * kStride);
    addChunks(fit.right, chunks, kStride);
    addChunks(fit.cross, chunks, args.bins * kStride);
    addChunks(fit.square, chunks, args.bins * 2);
    if (!biasStep(terms, kStride, args.bins, fit.normal, fit.right, fit.cross, fit.square, c))
      break;
  }
  // The mean of the field over the samples becomes 1.
  bins(c);
  double sum = 0, count = 0;
  for (int64_t i = 0; i < args.count; ++i) {
    if (fit.bin[i] < 0) continue;
    sum += fit.field[i];
    count += 1;
  }
  if (!(sum > 0)) {
    for (int32_t t = 0; t < terms; ++t) c[t] = t == 0 ? 1 : 0;
    return;
  }
  for (int32_t t = 0; t < terms; ++t) c[t] *= count / sum;
}

int64_t biasFieldBytes(const BiasFieldArgs& args) { return Fit(nullptr, args).bytes; }

void biasFieldCorrectCpu(const BiasFieldCorrectArgs& args, Context& context,
                         const Workspace& workspace) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int32_t degree = args.polynomial.degree;
  const float* const image = static_cast<const float*>(args.image);
  float* const corrected = static_cast<float*>(args.corrected);
  // Legendre polynomials along x, a row each: (degree + 1, width).
  float* const alongX = workspace.as<float>();
  const auto at = [&](int axis, int64_t i) HWY_ATTR {
    const double u = args.polynomial.scale[axis] * double(i) + args.polynomial.offset[axis];
    return u < -1 ? -1 : u > 1 ? 1 : u;
  };
  double p[kBiasMostDegree + 1];
  for (int64_t x = 0; x < args.width; ++x) {
    biasLegendre(at(0, x), degree, p);
    for (int32_t n = 0; n <= degree; ++n) alongX[n * args.width + x] = float(p[n]);
  }
  parallelFor(context, args.depth, [&](int64_t z) HWY_ATTR {
    double pz[kBiasMostDegree + 1], py[kBiasMostDegree + 1];
    biasLegendre(at(2, z), degree, pz);
    for (int64_t y = 0; y < args.height; ++y) {
      biasLegendre(at(1, y), degree, py);
      float q[kBiasMostDegree + 1];
      double sums[kBiasMostDegree + 1] = {};
      int32_t t = 0;
      for (int32_t c = 0; c <= degree; ++c) {
        for (int32_t b = 0; b + c <= degree; ++b) {
          for (int32_t a = 0; a + b + c <= degree; ++a) {
            sums[a] += pz[c] * py[b] * args.coefficients[t++];
          }
        }
      }
      for (int32_t a = 0; a <= degree; ++a) q[a] = float(sums[a]);
      const int64_t row = (z * args.height + y) * args.width;
      const auto low = hn::Set(d, float(1 / kBiasLimit));
      const auto high = hn::Set(d, float(kBiasLimit));
      int64_t x = 0;
      for (; x + lanes <= args.width; x += lanes) {
        auto field = hn::Set(d, q[0]);
        for (int32_t a = 1; a <= degree; ++a) {
          field = hn::MulAdd(hn::Set(d, q[a]), hn::LoadU(d, alongX + a * args.width + x), field);
        }
        field = hn::Min(hn::Max(field, low), high);
        hn::StoreU(hn::Div(hn::LoadU(d, image + row + x), field), d, corrected + row + x);
      }
      for (; x < args.width; ++x) {
        float field = q[0];
        for (int32_t a = 1; a <= degree; ++a) field += q[a] * alongX[a * args.width + x];
        const float least = float(1 / kBiasLimit), most = float(kBiasLimit);
        field = field < least ? least : field > most ? most : field;
        corrected[row + x] = image[row + x] / field;
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(biasFieldCpu);
VK_SIMD_TABLE(biasFieldCorrectCpu);

int64_t biasFieldCpuWorkspaceBytes(const BiasFieldArgs& args) {
  return HWY_STATIC_DISPATCH(biasFieldBytes)(args);
}

int64_t biasFieldCorrectCpuWorkspaceBytes(const BiasFieldCorrectArgs& args) {
  return (args.polynomial.degree + 1) * args.width * static_cast<int64_t>(sizeof(float));
}

}  // namespace vk
#endif
