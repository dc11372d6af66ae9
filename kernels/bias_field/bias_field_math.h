// What the CPU and CUDA kernels of the bias field share.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace vk {

constexpr int32_t kBiasMostDegree = 5;
constexpr int32_t kBiasMostTerms = 56;
/** Of Student's t distribution of the residuals. */
constexpr double kBiasFreedom = 4;
/** Standard deviation of the coefficients before anything is seen. */
constexpr double kBiasPrior = 0.5;
/** A bin's variance is no less than this part of the pooled one. */
constexpr double kBiasLeastVariance = 1e-3;
/** The field is kept between 1 / this and this. */
constexpr double kBiasLimit = 4;

/** Terms of a polynomial in three variables of this total degree. */
VK_HD constexpr int32_t biasTerms(int32_t degree) {
  return (degree + 1) * (degree + 2) * (degree + 3) / 6;
}

/** P_n(u), n >= 2, from the two Legendre polynomials before it. */
template <class T>
VK_HD inline T biasNextLegendre(int32_t n, T u, T previous, T beforePrevious) {
  return (T(2 * n - 1) * u * previous - T(n - 1) * beforePrevious) / T(n);
}

/** Legendre polynomials P_0 .. P_degree at u. */
template <class T>
inline void biasLegendre(T u, int32_t degree, T* p) {
  p[0] = T(1);
  if (degree > 0) p[1] = u;
  for (int32_t n = 2; n <= degree; ++n) p[n] = biasNextLegendre(n, u, p[n - 1], p[n - 2]);
}

/** Weight of a residual, in units of its deviation: the EM step of Student's t distribution. */
VK_HD inline double biasWeight(double squaredResidual) {
  return (kBiasFreedom + 1) / (kBiasFreedom + squaredResidual);
}

}  // namespace vk
