#include "bias_field/bias_field.h"
#include "bias_field/bias_field_cuda_fit.h"
#include "bias_field/bias_field_cuda_step.h"
#include "bias_field/bias_field_math.h"
#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/sort.h"

namespace vk::bias_field_cuda {
namespace {

using namespace cuda;

/** Where a position lies along an axis of the polynomial, in [-1, 1]. */
__device__ double placeOf(const BiasFieldPolynomial& polynomial, int axis, double position) {
  const double u = polynomial.scale[axis] * position + polynomial.offset[axis];
  return fmin(1.0, fmax(-1.0, u));
}

/** store(n, P_n(u)) for the Legendre polynomials up to the degree. */
template <class Store>
__device__ void forLegendre(double u, int32_t degree, const Store& store) {
  double before = 1, current = u;
  store(0, before);
  for (int32_t n = 1; n <= degree; ++n) {
    if (n > 1) {
      const double next = biasNextLegendre(n, u, current, before);
      before = current;
      current = next;
    }
    store(n, current);
  }
}

/** Bin and number of each sample; `bins` for one that does not count. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    binSamples(BiasFieldArgs args, uint32_t* bin, int64_t* sample) {
  const T* const values = static_cast<const T*>(args.values);
  const T* const reference = static_cast<const T*>(args.reference);
  const T* const positions = static_cast<const T*>(args.positions);
  const auto finite = [](T v) { return v - v == 0; };
  forEachItem(args.count, [&](int64_t i) {
    const bool counts = (args.mask == nullptr || args.mask[i] != 0) && finite(values[i]) &&
                        finite(reference[i]) && finite(positions[i]) &&
                        finite(positions[args.count + i]) && finite(positions[2 * args.count + i]);
    const double at = (double(reference[i]) - args.referenceMin) * args.bins /
                      (args.referenceMax - args.referenceMin);
    bin[i] = counts ? uint32_t(fmin(fmax(at, 0.0), args.bins - 1.0)) : uint32_t(args.bins);
    sample[i] = i;
  });
}

/** Where each bin's samples begin, and where those that count end. */
__global__ void __launch_bounds__(256)
    startsOfBins(const uint32_t* bin, int64_t count, int32_t bins, int64_t* starts) {
  forEachItem(bins + 1, [&](int64_t k) {
    int64_t low = 0, high = count;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (int64_t(bin[middle]) < k) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    starts[k] = low;
  });
}

/** The samples in the order of their bins, a field of 1 and weights of 1. */
template <class T>
__global__ void __launch_bounds__(256)
    gatherSamples(BiasFieldArgs args, const int64_t* sample, const int64_t* starts, double* value,
                  double* legendre, double* weight) {
  const T* const positions = static_cast<const T*>(args.positions);
  const int32_t degree = args.polynomial.degree;
  forEachItem(starts[args.bins], [&](int64_t i) {
    const int64_t from = sample[i];
    value[i] = double(static_cast<const T*>(args.values)[from]);
    weight[i] = 1;
    for (int axis = 0; axis < 3; ++axis) {
      const double u = placeOf(args.polynomial, axis, double(positions[axis * args.count + from]));
      double* const out = legendre + int64_t(axis) * (degree + 1) * args.count + i;
      forLegendre(u, degree, [&](int32_t n, double p) { out[n * args.count] = p; });
    }
  });
}

__global__ void __launch_bounds__(64) fieldOfOne(double* coefficients, int32_t terms) {
  const int32_t t = int32_t(threadIdx.x);
  if (t < terms) coefficients[t] = t == 0 ? 1 : 0;
}

/** The parts of the workspace; without memory it only measures. */
struct Parts {
  BiasFit fit{};
  uint32_t* bin;
  int64_t* sample;
  int64_t* starts;
  double* value;
  double* legendre;
  void* sorting;
  int64_t bytes;

  Parts(const BiasFieldArgs& args, void* memory) {
    fit.count = args.count;
    fit.degree = args.polynomial.degree;
    fit.terms = biasTerms(fit.degree);
    fit.bins = args.bins;
    fit.chunks = chunkCount(args.count, kFitChunk);
    fit.coefficients = args.coefficients;
    const int64_t sums = fit.terms * (fit.terms + 1) / 2 + fit.terms;
    Carver carver(memory);
    bin = carver.take<uint32_t>(args.count);
    sample = carver.take<int64_t>(args.count);
    starts = carver.take<int64_t>(args.bins + 1);
    value = carver.take<double>(args.count);
    legendre = carver.take<double>(3 * (fit.degree + 1) * args.count);
    fit.bin = bin;
    fit.starts = starts;
    fit.value = value;
    fit.legendre = legendre;
    fit.field = carver.take<double>(args.count);
    fit.weight = carver.take<double>(args.count);
    fit.omega = carver.take<double>(args.count);
    fit.ofBin = carver.take<BiasBin>(args.bins);
    fit.squares = carver.take<BiasSquares>(args.bins);
    fit.cross = carver.take<double>(int64_t(args.bins) * fit.terms);
    fit.partials = carver.take<double>(fit.chunks * sums);
    fit.normal = carver.take<double>(sums);
    fit.leastVariance = carver.take<double>(1);
    fit.stopped = carver.take<int32_t>(1);
    sorting = carver.take<char>(radixSortBytes<uint32_t, int64_t>(args.count));
    bytes = carver.bytes();
  }
};

int64_t workspaceBytes(const BiasFieldArgs& args) { return Parts(args, nullptr).bytes; }

template <class T>
void fitField(const BiasFieldArgs& args, Context& context, const Workspace& workspace) {
  const Parts parts(args, workspace.data);
  const BiasFit& fit = parts.fit;
  launch(context, {dim3(1), dim3(64)}, fieldOfOne, fit.coefficients, fit.terms);
  if (args.count == 0) return;
  launch(context, gridOver(args.count), binSamples<T>, args, parts.bin, parts.sample);
  radixSort(context, parts.bin, parts.sample, args.count, 0, bitsOfNumbers(args.bins + 1),
            parts.sorting);
  launch(context, gridOver(args.bins + 1), startsOfBins, parts.bin, args.count, args.bins,
         parts.starts);
  launch(context, gridOver(args.count), gatherSamples<T>, args, parts.sample, parts.starts,
         parts.value, parts.legendre, fit.weight);
  check(cudaMemsetAsync(fit.stopped, 0, sizeof(int32_t), streamOf(context)));
  const Grid bins{dim3(unsigned(args.bins)), dim3(kBinThreads)};
  const Grid chunks{dim3(blocksFor(fit.chunks, 1)), dim3(kFitThreads)};
  const Grid one{dim3(1), dim3(kFitThreads)};
  const int64_t sums = fit.terms * (fit.terms + 1) / 2 + fit.terms;
  for (int32_t iteration = 0; iteration < args.iterations; ++iteration) {
    launch(context, bins, biasIntensitiesOfBins, fit);
    launch(context, one, biasPooledVariance, fit);
    launch(context, bins, biasWeightsOfBins, fit);
    launch(context, chunks, biasNormalOfChunks, fit);
    launch(context, gridOver(sums), biasNormalOfAll, fit);
    launch(context, one, biasStepOfAll, fit);
  }
  launch(context, bins, biasIntensitiesOfBins, fit);
  launch(context, one, biasScaleToOne, fit);
}

void runBiasField(const BiasFieldArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { fitField<decltype(number)>(args, context, workspace); });
}

// --- dividing an image by the field

constexpr int kRows = 8;

/** Legendre polynomials along x: (degree + 1, width). */
template <class T>
__global__ void __launch_bounds__(256)
    legendreAlongX(BiasFieldPolynomial polynomial, int64_t width, T* table) {
  forEachItem(width, [&](int64_t x) {
    forLegendre(placeOf(polynomial, 0, double(x)), polynomial.degree,
                [&](int32_t n, double p) { table[n * width + x] = T(p); });
  });
}

/** Sum over y and z of the terms of degree `a` along x: lane a's coefficient of the row. */
__device__ double coefficientOfRow(const BiasFieldCorrectArgs& args, int32_t a, int64_t y,
                                   int64_t z) {
  const int32_t degree = args.polynomial.degree;
  const double uy = placeOf(args.polynomial, 1, double(y));
  const double uz = placeOf(args.polynomial, 2, double(z));
  double sum = 0;
  int32_t t = 0;
  forLegendre(uz, degree, [&](int32_t c, double pz) {
    forLegendre(uy, degree - c, [&](int32_t b, double py) {
      const int32_t along = degree - b - c + 1;
      if (a < along) sum += pz * py * args.coefficients[t + a];
      t += along;
    });
  });
  return sum;
}

/** A warp a row, of which the field is a polynomial in x. */
template <class T>
__global__ void __launch_bounds__(kWarpSize* kRows, 1)
    divideByField(BiasFieldCorrectArgs args, const T* alongX) {
  const T* const image = static_cast<const T*>(args.image);
  T* const corrected = static_cast<T*>(args.corrected);
  const int64_t rows = args.height * args.depth;
  const int32_t degree = args.polynomial.degree;
  const int lane = int(threadIdx.x);
  int64_t row = int64_t(blockIdx.x) * kRows + threadIdx.y;
  for (; row < rows; row += int64_t(gridDim.x) * kRows) {
    const double own = coefficientOfRow(args, lane, row % args.height, row / args.height);
    T q[kBiasMostDegree + 1];
    VK_UNROLL
    for (int a = 0; a <= kBiasMostDegree; ++a) q[a] = T(__shfl_sync(kWholeWarp, own, a));
    for (int64_t x = lane; x < args.width; x += kWarpSize) {
      T field = q[0];
      VK_UNROLL
      for (int a = 1; a <= kBiasMostDegree; ++a) {
        if (a <= degree) field = fma(q[a], alongX[a * args.width + x], field);
      }
      field = fmin(fmax(field, T(1 / kBiasLimit)), T(kBiasLimit));
      corrected[row * args.width + x] = image[row * args.width + x] / field;
    }
  }
}

template <class T>
void correctImage(const BiasFieldCorrectArgs& args, Context& context, const Workspace& workspace) {
  if (args.width * args.height * args.depth == 0) return;
  T* const alongX = workspace.as<T>();
  launch(context, gridOver(args.width), legendreAlongX<T>, args.polynomial, args.width, alongX);
  launch(context, {dim3(blocksFor(args.height * args.depth, kRows)), dim3(kWarpSize, kRows)},
         divideByField<T>, args, alongX);
}

void runBiasFieldCorrect(const BiasFieldCorrectArgs& args, Context& context,
                         const Workspace& workspace) {
  withFloats(args.type,
             [&](auto number) { correctImage<decltype(number)>(args, context, workspace); });
}

int64_t correctWorkspaceBytes(const BiasFieldCorrectArgs& args) {
  return (args.polynomial.degree + 1) * args.width * elementSize(args.type);
}

}  // namespace

extern "C" CudaImplementations<BiasFieldArgs> bias_fieldCuda() {
  static const Implementation<BiasFieldArgs> rows[] = {
      cuda::row<BiasFieldArgs>(runBiasField, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BiasFieldCorrectArgs> bias_field_correctCuda() {
  static const Implementation<BiasFieldCorrectArgs> rows[] = {
      cuda::row<BiasFieldCorrectArgs>(runBiasFieldCorrect, nullptr, correctWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::bias_field_cuda
