// What the pools have in common on a device: where outputs and their bins lie, reductions of bins
// of any size, and gathering over the windows that see a voxel.
#pragma once

#include <numeric>

#include "cuda/divide.h"
#include "cuda/kernel.h"
#include "cuda/reduce.h"
#include "pool/pool_window.h"

namespace vk::cuda {

/** An element of several volumes; axes are z, y, x. */
struct PoolPlace {
  int64_t volume;
  int64_t at[3];
};

__device__ inline PoolPlace poolPlaceOf(int64_t i, const int64_t (&size)[3]) {
  const Division x = divide(i, size[2]);
  const Division y = divide(x.quotient, size[1]);
  const Division z = divide(y.quotient, size[0]);
  return {z.quotient, {z.remainder, y.remainder, x.remainder}};
}

/** The voxels of an output, along each axis `count` of them, `step` apart. */
struct PoolBin {
  int64_t volume;
  int64_t first[3];
  int64_t count[3];
  int64_t step[3];

  __device__ int64_t voxels() const { return count[0] * count[1] * count[2]; }
  /** Of a voxel by its number along each axis: where it lies in its volume of this size. */
  __device__ int64_t indexOf(int64_t z, int64_t y, int64_t x, const int64_t* size) const {
    const int64_t plane = first[0] + z * step[0], row = first[1] + y * step[1];
    return (plane * size[1] + row) * size[2] + first[2] + x * step[2];
  }
};

/** As poolTaps. */
__device__ inline Range tapsOf(const PoolWindow& window, int axis, int64_t first, int64_t size) {
  const int64_t dilation = window.dilation[axis];
  const int64_t begin = first < 0 ? quotient(-first + dilation - 1, dilation) : 0;
  const int64_t fit = first < size ? quotient(size - first + dilation - 1, dilation) : 0;
  const int64_t end = min(fit, window.kernel[axis]);
  return {min(begin, end), end};
}

/** The bins of a moving window. */
struct PoolWindowBins {
  PoolArgs args;

  __device__ PoolBin operator()(int64_t output) const {
    const PoolPlace place = poolPlaceOf(output, args.outSize);
    PoolBin bin{place.volume, {}, {}, {}};
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t first =
          place.at[axis] * args.window.stride[axis] - args.window.paddingBegin[axis];
      const Range taps = tapsOf(args.window, axis, first, args.inSize[axis]);
      bin.step[axis] = args.window.dilation[axis];
      bin.first[axis] = first + taps.begin * bin.step[axis];
      bin.count[axis] = taps.end - taps.begin;
    }
    return bin;
  }
  /** Most voxels of a bin. */
  int64_t most() const {
    int64_t voxels = 1;
    for (int axis = 0; axis < 3; ++axis) {
      voxels *= args.window.kernel[axis] < args.inSize[axis] ? args.window.kernel[axis]
                                                             : args.inSize[axis];
    }
    return voxels;
  }
  VK_HD int64_t outputs() const { return args.volumes * poolVoxels(args.outSize); }
  __device__ const int64_t* inSize() const { return args.inSize; }
};

// --- reductions of bins. A reduction has a type Value with none(), of(voxel, index in its volume)
// and combine(a, b), which does not depend on the order; finish(output, bin, value) writes it.

/** A thread an output: for bins of few voxels. Rows, then planes, then the bin. */
template <class T, class Bins, class Reduction>
__global__ void __launch_bounds__(256, 1)
    poolByThread(const T* input, Bins bins, int64_t outputs, Reduction reduction) {
  const int64_t* const size = bins.inSize();
  forEachItem(outputs, [&](int64_t output) {
    const PoolBin bin = bins(output);
    const T* const volume = input + bin.volume * size[0] * size[1] * size[2];
    auto value = reduction.none();
    for (int64_t z = 0; z < bin.count[0]; ++z) {
      auto ofPlane = reduction.none();
      for (int64_t y = 0; y < bin.count[1]; ++y) {
        auto ofRow = reduction.none();
        int64_t index = bin.indexOf(z, y, 0, size);
        for (int64_t x = 0; x < bin.count[2]; ++x, index += bin.step[2]) {
          ofRow = reduction.combine(ofRow, reduction.of(volume[index], index));
        }
        ofPlane = reduction.combine(ofPlane, ofRow);
      }
      value = reduction.combine(value, ofPlane);
    }
    reduction.finish(output, bin, value);
  });
}

/** Voxels that one thread of a block takes, one after the other. */
constexpr int64_t kPoolEach = 64;
constexpr int kPoolThreads = 128;
constexpr int64_t kPoolPart = kPoolEach * kPoolThreads;

/** Lets `reduction.combine` be what blockReduce combines by. */
template <class Reduction>
struct PoolCombine {
  Reduction reduction;
  template <class Value>
  __device__ Value operator()(const Value& a, const Value& b) const {
    return reduction.combine(a, b);
  }
};

/** A block a part of a bin; where a bin has one part alone, that is the output. */
template <class T, class Bins, class Reduction>
__global__ void __launch_bounds__(kPoolThreads, 1)
    poolByBlock(const T* input, Bins bins, int64_t outputs, int64_t parts, Reduction reduction,
                typename Reduction::Value* partials) {
  using Value = typename Reduction::Value;
  VK_SHARED(Value, shared, kPoolThreads / kWarpSize);
  const int64_t* const size = bins.inSize();
  for (int64_t task = blockIdx.x; task < outputs * parts; task += gridDim.x) {
    const Division at = divide(task, parts);
    const PoolBin bin = bins(at.quotient);
    const T* const volume = input + bin.volume * size[0] * size[1] * size[2];
    const int64_t end = min(bin.voxels(), (at.remainder + 1) * kPoolPart);
    Value value = reduction.none();
    for (int64_t i = at.remainder * kPoolPart + threadIdx.x; i < end; i += kPoolThreads) {
      const Division x = divide(i, bin.count[2]);
      const Division y = divide(x.quotient, bin.count[1]);
      const int64_t index = bin.indexOf(y.quotient, y.remainder, x.remainder, size);
      value = reduction.combine(value, reduction.of(volume[index], index));
    }
    value = blockReduce<kPoolThreads>(value, shared, PoolCombine<Reduction>{reduction});
    if (threadIdx.x != 0) continue;
    if (parts == 1) {
      reduction.finish(at.quotient, bin, value);
    } else {
      partials[task] = value;
    }
  }
}

/** Adds up the parts of each bin: a thread an output, as there are few parts beside voxels. */
template <class Bins, class Reduction>
__global__ void __launch_bounds__(kPoolThreads, 1)
    poolParts(Bins bins, int64_t outputs, int64_t parts, Reduction reduction,
              const typename Reduction::Value* partials) {
  forEachItem(outputs, [&](int64_t output) {
    auto value = partials[output * parts];
    for (int64_t part = 1; part < parts; ++part) {
      value = reduction.combine(value, partials[output * parts + part]);
    }
    reduction.finish(output, bins(output), value);
  });
}

/** Bins of this many voxels keep a block busy; so do smaller ones where there are few of them. */
template <class Bins>
bool poolTakesBlocks(const Bins& bins) {
  const int64_t most = bins.most();
  return most >= 1024 || (most >= 64 && bins.outputs() < 32768);
}

template <class Bins>
int64_t poolPartCount(const Bins& bins) {
  return poolTakesBlocks(bins) ? chunkCount(bins.most(), kPoolPart) : 1;
}

/** Workspace of a reduction with values of so many bytes. */
template <class Bins>
int64_t poolPartialBytes(const Bins& bins, int64_t valueBytes) {
  const int64_t parts = poolPartCount(bins);
  return parts > 1 ? bins.outputs() * parts * valueBytes : 0;
}

/** Reduces every bin: `few` where a thread has one, `many` where blocks have, which may sum in
 * another type. */
template <class T, class Bins, class Few, class Many>
void poolReduce(Context& context, const Workspace& workspace, const void* input, const Bins& bins,
                const Few& few, const Many& many) {
  const T* const from = static_cast<const T*>(input);
  const int64_t outputs = bins.outputs();
  if (!poolTakesBlocks(bins)) {
    launch(context, gridOver(outputs), poolByThread<T, Bins, Few>, from, bins, outputs, few);
    return;
  }
  const int64_t parts = poolPartCount(bins);
  auto* const partials = workspace.as<typename Many::Value>();
  launch(context, {dim3(blocksFor(outputs * parts, 1)), dim3(kPoolThreads)},
         poolByBlock<T, Bins, Many>, from, bins, outputs, parts, many, partials);
  if (parts == 1) return;
  launch(context, {dim3(blocksFor(outputs, kPoolThreads)), dim3(kPoolThreads)},
         poolParts<Bins, Many>, bins, outputs, parts, many, partials);
}

/** The largest voxel of a bin and where it lies. */
template <class T>
struct PoolLargest {
  struct Value {
    T value;
    /** Within the volume; -1 where there is no voxel. */
    int64_t index;
  };
  /** Either may be null. */
  T* output;
  int64_t* indices;

  __device__ Value none() const { return {-T(INFINITY), -1}; }
  __device__ Value of(T voxel, int64_t index) const { return {voxel, index}; }
  /** The first of equal values; NaN wins, of several the last. */
  __device__ Value combine(const Value& a, const Value& b) const {
    if (a.index < 0 || b.index < 0) return a.index < 0 ? b : a;
    const bool aIsNan = a.value != a.value, bIsNan = b.value != b.value;
    const bool bIsBehind = b.index > a.index;
    bool takesB = b.value > a.value || (b.value == a.value && !bIsBehind);
    if (aIsNan || bIsNan) takesB = bIsNan && (!aIsNan || bIsBehind);
    return takesB ? b : a;
  }
  __device__ void finish(int64_t at, const PoolBin&, const Value& value) const {
    if (output != nullptr) output[at] = value.value;
    if (indices != nullptr) indices[at] = value.index;
  }
};

/** The sum of what `of` makes of the voxels: a part of a reduction. */
template <class Sum>
struct PoolSum {
  using Value = Sum;
  __device__ Sum none() const { return 0; }
  __device__ Sum combine(Sum a, Sum b) const { return a + b; }
};

// --- gathering

/** What gathers over the outputs that see a voxel. With a dilation only every `step`-th output
 * along an axis does. */
struct PoolGather {
  PoolArgs args;
  int64_t step[3];

  explicit PoolGather(const PoolArgs& pool) : args(pool), step{} {
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t dilation = pool.window.dilation[axis];
      step[axis] = dilation / std::gcd(dilation, pool.window.stride[axis]);
    }
  }

  /** Outputs along an axis whose windows hold a voxel: `step` apart. */
  __device__ Range outputsOf(int axis, int64_t voxel) const {
    const int64_t stride = args.window.stride[axis], dilation = args.window.dilation[axis];
    const int64_t position = voxel + args.window.paddingBegin[axis];
    const int64_t reach = (args.window.kernel[axis] - 1) * dilation;
    int64_t begin = position > reach ? quotient(position - reach + stride - 1, stride) : 0;
    const int64_t end = min(quotient(position, stride) + 1, args.outSize[axis]);
    if (dilation > 1) {
      for (int64_t tried = 0; tried < step[axis] && begin < end; ++tried, ++begin) {
        if (divide(position - begin * stride, dilation).remainder == 0) return {begin, end};
      }
      return {end, end};
    }
    return {begin, end};
  }

  /** body(output) for each output whose window holds the voxel, in order, and after each row and
   * plane of outputs endOfRow() and endOfPlane(). */
  template <class Body, class EndOfRow, class EndOfPlane>
  __device__ void each(const PoolPlace& voxel, const Body& body, const EndOfRow& endOfRow,
                       const EndOfPlane& endOfPlane) const {
    const Range planes = outputsOf(0, voxel.at[0]);
    const Range rows = outputsOf(1, voxel.at[1]);
    const Range columns = outputsOf(2, voxel.at[2]);
    for (int64_t z = planes.begin; z < planes.end; z += step[0]) {
      for (int64_t y = rows.begin; y < rows.end; y += step[1]) {
        const int64_t row =
            ((voxel.volume * args.outSize[0] + z) * args.outSize[1] + y) * args.outSize[2];
        for (int64_t x = columns.begin; x < columns.end; x += step[2]) body(row + x);
        endOfRow();
      }
      endOfPlane();
    }
  }

  /** The sum of values[output] over these outputs; by rows and planes, which keeps the error of
   * many small. */
  template <class T>
  __device__ T sum(const PoolPlace& voxel, const T* values) const {
    T all = 0, ofPlane = 0, ofRow = 0;
    each(
        voxel, [&](int64_t output) { ofRow += values[output]; },
        [&] {
          ofPlane += ofRow;
          ofRow = 0;
        },
        [&] {
          all += ofPlane;
          ofPlane = 0;
        });
    return all;
  }
};

}  // namespace vk::cuda
