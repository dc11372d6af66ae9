// The small dense algebra of one step, by one block: the bins' intensities are eliminated, and what
// is left is solved by Cholesky.
#pragma once

#include "bias_field/bias_field_cuda_fit.h"

namespace vk::cuda {

/** The system of the coefficients but the first, whose scale the intensities hold: the lower
 * triangle in rows 1 to terms - 1, the right-hand side as row `terms`, on which Cholesky does the
 * forward substitution. */
struct BiasSystem {
  double* matrix;
  /** One over the square roots of the pivots. */
  double* inverse;
  int terms;

  __device__ double& at(int row, int column) const { return matrix[row * kBiasMostTerms + column]; }
  /** body(row, column) for this thread's entries from column `first` on. */
  template <class Body>
  __device__ void forEntries(int first, const Body& body) const {
    const int columns = terms - first;
    for (int i = int(threadIdx.x); i < (columns + 1) * columns; i += kFitThreads) {
      const int row = first + i / columns, column = first + i % columns;
      if (column <= row) body(row, column);
    }
  }
};

/** Cholesky in place; false, for every thread, where the matrix is not positive definite. The
 * diagonal stays as it is before its root. */
__device__ inline bool biasFactorise(const BiasSystem& system) {
  for (int j = 1; j < system.terms; ++j) {
    const double pivot = system.at(j, j);
    if (!(pivot > 0) || pivot - pivot != 0) return false;
    const double inverse = 1 / sqrt(pivot);
    if (threadIdx.x == 0) system.inverse[j] = inverse;
    for (int i = j + 1 + int(threadIdx.x); i <= system.terms; i += kFitThreads) {
      system.at(i, j) *= inverse;
    }
    __syncthreads();
    system.forEntries(j + 1, [&](int row, int column) {
      system.at(row, column) -= system.at(row, j) * system.at(column, j);
    });
    __syncthreads();
  }
  return true;
}

/** What is left of the solution, for the thread of its number. */
__device__ inline double biasSubstitute(const BiasSystem& system) {
  const int own = int(threadIdx.x);
  double solution = 0;
  for (int j = system.terms - 1; j >= 1; --j) {
    const double value = system.at(system.terms, j) * system.inverse[j];
    if (own == j) solution = value;
    if (own >= 1 && own < j) system.at(system.terms, own) -= system.at(j, own) * value;
    __syncthreads();
  }
  return solution;
}

__global__ static void __launch_bounds__(kFitThreads) biasStepOfAll(BiasFit fit) {
  VK_SHARED(double, matrix, (kBiasMostTerms + 1) * kBiasMostTerms);
  VK_SHARED(double, inverse, kBiasMostTerms);
  if (*fit.stopped != 0) return;
  const BiasSystem system{matrix, inverse, fit.terms};
  constexpr double kPrior = 1 / (kBiasPrior * kBiasPrior);
  system.forEntries(1, [&](int row, int column) {
    const bool isRight = row == fit.terms;
    double sum = fit.normal[row * (row + 1) / 2 + column];
    for (int32_t k = 0; k < fit.bins; ++k) {
      const double square = fit.squares[k].square;
      if (!(square > 0)) continue;
      const double* const cross = fit.cross + k * fit.terms;
      sum -= (isRight ? fit.squares[k].right : cross[row]) * (cross[column] / square);
    }
    if (isRight) sum -= kPrior * fit.coefficients[column];
    system.at(row, column) = row == column ? sum + kPrior : sum;
  });
  __syncthreads();
  const bool factorised = biasFactorise(system);
  const double change = factorised ? biasSubstitute(system) : 0;
  const bool solved = __syncthreads_and(factorised && change - change == 0) != 0;
  const int t = int(threadIdx.x);
  if (solved && t >= 1 && t < fit.terms) fit.coefficients[t] += change;
  if (!solved && t == 0) *fit.stopped = 1;
}

/** The mean of the field over the samples becomes 1. */
__global__ static void __launch_bounds__(kFitThreads) biasScaleToOne(BiasFit fit) {
  VK_SHARED(double, shared, kFitThreads / kWarpSize);
  VK_SHARED(double, total, 1);
  double own = 0;
  for (int64_t i = threadIdx.x; i < fit.counted(); i += kFitThreads) own += fit.field[i];
  own = blockSum<kFitThreads>(own, shared);
  if (threadIdx.x == 0) total[0] = own;
  __syncthreads();
  const double sum = total[0];
  const int32_t t = int32_t(threadIdx.x);
  if (t >= fit.terms) return;
  if (sum > 0) {
    fit.coefficients[t] *= double(fit.counted()) / sum;
  } else {
    fit.coefficients[t] = t == 0 ? 1 : 0;
  }
}

}  // namespace vk::cuda
