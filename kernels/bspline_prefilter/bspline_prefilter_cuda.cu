// A causal and an anticausal recursion along each axis. Along x a warp takes a line, 32 voxels at a
// time, by a scan; along y and z a thread takes one, beside the threads of the neighbouring lines.
#include "bspline_prefilter/bspline_prefilter.h"
#include "bspline_prefilter/bspline_prefilter_math.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"

namespace vk::bspline_prefilter_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 128;
/** Threads of a block along y and z: what its lines keep has to fit into 48 KB. */
template <class T>
constexpr int kColumnThreads = sizeof(T) == 4 ? 128 : 64;
/** Powers of the pole beyond these are below the type's resolution. */
template <class T>
constexpr int kHorizon = sizeof(T) == 4 ? 20 : 32;
/** Voxels of a line that a thread finishes at a time along y and z; as many more as the horizon
 * has, it looks ahead. */
constexpr int kSegment = 28;

/** Lines along an axis of more than one voxel. */
template <class T>
struct LineFilter {
  int64_t size;
  int64_t stride;
  bool periodic;
  /** Of the samples in the first causal value: from the first on, or round the period back. */
  int terms;
  T weights[kHorizon<T>];
  /** Powers 1 to 32 of the pole. */
  T powers[kWarpSize];

  LineFilter(int64_t length, int64_t step, vk_border border)
      : size(length), stride(step), periodic(border == VK_BORDER_PERIODIC) {
    double starts[kHorizon<T>];
    terms = int(periodic ? bsplinePeriodicWeights(size, kHorizon<T>, starts)
                         : bsplineCausalWeights(size, kHorizon<T>, starts));
    for (int k = 0; k < kHorizon<T>; ++k) weights[k] = k < terms ? T(starts[k]) : T(0);
    double power = 1;
    for (T& entry : powers) entry = T(power *= kBsplinePole);
  }

  __device__ T first(const T* line) const {
    T sum = 0;
    for (int k = 0; k < terms; ++k) {
      sum += weights[k] * line[(periodic && k > 0 ? size - k : k) * stride];
    }
    return sum;
  }
};

/** The last coefficient out of the last two causal values, mirror border. */
template <class T>
__device__ T mirrorEnd(T last, T before) {
  constexpr double z = kBsplinePole;
  return T(kBsplineGain * z / (z * z - 1)) * (T(z) * before + last);
}

/** v(i) + z v(i - 1) + z^2 v(i - 2) .. over the lanes, which count from the other end if `down`. */
template <class T>
__device__ T warpRecursion(const LineFilter<T>& filter, T value, int lane, bool down) {
  VK_UNROLL
  for (int distance = 1; distance < kWarpSize; distance *= 2) {
    const T other = down ? __shfl_down_sync(kWholeWarp, value, distance)
                         : __shfl_up_sync(kWholeWarp, value, distance);
    if ((down ? kWarpSize - 1 - lane : lane) >= distance) {
      value += filter.powers[distance - 1] * other;
    }
  }
  return value;
}

/** A warp a line along x, forth and back; a lane reads what it wrote itself. Image and coefficients
 * may be the same memory. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    filterRows(LineFilter<T> filter, const T* image, int64_t lines, T* coefficients) {
  const int lane = int(threadIdx.x % kWarpSize);
  const int64_t warps = int64_t(gridDim.x) * (kThreads / kWarpSize);
  const int64_t size = filter.size;
  for (int64_t line = (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kWarpSize; line < lines;
       line += warps) {
    const T* const in = image + line * size;
    T* const out = coefficients + line * size;
    // The first value, as what comes before the first voxel.
    T first = lane == 0 ? filter.first(in) : T(0);
    first = __shfl_sync(kWholeWarp, first, 0);
    __syncwarp();  // the image may be overwritten now
    T carry = 0;
    T beforeLast = 0;
    for (int64_t begin = 0; begin < size; begin += kWarpSize) {
      const int64_t i = begin + lane;
      T value = i < size ? in[i] : T(0);
      if (i == 0) value = first;
      value = warpRecursion(filter, value, lane, false) + filter.powers[lane] * carry;
      if (i < size) out[i] = value;
      const int last = int(min(int64_t(kWarpSize), size - begin)) - 1;
      const T endOfPiece = __shfl_sync(kWholeWarp, value, last);
      const T besideEnd = __shfl_sync(kWholeWarp, value, last > 0 ? last - 1 : 0);
      beforeLast = last > 0 ? besideEnd : carry;
      carry = endOfPiece;
    }
    __syncwarp();
    if (filter.periodic) {
      // The coefficient after the last, round the period: its causal values come again.
      T sum = 0;
      if (lane == 0) {
        for (int k = 0; k < filter.terms; ++k) sum += filter.weights[k] * out[k];
      }
      carry = T(-kBsplineGain * kBsplinePole) * __shfl_sync(kWholeWarp, sum, 0);
      __syncwarp();
    } else {
      carry = mirrorEnd(carry, beforeLast);
    }
    // coefficient(i) = z coefficient(i + 1) - 6 z causal(i), of the last mirrored one it is known.
    bool known = !filter.periodic;
    for (int64_t begin = (size - 1) / kWarpSize * kWarpSize; begin >= 0; begin -= kWarpSize) {
      const int64_t i = begin + lane;
      const bool isKnown = known && i == size - 1;
      T value = i < size ? T(-kBsplineGain * kBsplinePole) * out[i] : T(0);
      if (isKnown) value = carry;
      const int last = int(min(int64_t(kWarpSize), size - begin)) - 1;
      value = warpRecursion(filter, value, lane, true);
      if (!known && lane <= last) value += filter.powers[last - lane] * carry;
      if (i < size) out[i] = value;
      carry = __shfl_sync(kWholeWarp, value, 0);
      known = false;
    }
  }
}

/** A thread a line across the rows. Of each segment the causal values and those ahead of it are in
 * shared memory; beyond the horizon what comes later does not matter. Each voxel is read and
 * written in the memory once. */
template <class T>
__global__ void __launch_bounds__(kColumnThreads<T>)
    filterColumns(LineFilter<T> filter, const T* image, int64_t inner, int64_t lines,
                  T* coefficients) {
  constexpr int kAhead = kHorizon<T>;
  constexpr int kLines = kColumnThreads<T>;
  VK_SHARED(T, causal, (kSegment + kAhead) * kLines);
  VK_DYNAMIC_SHARED(T, round);  // kAhead * kLines of them, periodic border only
  const T pole = T(kBsplinePole);
  const T gain = T(-kBsplineGain * kBsplinePole);
  T* const values = causal + threadIdx.x;
  T* const start = round + threadIdx.x;
  const int64_t size = filter.size;
  forEachItem(lines, [&](int64_t item) {
    const int64_t offset = item / inner * inner * size + item % inner;
    const T* const in = image + offset;
    T* const out = coefficients + offset;
    T before = filter.first(in);
    if (filter.periodic) {
      // These are overwritten before the last segment comes round to them.
      for (int k = 0; k < filter.terms; ++k) start[k * kLines] = in[k * filter.stride];
    }
    for (int64_t begin = 0; begin < size; begin += kSegment) {
      const int64_t end = min(size, begin + kSegment);
      const int64_t seen = filter.periodic ? end + kAhead : min(size, end + kAhead);
      T value = before;
      for (int64_t i = begin; i < seen; ++i) {
        if (i > 0) {
          const T sample = i < size ? in[i * filter.stride] : start[(i - size) % size * kLines];
          value = sample + pole * value;
        }
        values[(i - begin) * kLines] = value;
        if (i == end - 1) before = value;
      }
      int64_t i = seen - 1;
      if (!filter.periodic && seen == size) {
        const T last = values[(i - begin) * kLines];
        value = mirrorEnd(last, i > begin ? values[(i - 1 - begin) * kLines] : T(0));
        if (i < end) out[i * filter.stride] = value;
        --i;
      } else {
        value = 0;
      }
      for (; i >= begin; --i) {
        value = gain * values[(i - begin) * kLines] + pole * value;
        if (i < end) out[i * filter.stride] = value;
      }
    }
  });
}

/** Filters along the axes of more than one voxel, the first of them out of the image. */
template <class T>
void prefilter(const BsplinePrefilterArgs& args, Context& context) {
  const int64_t slice = args.width * args.height;
  const int64_t count = args.volumes * args.depth * slice;
  if (count == 0) return;
  const T* from = static_cast<const T*>(args.image);
  T* const to = static_cast<T*>(args.coefficients);
  if (args.width > 1) {
    const int64_t lines = count / args.width;
    launch(context, {dim3(blocksFor(lines, kThreads / kWarpSize)), dim3(kThreads)}, filterRows<T>,
           LineFilter<T>(args.width, 1, args.border), from, lines, to);
    from = to;
  }
  const auto across = [&](int64_t size, int64_t inner) {
    if (size < 2) return;
    const int64_t lines = count / size;
    constexpr int kEach = kColumnThreads<T>;
    const LineFilter<T> filter(size, inner, args.border);
    const size_t roundBytes = filter.periodic ? kHorizon<T> * kEach * sizeof(T) : 0;
    launch(context, {dim3(blocksFor(lines, kEach)), dim3(kEach), roundBytes}, filterColumns<T>,
           filter, from, inner, lines, to);
    from = to;
  };
  across(args.height, args.width);
  across(args.depth, slice);
  if (from != to) {
    check(
        cudaMemcpyAsync(to, from, size_t(count) * sizeof(T), cudaMemcpyDefault, streamOf(context)));
  }
}

void runPrefilter(const BsplinePrefilterArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? prefilter<double>(args, context) : prefilter<float>(args, context);
}

}  // namespace

extern "C" CudaImplementations<BsplinePrefilterArgs> bspline_prefilterCuda() {
  static const Implementation<BsplinePrefilterArgs> rows[] = {
      cuda::row<BsplinePrefilterArgs>(runPrefilter)};
  return cuda::table(rows);
}

}  // namespace vk::bspline_prefilter_cuda
