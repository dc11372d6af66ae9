#include <cmath>
#include <limits>

#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "mutual_information/mutual_information.h"
#include "mutual_information/mutual_information_math.h"

namespace vk::mutual_information_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int kHistogramThreads = 512;
/** A block's histogram has at most as many bytes: two blocks fill the oldest device. */
constexpr int64_t kSharedBytes = 32 * 1024;
constexpr int kMostCopies = 8;
/** Voxels of a thread, at least: a block has a histogram to clear and to add up. */
constexpr int64_t kVoxelsOfThread = 16;
using Sum = unsigned long long;

static_assert(kThreads == kMaximumBins);

/** From intensities to bins. */
template <class T>
struct Axes {
  /** (v - origin) * scale + offset is the bin, counted from the first centre bin. */
  T fixedOrigin, fixedScale, fixedOffset;
  T movingOrigin, movingScale, movingOffset;
  /** v / fixedSize - fixedShift is the same, and decides near an edge. */
  double fixedSize, fixedShift;
  /** The moving range, and what a warped intensity has to be within to count. */
  T movingMinimum, movingMaximum, countedMinimum, countedMaximum;
  int32_t centres;
};

template <class T>
struct Images {
  const T* fixed;
  const T* warped;
  const uint8_t* mask;
  int64_t count;
};

template <class T>
struct Voxel {
  bool counts;
  /** Counts, and is not clamped to the range. */
  bool inside;
  int32_t fixedBin;
  int32_t movingBin;
  /** Between the moving centre bin and the next, in [0, 1]. */
  T position;
};

template <class T>
__device__ Voxel<T> locate(const Images<T>& images, const Axes<T>& axes, int64_t i) {
  Voxel<T> voxel{};
  if (i >= images.count || (images.mask != nullptr && images.mask[i] == 0)) return voxel;
  const T fixed = images.fixed[i];
  const T warped = images.warped[i];
  voxel.counts =
      fixed - fixed == 0 && warped >= axes.countedMinimum && warped <= axes.countedMaximum;
  if (!voxel.counts) return voxel;
  voxel.inside = warped >= axes.movingMinimum && warped <= axes.movingMaximum;
  const T last = T(axes.centres - 1);
  T moving = (warped - axes.movingOrigin) * axes.movingScale + axes.movingOffset;
  moving = fmin(fmax(moving, T(0)), last + 1);
  voxel.movingBin = int32_t(fmin(moving, last));
  voxel.position = moving - T(voxel.movingBin);
  T term = (fixed - axes.fixedOrigin) * axes.fixedScale + axes.fixedOffset;
  term = fmin(fmax(term, T(0)), last);
  voxel.fixedBin = int32_t(term);
  // The bin is that of f64 even where an intensity lies on an edge, as whole numbers do.
  if (fabs(term - rint(term)) < T(2e-4)) {
    const double exact = double(fixed) / axes.fixedSize - axes.fixedShift - kParzenPadding;
    voxel.fixedBin = int32_t(fmin(fmax(exact, 0.0), double(last)));
  }
  return voxel;
}

struct Weights {
  unsigned taps[kParzenTaps];
};

/** In units of 1 / kParzenScale; they sum to 1 exactly. */
template <class T>
__device__ Weights weightsAt(T s) {
  constexpr T kScale = kParzenScale;
  const T r = 1 - s;
  Weights w;
  w.taps[0] = unsigned(rint(r * r * r * (kScale / 6)));
  w.taps[1] = unsigned(rint(kScale * 2 / 3 + s * s * (s * (kScale / 2) - kScale)));
  w.taps[3] = unsigned(rint(s * s * s * (kScale / 6)));
  w.taps[2] = unsigned(kParzenScale) - w.taps[0] - w.taps[1] - w.taps[3];
  return w;
}

/** Sums of 64 bits in shared memory, which adds 32 bits in hardware: a carry is rare. There are
 * copies, neighbouring lanes having different ones. */
struct SharedSums {
  unsigned* low;
  unsigned* high;
  int copies;

  __device__ void add(int32_t entry, unsigned weight) const {
    const int at = entry * copies + int(threadIdx.x) % copies;
    const unsigned old = atomicAdd(low + at, weight);
    if (old + weight < old) atomicAdd(high + at, 1u);
  }
};

struct GlobalSums {
  Sum* sums;

  __device__ void add(int32_t entry, unsigned weight) const {
    atomicAdd(sums + entry, Sum(weight));
  }
};

/** Adds the block's voxels to the histogram (centres, bins). */
template <class T, class Sums>
__device__ void addVoxels(const Images<T>& images, const Axes<T>& axes, const Sums& sums) {
  const int32_t bins = axes.centres + 2 * kParzenPadding;
  const int lane = int(threadIdx.x) % kWarpSize;
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  int64_t first = int64_t(blockIdx.x) * blockDim.x + threadIdx.x - lane;
  for (; first < images.count; first += step) {
    const Voxel<T> voxel = locate(images, axes, first + lane);
    const unsigned counted = __ballot_sync(kWholeWarp, voxel.counts);
    if (counted == 0) continue;
    const int32_t entry = voxel.fixedBin * bins + voxel.movingBin + kParzenPadding - 1;
    const int32_t ofFirst = __shfl_sync(kWholeWarp, entry, __ffs(int(counted)) - 1);
    Weights w = weightsAt(voxel.position);
    if (__all_sync(kWholeWarp, !voxel.counts || entry == ofFirst)) {
      // Background: one addition for all lanes.
      for (int tap = 0; tap < kParzenTaps; ++tap) {
        unsigned sum = voxel.counts ? w.taps[tap] : 0;
        for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
          sum += __shfl_down_sync(kWholeWarp, sum, distance);
        }
        if (lane == 0) sums.add(ofFirst + tap, sum);
      }
    } else if (voxel.counts) {
      for (int tap = 0; tap < kParzenTaps; ++tap) sums.add(entry + tap, w.taps[tap]);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kHistogramThreads)
    histogramInShared(Images<T> images, Axes<T> axes, int copies, Sum* joint) {
  VK_DYNAMIC_SHARED(unsigned, memory);
  const int32_t entries = axes.centres * (axes.centres + 2 * kParzenPadding);
  const SharedSums sums{memory, memory + entries * copies, copies};
  for (int i = int(threadIdx.x); i < 2 * entries * copies; i += kHistogramThreads) memory[i] = 0;
  __syncthreads();
  addVoxels(images, axes, sums);
  __syncthreads();
  for (int entry = int(threadIdx.x); entry < entries; entry += kHistogramThreads) {
    Sum sum = 0;
    for (int copy = 0; copy < copies; ++copy) {
      const int at = entry * copies + copy;
      sum += (Sum(sums.high[at]) << 32) + sums.low[at];
    }
    if (sum != 0) atomicAdd(joint + entry, sum);
  }
}

/** For histograms that fit no shared memory: of so many bins, few meet in one. */
template <class T>
__global__ void __launch_bounds__(kHistogramThreads)
    histogramInGlobal(Images<T> images, Axes<T> axes, Sum* joint) {
  addVoxels(images, axes, GlobalSums{joint});
}

/** What a voxel's derivative is made of, beside the joint histogram. */
struct Measure {
  double value;
  double normalise;
  double jointFactor;
  double movingFactor;
  double perIntensity;
  double logMoving[kMaximumBins];
};

/** One block: a thread a column for the moving marginal, a warp a row for all else. */
__global__ void __launch_bounds__(kThreads)
    measureOfJoint(vk_mutual_information_params params, double movingSize, const Sum* joint,
                   Measure* measure) {
  VK_SHARED(Sum, counts, kThreads / kWarpSize);
  VK_SHARED(double, sums, kThreads / kWarpSize);
  VK_SHARED(double, logMoving, kMaximumBins);
  VK_SHARED(double, scale, 1);
  const int32_t bins = params.bins;
  const int32_t centres = centreBins(bins);
  const int column = int(threadIdx.x);
  Sum inColumn = 0;
  for (int32_t row = 0; column < bins && row < centres; ++row)
    inColumn += joint[row * bins + column];
  const Sum total = blockSum<kThreads>(inColumn, counts);
  if (threadIdx.x == 0) scale[0] = total > 0 ? 1 / double(total) : 0;
  __syncthreads();
  const double normalise = scale[0];
  const double pMoving = double(inColumn) * normalise;
  const double logOfColumn = pMoving > kEmptyBin ? log(pMoving) : 0;
  logMoving[column] = logOfColumn;
  measure->logMoving[column] = logOfColumn;
  __syncthreads();

  const int lane = int(threadIdx.x) % kWarpSize;
  double information = 0, fixedEntropy = 0, jointEntropy = 0;
  for (int32_t row = int(threadIdx.x) / kWarpSize; row < centres; row += kThreads / kWarpSize) {
    const Sum* const entries = joint + row * bins;
    Sum inRow = 0;
    for (int32_t m = lane; m < bins; m += kWarpSize) inRow += entries[m];
    for (int lanes = kWarpSize / 2; lanes > 0; lanes /= 2) {
      inRow += __shfl_xor_sync(kWholeWarp, inRow, lanes);
    }
    const double pFixed = double(inRow) * normalise;
    if (pFixed <= kEmptyBin) continue;
    const double logFixed = log(pFixed);
    if (lane == 0) fixedEntropy -= pFixed * logFixed;
    for (int32_t m = lane; m < bins; m += kWarpSize) {
      const double p = double(entries[m]) * normalise;
      if (p <= kEmptyBin) continue;
      const double logJoint = log(p);
      jointEntropy -= p * logJoint;
      information += p * (logJoint - logMoving[m] - logFixed);
    }
  }
  information = blockSum<kThreads>(information, sums);
  fixedEntropy = blockSum<kThreads>(fixedEntropy, sums);
  jointEntropy = blockSum<kThreads>(jointEntropy, sums);
  const double movingEntropy = blockSum<kThreads>(-pMoving * logOfColumn, sums);
  if (threadIdx.x != 0) return;
  const bool mattes = params.measure == VK_MATTES_MI;
  const double over = jointEntropy > 0 ? 1 / jointEntropy : 0;
  const double counted = double(total) / kParzenScale;
  measure->value = mattes ? information : (fixedEntropy + movingEntropy) * over;
  measure->normalise = normalise;
  measure->jointFactor = mattes ? 1 : (fixedEntropy + movingEntropy) * over * over;
  measure->movingFactor = mattes ? 1 : over;
  measure->perIntensity = total > 0 ? 1 / (movingSize * counted) : 0;
}

/** Every bin of the histogram that the caller sees, the padding included. */
__global__ void __launch_bounds__(kThreads)
    probabilities(const Sum* joint, const Measure* measure, int32_t bins, double* histogram) {
  forEachItem(int64_t(bins) * bins, [&](int64_t i) {
    const int64_t row = i / bins - kParzenPadding;
    const bool inside = row >= 0 && row < centreBins(bins);
    histogram[i] = inside ? double(joint[row * bins + i % bins]) * measure->normalise : 0.0;
  });
}

/** The measure's derivative in a cell is c[0] + c[1] s + c[2] s^2 at position s. */
template <class T>
struct alignas(16) Slope {
  T c[4];
};

/** d p(f, m) of a voxel sums to zero over m, so every term that does not depend on m cancels: what
 * is left is d value = sum over m of d p(f, m) * ratio(f, m). */
template <class T>
__global__ void __launch_bounds__(kThreads)
    slopesOfCells(const Sum* joint, const Measure* measure, int32_t bins, Slope<T>* slopes) {
  const int32_t centres = centreBins(bins);
  forEachItem(parzenCells(bins), [&](int64_t cell) {
    const int64_t row = cell / centres;
    const int64_t first = cell % centres + kParzenPadding - 1;
    double r[kParzenTaps];
    for (int tap = 0; tap < kParzenTaps; ++tap) {
      const double p = double(joint[row * bins + first + tap]) * measure->normalise;
      r[tap] = p > kEmptyBin ? measure->jointFactor * log(p) -
                                   measure->movingFactor * measure->logMoving[first + tap]
                             : 0.0;
    }
    const double scale = measure->perIntensity;
    slopes[cell] = {{T(scale * 0.5 * (r[2] - r[0])), T(scale * (r[0] - 2 * r[1] + r[2])),
                     T(scale * 0.5 * (r[3] - r[0] + 3 * (r[1] - r[2]))), T(0)}};
  });
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    gradientOfVoxels(Images<T> images, Axes<T> axes, const Slope<T>* slopes, T* gradient) {
  forEachItem(images.count, [&](int64_t i) {
    const Voxel<T> voxel = locate(images, axes, i);
    T result = 0;
    if (voxel.inside) {
      const Slope<T> slope = slopes[voxel.fixedBin * axes.centres + voxel.movingBin];
      const T s = T(voxel.position);
      result = (slope.c[2] * s + slope.c[1]) * s + slope.c[0];
    }
    gradient[i] = result;
  });
}

/** The parts of the workspace; without memory it only measures. */
struct Parts {
  Measure* measure;
  Sum* joint;
  void* slopes;
  int64_t bytes;

  Parts(const MutualInformationArgs& args, void* memory) {
    const int64_t slopeBytes = args.type == VK_F64 ? sizeof(Slope<double>) : sizeof(Slope<float>);
    Carver carver(memory);
    measure = carver.take<Measure>(1);
    joint = carver.take<Sum>(int64_t(centreBins(args.params.bins)) * args.params.bins);
    slopes = args.gradient == nullptr
                 ? nullptr
                 : carver.take<char>(parzenCells(args.params.bins) * slopeBytes);
    bytes = carver.bytes();
  }
};

int64_t workspaceBytes(const MutualInformationArgs& args) { return Parts(args, nullptr).bytes; }

/** The least value of T that is no less than v; with `sign` -1 the greatest that is no more. */
template <class T>
T withinRange(double v, int sign) {
  const T near = T(v);
  const bool outside = sign > 0 ? double(near) < v : double(near) > v;
  return outside ? std::nextafter(near, T(sign * INFINITY)) : near;
}

template <class T>
Axes<T> axesOf(const vk_mutual_information_params& p) {
  Axes<T> axes;
  const double movingScale = 1 / intensityBinSize(p.moving_min, p.moving_max, p.bins);
  axes.fixedSize = intensityBinSize(p.fixed_min, p.fixed_max, p.bins);
  axes.fixedShift = p.fixed_min / axes.fixedSize - kParzenPadding;
  // Subtracting an origin is nearly free of rounding; what the origin lost goes to the offset.
  axes.fixedOrigin = T(p.fixed_min);
  axes.fixedScale = T(1 / axes.fixedSize);
  axes.fixedOffset = T((double(axes.fixedOrigin) - p.fixed_min) / axes.fixedSize);
  axes.movingOrigin = T(p.moving_min);
  axes.movingScale = T(movingScale);
  axes.movingOffset = T((double(axes.movingOrigin) - p.moving_min) * movingScale);
  axes.movingMinimum = withinRange<T>(p.moving_min, 1);
  axes.movingMaximum = withinRange<T>(p.moving_max, -1);
  const bool ignored = p.outside_range == VK_OUTSIDE_RANGE_IGNORED;
  axes.countedMinimum = ignored ? axes.movingMinimum : std::numeric_limits<T>::lowest();
  axes.countedMaximum = ignored ? axes.movingMaximum : std::numeric_limits<T>::max();
  axes.centres = centreBins(p.bins);
  return axes;
}

template <class T>
void mutualInformation(const MutualInformationArgs& args, Context& context,
                       const Workspace& workspace) {
  const int32_t bins = args.params.bins;
  const Parts parts(args, workspace.data);
  const Axes<T> axes = axesOf<T>(args.params);
  const Images<T> images{static_cast<const T*>(args.fixed), static_cast<const T*>(args.warped),
                         args.mask, args.count};
  const int64_t entries = int64_t(axes.centres) * bins;
  const int64_t entryBytes = 2 * int64_t(sizeof(unsigned));
  check(cudaMemsetAsync(parts.joint, 0, size_t(entries) * sizeof(Sum), streamOf(context)));
  // The sums are integers: how many blocks there are does not show in them.
  const int64_t most = 4 * int64_t(deviceOf(context).multiprocessors());
  const int64_t blocks = blocksFor(args.count, kHistogramThreads * kVoxelsOfThread);
  Grid grid{dim3(unsigned(blocks < most ? blocks : most)), dim3(kHistogramThreads)};
  if (entries * entryBytes <= 48 * 1024) {
    int copies = kMostCopies;
    while (copies > 1 && entries * entryBytes * copies > kSharedBytes) copies /= 2;
    grid.sharedBytes = size_t(entries * entryBytes * copies);
    launch(context, grid, histogramInShared<T>, images, axes, copies, parts.joint);
  } else {
    launch(context, grid, histogramInGlobal<T>, images, axes, parts.joint);
  }
  const double movingSize = intensityBinSize(args.params.moving_min, args.params.moving_max, bins);
  launch(context, {dim3(1), dim3(kThreads)}, measureOfJoint, args.params, movingSize, parts.joint,
         parts.measure);
  if (args.jointHistogram != nullptr) {
    launch(context, gridOver(int64_t(bins) * bins), probabilities, parts.joint, parts.measure, bins,
           args.jointHistogram);
  }
  if (args.gradient != nullptr) {
    Slope<T>* const slopes = static_cast<Slope<T>*>(parts.slopes);
    launch(context, gridOver(parzenCells(bins)), slopesOfCells<T>, parts.joint, parts.measure, bins,
           slopes);
    launch(context, gridOver(args.count), gradientOfVoxels<T>, images, axes, slopes,
           static_cast<T*>(args.gradient));
  }
  deliver(context, args.value, &parts.measure->value, sizeof(double));
}

Refusal accepts(const MutualInformationArgs& args) {
  return args.type == VK_F64 || rangesFitFloat(args.params)
             ? ""
             : "takes intensity ranges within 1e-30 to 1e30 only of f32";
}

void runMutualInformation(const MutualInformationArgs& args, Context& context,
                          const Workspace& workspace) {
  withFloats(args.type,
             [&](auto number) { mutualInformation<decltype(number)>(args, context, workspace); });
}

}  // namespace

extern "C" CudaImplementations<MutualInformationArgs> mutual_informationCuda() {
  static const Implementation<MutualInformationArgs> rows[] = {
      cuda::row<MutualInformationArgs>(runMutualInformation, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::mutual_information_cuda
