#include "bias_field/bias_field_solve.h"

#include <algorithm>
#include <cmath>

#include "bias_field/bias_field_math.h"

namespace vk {

void biasIntensities(const BiasBinSums* sums, int32_t bins, double* intensity, double* variance) {
  double pooled = 0, count = 0;
  for (int32_t k = 0; k < bins; ++k) {
    const BiasBinSums& s = sums[k];
    intensity[k] = s.fieldField > 0 ? s.valueField / s.fieldField : 0;
    // The mean of w e^2 with e = value - intensity field.
    const double squares =
        s.valueValue - 2 * intensity[k] * s.valueField + intensity[k] * intensity[k] * s.fieldField;
    variance[k] = s.count > 0 ? std::max(0.0, squares / s.count) : 0;
    pooled += variance[k] * s.count;
    count += s.count;
  }
  const double least = count > 0 ? kBiasLeastVariance * pooled / count : 0;
  for (int32_t k = 0; k < bins; ++k) variance[k] = std::max(variance[k], least);
}

bool biasStep(int32_t terms, int32_t stride, int32_t bins, double* normal, double* right,
              const double* cross, const double* bin, double* coefficients) {
  for (int32_t k = 0; k < bins; ++k) {
    if (!(bin[2 * k] > 0)) continue;
    const double* const v = cross + k * stride;
    for (int32_t i = 1; i < terms; ++i) {
      const double factor = v[i] / bin[2 * k];
      right[i] -= factor * bin[2 * k + 1];
      for (int32_t j = 1; j <= i; ++j) normal[i * stride + j] -= factor * v[j];
    }
  }
  const double prior = 1 / (kBiasPrior * kBiasPrior);
  for (int32_t i = 1; i < terms; ++i) {
    normal[i * stride + i] += prior;
    right[i] -= prior * coefficients[i];
  }
  // Cholesky; the constant term stays out, since the bins' intensities hold the scale.
  for (int32_t i = 1; i < terms; ++i) {
    for (int32_t j = 1; j <= i; ++j) {
      double sum = normal[i * stride + j];
      for (int32_t k = 1; k < j; ++k) sum -= normal[i * stride + k] * normal[j * stride + k];
      if (i == j) {
        if (!(sum > 0) || !std::isfinite(sum)) return false;
        normal[i * stride + i] = std::sqrt(sum);
      } else {
        normal[i * stride + j] = sum / normal[j * stride + j];
      }
    }
  }
  for (int32_t i = 1; i < terms; ++i) {
    for (int32_t k = 1; k < i; ++k) right[i] -= normal[i * stride + k] * right[k];
    right[i] /= normal[i * stride + i];
  }
  for (int32_t i = terms - 1; i >= 1; --i) {
    for (int32_t k = i + 1; k < terms; ++k) right[i] -= normal[k * stride + i] * right[k];
    right[i] /= normal[i * stride + i];
  }
  for (int32_t i = 1; i < terms; ++i) {
    if (!std::isfinite(right[i])) return false;
  }
  for (int32_t i = 1; i < terms; ++i) coefficients[i] += right[i];
  return true;
}

}  // namespace vk
