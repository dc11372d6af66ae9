// The kernels of a step of the fit. Samples are sorted by their bins, so that a block sums over one
// bin without atomics; the sums of all samples are cut into chunks, which are added in order.
#pragma once

#include "bias_field/bias_field.h"
#include "bias_field/bias_field_math.h"
#include "cuda/elements.h"

namespace vk::cuda {

constexpr int kFitThreads = 256;
/** Of a bin's block: one a term, and a bin has few hundred samples. */
constexpr int kBinThreads = 64;
/** Samples of a block of the normal equations, and those whose terms lie in shared memory. */
constexpr int64_t kFitChunk = 512;
constexpr int kFitTile = 32;
/** Entries of the lower triangle of the normal equations that a thread adds up. */
constexpr int kFitEntries = kBiasMostTerms * (kBiasMostTerms + 1) / 2;
constexpr int kFitEach = (kFitEntries + kFitThreads - 1) / kFitThreads;
static_assert(kFitThreads == 4 * 64 && kBiasMostTerms <= kBinThreads);

struct BiasBin {
  double intensity;
  /** Before it is held against the pooled one. */
  double variance;
};

struct BiasSquares {
  /** The bin's own square, and its right-hand side. */
  double square;
  double right;
};

/** What the passes keep; samples are in the order of their bins. */
struct BiasFit {
  int64_t count;
  int32_t degree;
  int32_t terms;
  int32_t bins;
  int64_t chunks;
  double* coefficients;
  const uint32_t* bin;
  const int64_t* starts;
  const double* value;
  /** (3, degree + 1, count): x, y, z. */
  const double* legendre;
  double* field;
  double* weight;
  double* omega;
  BiasBin* ofBin;
  BiasSquares* squares;
  /** (bins, terms): of each bin's intensity with the coefficients. */
  double* cross;
  /** Of each chunk, and of all: the lower triangle row by row, then the right-hand side. */
  double* partials;
  double* normal;
  /** The pooled variance's part that a bin's has at least. */
  double* leastVariance;
  int32_t* stopped;

  __device__ int64_t counted() const { return starts[bins]; }
  __device__ double factor(int axis, int32_t n, int64_t sample) const {
    return legendre[(axis * (degree + 1) + n) * count + sample];
  }
  __device__ int32_t sums() const { return terms * (terms + 1) / 2 + terms; }
};

/** Degrees along x, y, z of a term. */
struct BiasTerm {
  int32_t n[3];
};

__device__ inline BiasTerm biasTerm(int32_t degree, int32_t t) {
  BiasTerm term{};
  for (int32_t z = 0; z <= degree; ++z) {
    for (int32_t y = 0; y + z <= degree; ++y) {
      const int32_t along = degree - y - z + 1;
      if (t < along) return {{t, y, z}};
      t -= along;
    }
  }
  return term;
}

__device__ inline double termAt(const BiasFit& fit, const BiasTerm& term, int64_t sample) {
  return fit.factor(2, term.n[2], sample) * fit.factor(1, term.n[1], sample) *
         fit.factor(0, term.n[0], sample);
}

__device__ inline double fieldAt(const BiasFit& fit, int64_t sample) {
  double field = 0;
  int32_t t = 0;
  for (int32_t z = 0; z <= fit.degree; ++z) {
    for (int32_t y = 0; y + z <= fit.degree; ++y) {
      const double zy = fit.factor(2, z, sample) * fit.factor(1, y, sample);
      VK_NO_UNROLL
      for (int32_t x = 0; x + y + z <= fit.degree; ++x) {
        field += fit.coefficients[t++] * (zy * fit.factor(0, x, sample));
      }
    }
  }
  return field;
}

/** A block a bin: the field under the coefficients, the bin's intensity and residual variance. */
__global__ static void __launch_bounds__(kBinThreads, 1) biasIntensitiesOfBins(BiasFit fit) {
  VK_SHARED(double, shared, kBinThreads / kWarpSize);
  const int32_t k = int32_t(blockIdx.x);
  const int64_t begin = fit.starts[k], end = fit.starts[k + 1];
  double valueValue = 0, valueField = 0, fieldField = 0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kBinThreads) {
    const double v = fit.value[i], w = fit.weight[i], b = fieldAt(fit, i);
    fit.field[i] = b;
    valueValue += w * v * v;
    valueField += w * v * b;
    fieldField += w * b * b;
  }
  valueValue = blockSum<kBinThreads>(valueValue, shared);
  valueField = blockSum<kBinThreads>(valueField, shared);
  fieldField = blockSum<kBinThreads>(fieldField, shared);
  if (threadIdx.x != 0) return;
  const double phi = fieldField > 0 ? valueField / fieldField : 0;
  // The mean of w e^2 with e = value - intensity field.
  const double squares = valueValue - 2 * phi * valueField + phi * phi * fieldField;
  fit.ofBin[k] = {phi, end > begin ? fmax(0.0, squares / double(end - begin)) : 0.0};
}

/** One block: what is the least that a bin's variance may be. */
__global__ static void __launch_bounds__(kFitThreads) biasPooledVariance(BiasFit fit) {
  VK_SHARED(double, shared, kFitThreads / kWarpSize);
  double sum = 0;
  for (int32_t k = int32_t(threadIdx.x); k < fit.bins; k += kFitThreads) {
    sum += fit.ofBin[k].variance * double(fit.starts[k + 1] - fit.starts[k]);
  }
  sum = blockSum<kFitThreads>(sum, shared);
  if (threadIdx.x != 0) return;
  const double counted = double(fit.counted());
  *fit.leastVariance = counted > 0 ? kBiasLeastVariance * sum / counted : 0;
}

/** A block a bin: new weights, and what the bin's intensity has to do with the coefficients. */
__global__ static void __launch_bounds__(kBinThreads) biasWeightsOfBins(BiasFit fit) {
  VK_SHARED(double, shared, kBinThreads / kWarpSize);
  const int32_t k = int32_t(blockIdx.x);
  const int64_t begin = fit.starts[k], end = fit.starts[k + 1];
  const double phi = fit.ofBin[k].intensity;
  const double variance = fmax(fit.ofBin[k].variance, *fit.leastVariance);
  double square = 0, right = 0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kBinThreads) {
    double omega = 0;
    if (variance > 0) {
      const double b = fit.field[i], e = fit.value[i] - phi * b;
      fit.weight[i] = biasWeight(e * e / variance);
      omega = fit.weight[i] / variance;
      square += omega * b * b;
      right += omega * b * e;
    }
    fit.omega[i] = omega;
  }
  square = blockSum<kBinThreads>(square, shared);
  right = blockSum<kBinThreads>(right, shared);  // all have stored their omegas
  if (threadIdx.x == 0) fit.squares[k] = {square, right};
  const int32_t t = int32_t(threadIdx.x);
  if (t >= fit.terms) return;
  const BiasTerm term = biasTerm(fit.degree, t);
  double cross = 0;
  for (int64_t i = begin; i < end; ++i) {
    cross = fma(fit.omega[i] * phi * fit.field[i], termAt(fit, term, i), cross);
  }
  fit.cross[k * fit.terms + t] = cross;
}

/** A block a chunk of samples: its part of the normal equations. */
__global__ static void __launch_bounds__(kFitThreads) biasNormalOfChunks(BiasFit fit) {
  VK_SHARED(double, terms, kFitTile* kBiasMostTerms);
  VK_SHARED(double, weighted, kFitTile* kBiasMostTerms);
  VK_SHARED(double, residual, kFitTile);
  const int32_t entries = fit.terms * (fit.terms + 1) / 2;
  const int thread = int(threadIdx.x);
  int row[kFitEach], column[kFitEach];
  double sums[kFitEach] = {};
  double right = 0;
  VK_UNROLL
  for (int k = 0; k < kFitEach; ++k) {
    const int entry = min(thread + k * kFitThreads, entries - 1);
    row[k] = int((sqrtf(8.0f * float(entry) + 1.0f) - 1.0f) / 2.0f);
    if ((row[k] + 1) * (row[k] + 2) / 2 <= entry) ++row[k];
    if (row[k] * (row[k] + 1) / 2 > entry) --row[k];
    column[k] = entry - row[k] * (row[k] + 1) / 2;
  }
  // A thread makes always the same term, of every few samples.
  const int32_t t = thread % 64;
  const BiasTerm term = biasTerm(fit.degree, min(t, fit.terms - 1));
  const int64_t end = min(fit.counted(), (int64_t(blockIdx.x) + 1) * kFitChunk);
  for (int64_t first = int64_t(blockIdx.x) * kFitChunk; first < end; first += kFitTile) {
    __syncthreads();
    for (int s = thread / 64; s < kFitTile && t < fit.terms; s += 4) {
      const int64_t i = first + s;
      const bool has = i < end;
      const double phi = has ? fit.ofBin[fit.bin[i]].intensity : 0;
      const double omega = has ? fit.omega[i] : 0;
      const double value = has ? termAt(fit, term, i) : 0;
      terms[s * kBiasMostTerms + t] = value;
      weighted[s * kBiasMostTerms + t] = omega * phi * phi * value;
      if (t == 0) residual[s] = has ? omega * phi * (fit.value[i] - phi * fit.field[i]) : 0;
    }
    __syncthreads();
    for (int s = 0; s < kFitTile; ++s) {
      const double* const of = terms + s * kBiasMostTerms;
      VK_UNROLL
      for (int k = 0; k < kFitEach; ++k) {
        if (k * kFitThreads >= entries) break;  // of a lower degree
        sums[k] = fma(weighted[s * kBiasMostTerms + row[k]], of[column[k]], sums[k]);
      }
      if (thread < fit.terms) right = fma(residual[s], of[thread], right);
    }
  }
  double* const out = fit.partials + int64_t(blockIdx.x) * fit.sums();
  VK_UNROLL
  for (int k = 0; k < kFitEach; ++k) {
    const int entry = thread + k * kFitThreads;
    if (entry < entries) out[entry] = sums[k];
  }
  if (thread < fit.terms) out[entries + thread] = right;
}

/** The chunks' parts added in order, a thread an entry. */
__global__ static void __launch_bounds__(kFitThreads) biasNormalOfAll(BiasFit fit) {
  forEachItem(fit.sums(), [&](int64_t entry) {
    double sum = 0;
    for (int64_t chunk = 0; chunk < fit.chunks; ++chunk) {
      sum += fit.partials[chunk * fit.sums() + entry];
    }
    fit.normal[entry] = sum;
  });
}

}  // namespace vk::cuda
