#include "cuda/cuda_table.h"
#include "cuda/fixed_sums.h"
#include "warp3d/warp3d_device.h"

namespace vk::warp3d_gradient_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** Samples of a block of the gradient by the map. */
constexpr int64_t kChunk = 32 * kThreads;
constexpr int kMapEntries = 12;

/** dL/dp of sample i, 0 where it is not sampled; `point` is its place in the domain. */
template <int kTaps, class T>
__device__ void positionGradient(const Warp3dArgs& args, const Volume& domain, int64_t i,
                                 int64_t count, double point[3], T gradient[3]) {
  gradient[0] = gradient[1] = gradient[2] = 0;
  warp3dPoint(args, domain, i, point);
  if (args.mask != nullptr && args.mask[i] == 0) return;
  const int64_t size[3] = {args.movingSize.x, args.movingSize.y, args.movingSize.z};
  double p[3];
  warp3dPosition(args, i, count, point, p);
  if (!warp3dIsSampled(p, size, args.border)) return;
  const Warp3dNeighbours<kTaps, T> taps(p, size, args.border);
  const T* moving = static_cast<const T*>(args.moving);
  const T* upstream = static_cast<const T*>(args.upstream) + i;
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    T slope[3] = {0, 0, 0};
    VK_UNROLL_BY(kTaps == 4 ? 1 : kTaps) for (int c = 0; c < kTaps; ++c) {
      const int64_t plane = pick(taps.z.index, c) * size[1];
      const T weightZ = pick(taps.z.weight, c);
      const T slopeZ = pick(taps.z.slope, c);
      VK_UNROLL for (int b = 0; b < kTaps; ++b) {
        const T* const row = moving + (plane + taps.y.index[b]) * size[0];
        T value = 0;
        T across = 0;
        VK_UNROLL for (int a = 0; a < kTaps; ++a) {
          const T v = row[taps.x.index[a]];
          value += taps.x.weight[a] * v;
          across += taps.x.slope[a] * v;
        }
        slope[0] += weightZ * taps.y.weight[b] * across;
        slope[1] += weightZ * taps.y.slope[b] * value;
        slope[2] += slopeZ * taps.y.weight[b] * value;
      }
    }
    const T sum = slope[0] + slope[1] + slope[2];
    if (sum - sum == 0) {
      for (int r = 0; r < 3; ++r) gradient[r] += *upstream * slope[r];
    }
    moving += size[0] * size[1] * size[2];
    upstream += count;
  }
}

/** A thread a sample. */
template <int kTaps, class T>
__global__ void __launch_bounds__(256)
    gradientField(Warp3dArgs args, Volume domain, int64_t count) {
  T* const gradient = static_cast<T*>(args.gradient);
  forEachItem(count, [&](int64_t i) {
    double point[3];
    T byPosition[3];
    positionGradient<kTaps>(args, domain, i, count, point, byPosition);
    for (int c = 0; c < 3; ++c) {
      T sum = 0;
      for (int r = 0; r < 3; ++r) sum += T(args.displacementMap[3 * r + c]) * byPosition[r];
      gradient[c * count + i] = sum;
    }
  });
}

/** Twelve sums a chunk, in the order of the samples. */
template <int kTaps, class T>
__global__ void __launch_bounds__(kThreads)
    gradientLinear(Warp3dArgs args, Volume domain, int64_t count, int64_t chunks,
                   double* partials) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(count, (chunk + 1) * kChunk);
    double sums[kMapEntries] = {};
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      double point[3];
      T byPosition[3];
      positionGradient<kTaps>(args, domain, i, count, point, byPosition);
      VK_UNROLL for (int r = 0; r < 3; ++r) {
        VK_UNROLL for (int c = 0; c < 3; ++c) sums[4 * r + c] += double(byPosition[r]) * point[c];
        sums[4 * r + 3] += double(byPosition[r]);
      }
    }
    VK_UNROLL for (int k = 0; k < kMapEntries; ++k) {
      const double sum = blockSum<kThreads>(sums[k], shared);
      if (threadIdx.x == 0) partials[k * chunks + chunk] = sum;
    }
  }
}

/** A block an entry of the map. */
__global__ void __launch_bounds__(kThreads)
    gradientLinearTotal(const double* partials, int64_t chunks, double* totals) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  double sum = 0;
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) sum += partials[blockIdx.x * chunks + i];
  sum = blockSum<kThreads>(sum, shared);
  if (threadIdx.x == 0) totals[blockIdx.x] = sum;
}

/** What the taps of a sample receive from an upstream that is no finite number. */
template <int kTaps, class T>
__device__ void addNonFinite(const FixedSums& sums, int64_t volume, const double p[3],
                             const int64_t size[3], vk_border border, T upstream) {
  const Warp3dNeighbours<kTaps, T> taps(p, size, border);
  for (int k = 0; k < kTaps * kTaps * kTaps; ++k) {
    const int a = k % kTaps, b = k / kTaps % kTaps, c = k / (kTaps * kTaps);
    if (taps.x.weight[a] * taps.y.weight[b] * taps.z.weight[c] == 0) continue;
    const int64_t row = (taps.z.index[c] * size[1] + taps.y.index[b]) * size[0];
    sums.addNonFinite(volume + row + taps.x.index[a], double(upstream));
  }
}

/** A thread a sample, which adds to the voxels it was interpolated from. The lanes of a warp stay
 * together, to pass on to their neighbours what falls on the same voxels. */
template <int kTaps, class T>
__global__ void __launch_bounds__(256, 1)
    gradientImage(Warp3dArgs args, Volume domain, int64_t count, FixedSums sums) {
  const int64_t size[3] = {args.movingSize.x, args.movingSize.y, args.movingSize.z};
  const int64_t voxels = size[0] * size[1] * size[2];
  const T* const upstream = static_cast<const T*>(args.upstream);
  const FixedUnit<T> unit(*sums.range, sums.log2Addends);
  forEachItem((count + kWarpSize - 1) / kWarpSize * kWarpSize, [&](int64_t i) {
    double p[3] = {0, 0, 0};
    bool sampled = i < count && (args.mask == nullptr || args.mask[i] != 0);
    if (sampled) {
      double point[3];
      warp3dPoint(args, domain, i, point);
      warp3dPosition(args, i, count, point, p);
      sampled = warp3dIsSampled(p, size, args.border);
    }
    if (!sampled) p[0] = p[1] = p[2] = 0;
    const Warp3dNeighbours<kTaps, T> taps(p, size, args.border);
    const int32_t cell[3] = {taps.x.cell, taps.y.cell, taps.z.cell};
    const WarpRun run(sampled, cell);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      T g = sampled ? upstream[channel * count + i] : T(0);
      if (g - g != 0) {
        addNonFinite<kTaps>(sums, channel * voxels, p, size, args.border, g);
        g = 0;
      }
      g = unit.scaled(g);
      VK_UNROLL_BY(kTaps == 4 ? 1 : kTaps) for (int c = 0; c < kTaps; ++c) {
        const int64_t plane = channel * size[2] + pick(taps.z.index, c);
        const T weightZ = g * pick(taps.z.weight, c);
        VK_UNROLL for (int b = 0; b < kTaps; ++b) {
          const T weight = weightZ * taps.y.weight[b];
          long long values[kTaps];
          VK_UNROLL for (int a = 0; a < kTaps; ++a) {
            values[a] = roundedToInteger(weight * taps.x.weight[a]);
          }
          addRuns(sums, (plane * size[1] + taps.y.index[b]) * size[0], taps.x.index, values, run);
        }
      }
    }
  });
}

FixedSums carveSums(const Warp3dArgs& args, Carver& carver) {
  return FixedSums(args.channels * args.movingSize.count(), args.domainSize.count(), carver);
}

int64_t imageWorkspaceBytes(const Warp3dArgs& args) {
  Carver carver(nullptr);
  carveSums(args, carver);
  return carver.bytes();
}

template <int kTaps, class T>
void image(const Warp3dArgs& args, Context& context, const FixedSums& sums) {
  const int64_t count = args.domainSize.count();
  sums.begin(context, static_cast<const T*>(args.upstream), args.channels * count);
  launch(context, gridOver(count), gradientImage<kTaps, T>, args, warp3dDomain(args), count, sums);
  launch(context, gridOver(sums.count), fixedTotals<T>, sums, static_cast<T*>(args.gradient));
}

template <class T>
void image(const Warp3dArgs& args, Context& context, const FixedSums& sums) {
  if (args.interpolation == VK_NEAREST) return image<1, T>(args, context, sums);
  if (args.interpolation == VK_LINEAR) return image<2, T>(args, context, sums);
  image<4, T>(args, context, sums);
}

void runImage(const Warp3dArgs& args, Context& context, const Workspace& workspace) {
  Carver carver(workspace.data);
  const FixedSums sums = carveSums(args, carver);
  args.type == VK_F64 ? image<double>(args, context, sums) : image<float>(args, context, sums);
}

void runField(const Warp3dArgs& args, Context& context, const Workspace&) {
  const bool cubic = args.interpolation == VK_CUBIC_BSPLINE;
  const auto f32 = cubic ? gradientField<4, float> : gradientField<2, float>;
  const auto f64 = cubic ? gradientField<4, double> : gradientField<2, double>;
  const int64_t count = args.domainSize.count();
  launch(context, gridOver(count), args.type == VK_F64 ? f64 : f32, args, warp3dDomain(args),
         count);
}

int64_t linearChunks(const Warp3dArgs& args) { return chunkCount(args.domainSize.count(), kChunk); }

int64_t linearWorkspaceBytes(const Warp3dArgs& args) {
  return (linearChunks(args) + 1) * kMapEntries * int64_t(sizeof(double));
}

void runLinear(const Warp3dArgs& args, Context& context, const Workspace& workspace) {
  const bool cubic = args.interpolation == VK_CUBIC_BSPLINE;
  const auto f32 = cubic ? gradientLinear<4, float> : gradientLinear<2, float>;
  const auto f64 = cubic ? gradientLinear<4, double> : gradientLinear<2, double>;
  const int64_t chunks = linearChunks(args);
  double* const totals = workspace.as<double>();
  double* const partials = totals + kMapEntries;
  launch(context, {dim3(blocksFor(chunks, 1)), dim3(kThreads)}, args.type == VK_F64 ? f64 : f32,
         args, warp3dDomain(args), args.domainSize.count(), chunks, partials);
  launch(context, {dim3(kMapEntries), dim3(kThreads)}, gradientLinearTotal, partials, chunks,
         totals);
  deliver(context, args.mapGradient, totals, kMapEntries * int64_t(sizeof(double)));
}

}  // namespace

extern "C" CudaImplementations<Warp3dArgs> warp3d_gradient_linearCuda() {
  static const Implementation<Warp3dArgs> rows[] = {
      cuda::row<Warp3dArgs>(runLinear, warp3dAccepts, linearWorkspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<Warp3dArgs> warp3d_gradient_fieldCuda() {
  static const Implementation<Warp3dArgs> rows[] = {cuda::row<Warp3dArgs>(runField, warp3dAccepts)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<Warp3dArgs> warp3d_gradient_imageCuda() {
  static const Implementation<Warp3dArgs> rows[] = {
      cuda::row<Warp3dArgs>(runImage, warp3dAccepts, imageWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::warp3d_gradient_cuda
