#include <cmath>
#include <vector>

#include "bias_field/bias_field.h"

namespace vk {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

double legendre(int n, double u) {
  switch (n) {
    case 0:
      return 1;
    case 1:
      return u;
    case 2:
      return (3 * u * u - 1) / 2;
    case 3:
      return (5 * u * u * u - 3 * u) / 2;
    case 4:
      return (35 * u * u * u * u - 30 * u * u + 3) / 8;
    default:
      return (63 * std::pow(u, 5) - 70 * std::pow(u, 3) + 15 * u) / 8;
  }
}

Vector termsAt(const BiasFieldPolynomial& polynomial, const double position[3]) {
  double u[3];
  for (int axis = 0; axis < 3; ++axis) {
    u[axis] = polynomial.scale[axis] * position[axis] + polynomial.offset[axis];
    u[axis] = std::fmin(1.0, std::fmax(-1.0, u[axis]));
  }
  Vector terms;
  for (int z = 0; z <= polynomial.degree; ++z) {
    for (int y = 0; y <= polynomial.degree - z; ++y) {
      for (int x = 0; x <= polynomial.degree - z - y; ++x) {
        terms.push_back(legendre(x, u[0]) * legendre(y, u[1]) * legendre(z, u[2]));
      }
    }
  }
  return terms;
}

double dot(const Vector& a, const double* b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/** Gaussian elimination with pivoting; false if the matrix is singular. */
bool solve(Matrix& a, Vector& b) {
  const size_t n = b.size();
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column; row < n; ++row) {
      if (std::fabs(a[row][column]) > std::fabs(a[pivot][column])) pivot = row;
    }
    std::swap(a[column], a[pivot]);
    std::swap(b[column], b[pivot]);
    if (!(std::fabs(a[column][column]) > 0)) return false;
    for (size_t row = column + 1; row < n; ++row) {
      const double factor = a[row][column] / a[column][column];
      for (size_t k = column; k < n; ++k) a[row][k] -= factor * a[column][k];
      b[row] -= factor * b[column];
    }
  }
  for (size_t row = n; row-- > 0;) {
    for (size_t k = row + 1; k < n; ++k) b[row] -= a[row][k] * b[k];
    b[row] /= a[row][row];
    if (!std::isfinite(b[row])) return false;
  }
  return true;
}

struct Sample {
  Vector terms;
  double value;
  size_t bin;
  double weight;
};

template <class T>
std::vector<Sample> samplesOf(const BiasFieldArgs& args) {
  const T* values = static_cast<const T*>(args.values);
  const T* reference = static_cast<const T*>(args.reference);
  const T* positions = static_cast<const T*>(args.positions);
  std::vector<Sample> samples;
  for (int64_t i = 0; i < args.count; ++i) {
    const double position[3] = {double(positions[i]), double(positions[args.count + i]),
                                double(positions[2 * args.count + i])};
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    if (!std::isfinite(values[i]) || !std::isfinite(reference[i])) continue;
    if (!std::isfinite(position[0] + position[1] + position[2])) continue;
    const double at = (double(reference[i]) - args.referenceMin) * args.bins /
                      (args.referenceMax - args.referenceMin);
    const double bin = std::floor(std::fmin(std::fmax(at, 0.0), args.bins - 1.0));
    samples.push_back({termsAt(args.polynomial, position), double(values[i]), size_t(bin), 1});
  }
  return samples;
}

template <class T>
void fit(const BiasFieldArgs& args) {
  constexpr double kFreedom = 4, kPriorPrecision = 4, kLeastVariance = 1e-3;
  double* c = args.coefficients;
  std::vector<Sample> samples = samplesOf<T>(args);
  const size_t bins = size_t(args.bins);
  const double nowhere[3] = {0, 0, 0};
  const size_t terms = termsAt(args.polynomial, nowhere).size();
  for (size_t t = 0; t < terms; ++t) c[t] = t == 0 ? 1 : 0;
  for (int iteration = 0; iteration < args.iterations; ++iteration) {
    // The intensity of each bin and its variance.
    Vector above(bins), below(bins), count(bins), intensity(bins), variance(bins);
    for (const Sample& s : samples) {
      const double b = dot(s.terms, c);
      above[s.bin] += s.weight * s.value * b;
      below[s.bin] += s.weight * b * b;
      count[s.bin] += 1;
    }
    for (size_t k = 0; k < bins; ++k) intensity[k] = below[k] > 0 ? above[k] / below[k] : 0;
    double pooled = 0;
    for (const Sample& s : samples) {
      const double e = s.value - intensity[s.bin] * dot(s.terms, c);
      variance[s.bin] += s.weight * e * e / count[s.bin];
      pooled += s.weight * e * e / double(samples.size());
    }
    for (double& v : variance) v = std::fmax(v, kLeastVariance * pooled);
    // Intensities and coefficients together.
    const size_t n = bins + terms - 1;
    Matrix a(n, Vector(n));
    Vector right(n);
    for (Sample& s : samples) {
      if (!(variance[s.bin] > 0)) continue;
      const double b = dot(s.terms, c);
      const double e = s.value - intensity[s.bin] * b;
      s.weight = (kFreedom + 1) / (kFreedom + e * e / variance[s.bin]);
      const double omega = s.weight / variance[s.bin];
      Vector row(n);
      row[s.bin] = b;
      for (size_t t = 1; t < terms; ++t) row[bins + t - 1] = intensity[s.bin] * s.terms[t];
      for (size_t i = 0; i < n; ++i) {
        if (row[i] == 0) continue;
        right[i] += omega * row[i] * e;
        for (size_t j = 0; j < n; ++j) a[i][j] += omega * row[i] * row[j];
      }
    }
    for (size_t k = 0; k < bins; ++k) {
      if (a[k][k] == 0) a[k][k] = 1;  // an empty bin
    }
    for (size_t t = 1; t < terms; ++t) {
      a[bins + t - 1][bins + t - 1] += kPriorPrecision;
      right[bins + t - 1] -= kPriorPrecision * c[t];
    }
    if (!solve(a, right)) break;
    for (size_t t = 1; t < terms; ++t) c[t] += right[bins + t - 1];
  }
  double sum = 0;
  for (const Sample& s : samples) sum += dot(s.terms, c);
  if (!(sum > 0)) {
    for (size_t t = 0; t < terms; ++t) c[t] = t == 0 ? 1 : 0;
    return;
  }
  for (size_t t = 0; t < terms; ++t) c[t] *= double(samples.size()) / sum;
}

template <class T>
void correct(const BiasFieldCorrectArgs& args) {
  const T* image = static_cast<const T*>(args.image);
  T* corrected = static_cast<T*>(args.corrected);
  int64_t i = 0;
  for (int64_t z = 0; z < args.depth; ++z) {
    for (int64_t y = 0; y < args.height; ++y) {
      for (int64_t x = 0; x < args.width; ++x, ++i) {
        const double position[3] = {double(x), double(y), double(z)};
        const double field = dot(termsAt(args.polynomial, position), args.coefficients);
        corrected[i] = T(double(image[i]) / std::fmin(4.0, std::fmax(0.25, field)));
      }
    }
  }
}

}  // namespace

void biasFieldReference(const BiasFieldArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    fit<double>(args);
  } else {
    fit<float>(args);
  }
}

void biasFieldCorrectReference(const BiasFieldCorrectArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    correct<double>(args);
  } else {
    correct<float>(args);
  }
}

}  // namespace vk
