#include "adaptive_pool/adaptive_pool.h"
#include "cuda/cuda_table.h"
#include "pool/pool_cuda.h"

namespace vk::adaptive_pool_cuda {
namespace {

using namespace cuda;

/** Input voxels of an output's bin, or, with the sizes exchanged, outputs that hold a voxel. */
__device__ Range shareOf(int64_t at, int64_t from, int64_t to) {
  return {quotient(at * to, from), quotient((at + 1) * to + from - 1, from)};
}

struct AdaptiveBins {
  AdaptiveArgs args;

  __device__ PoolBin operator()(int64_t output) const {
    const PoolPlace place = poolPlaceOf(output, args.outSize);
    PoolBin bin{place.volume, {}, {}, {1, 1, 1}};
    for (int axis = 0; axis < 3; ++axis) {
      const Range voxels = shareOf(place.at[axis], args.outSize[axis], args.inSize[axis]);
      bin.first[axis] = voxels.begin;
      bin.count[axis] = voxels.end - voxels.begin;
    }
    return bin;
  }
  int64_t most() const {
    int64_t voxels = 1;
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t in = args.inSize[axis], out = args.outSize[axis];
      if (out == 0) return 0;
      voxels *= in % out == 0 ? in / out : in / out + 2 < in ? in / out + 2 : in;
    }
    return voxels;
  }
  VK_HD int64_t outputs() const { return args.volumes * poolVoxels(args.outSize); }
  __device__ const int64_t* inSize() const { return args.inSize; }
};

template <class T, class Sum>
struct Mean : PoolSum<Sum> {
  T* output;

  explicit Mean(T* to) : output(to) {}
  __device__ Sum of(T voxel, int64_t) const { return Sum(voxel); }
  __device__ void finish(int64_t at, const PoolBin& bin, Sum sum) const {
    output[at] = T(sum / Sum(bin.voxels()));
  }
};

template <class T>
void pool(const AdaptivePoolArgs& args, Context& context, const Workspace& workspace) {
  T* const output = static_cast<T*>(args.output);
  if (args.mode == VK_ADAPTIVE_AVERAGE) {
    poolReduce<T>(context, workspace, args.input, AdaptiveBins{args}, Mean<T, T>(output),
                  Mean<T, double>(output));
  } else {
    const PoolLargest<T> largest{output, args.indices};
    poolReduce<T>(context, workspace, args.input, AdaptiveBins{args}, largest, largest);
  }
}

void runPool(const AdaptivePoolArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { pool<decltype(number)>(args, context, workspace); });
}

int64_t workspaceBytes(const AdaptivePoolArgs& args) {
  return poolPartialBytes(AdaptiveBins{args}, sizeof(PoolLargest<double>::Value));
}

/** The sum of value(output) over the outputs whose bins hold a voxel; by rows and planes, which
 * keeps the error of many small. */
template <class T, class ValueOf>
__device__ T gather(const AdaptiveArgs& args, const PoolPlace& voxel, const ValueOf& value) {
  Range seers[3];
  for (int axis = 0; axis < 3; ++axis) {
    seers[axis] = shareOf(voxel.at[axis], args.inSize[axis], args.outSize[axis]);
  }
  T sum = 0;
  for (int64_t z = seers[0].begin; z < seers[0].end; ++z) {
    T ofPlane = 0;
    for (int64_t y = seers[1].begin; y < seers[1].end; ++y) {
      const int64_t row =
          ((voxel.volume * args.outSize[0] + z) * args.outSize[1] + y) * args.outSize[2];
      T ofRow = 0;
      for (int64_t x = seers[2].begin; x < seers[2].end; ++x) ofRow += value(row + x);
      ofPlane += ofRow;
    }
    sum += ofPlane;
  }
  return sum;
}

/** What each voxel of a bin gets of its output. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    adaptiveShares(AdaptiveBins bins, const T* upstream, T* shares) {
  forEachItem(bins.outputs(), [&](int64_t output) {
    shares[output] = upstream[output] / T(bins(output).voxels());
  });
}

template <class T>
__global__ void __launch_bounds__(256, 1)
    adaptiveMeanGradient(AdaptiveArgs args, const T* shares, T* gradient) {
  forEachItem(args.volumes * poolVoxels(args.inSize), [&](int64_t i) {
    gradient[i] = gather<T>(args, poolPlaceOf(i, args.inSize),
                            [&](int64_t output) { return shares[output]; });
  });
}

template <class T>
__global__ void __launch_bounds__(256, 1) adaptiveMaxGradient(AdaptivePoolGradientArgs args) {
  const int64_t voxels = poolVoxels(args.inSize);
  const T* const upstream = static_cast<const T*>(args.upstream);
  forEachItem(args.volumes * voxels, [&](int64_t i) {
    const PoolPlace voxel = poolPlaceOf(i, args.inSize);
    const int64_t index = i - voxel.volume * voxels;
    static_cast<T*>(args.gradient)[i] = gather<T>(args, voxel, [&](int64_t output) {
      return args.indices[output] == index ? upstream[output] : T(0);
    });
  });
}

/** Whether an index lies in the volume but not in its output's bin: no pool gives such a one, but
 * the contract takes it. */
__device__ bool isStray(const AdaptiveBins& bins, int64_t index, int64_t output) {
  if (index < 0 || index >= poolVoxels(bins.args.inSize)) return false;
  const PoolBin bin = bins(output);
  const PoolPlace place = poolPlaceOf(index, bins.args.inSize);
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t at = place.at[axis] - bin.first[axis];
    if (at < 0 || at >= bin.count[axis]) return true;
  }
  return false;
}

__global__ void __launch_bounds__(256, 1)
    countStrays(AdaptiveBins bins, const int64_t* indices, unsigned* strays) {
  forEachItem(bins.outputs(), [&](int64_t output) {
    if (isStray(bins, indices[output], output)) atomicMax(strays, 1u);
  });
}

/** A thread a volume, which is soon over where there are none. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    addStrays(AdaptiveBins bins, const int64_t* indices, const T* upstream, const unsigned* strays,
              T* gradient) {
  if (*strays == 0) return;
  const int64_t outputs = poolVoxels(bins.args.outSize);
  forEachItem(bins.args.volumes, [&](int64_t volume) {
    for (int64_t i = volume * outputs; i < (volume + 1) * outputs; ++i) {
      if (!isStray(bins, indices[i], i)) continue;
      gradient[volume * poolVoxels(bins.args.inSize) + indices[i]] += upstream[i];
    }
  });
}

template <class T>
void gradient(const AdaptivePoolGradientArgs& args, Context& context, const Workspace& workspace) {
  const AdaptiveBins bins{args};
  const T* const upstream = static_cast<const T*>(args.upstream);
  T* const gradient = static_cast<T*>(args.gradient);
  const Grid voxels = gridOver(args.volumes * poolVoxels(args.inSize));
  if (args.mode == VK_ADAPTIVE_AVERAGE) {
    T* const shares = workspace.as<T>();
    launch(context, gridOver(bins.outputs()), adaptiveShares<T>, bins, upstream, shares);
    launch(context, voxels, adaptiveMeanGradient<T>, args, shares, gradient);
    return;
  }
  unsigned* const strays = workspace.as<unsigned>();
  check(cudaMemsetAsync(strays, 0, sizeof *strays, streamOf(context)));
  launch(context, voxels, adaptiveMaxGradient<T>, args);
  launch(context, gridOver(bins.outputs()), countStrays, bins, args.indices, strays);
  launch(context, gridOver(args.volumes), addStrays<T>, bins, args.indices, upstream, strays,
         gradient);
}

void runGradient(const AdaptivePoolGradientArgs& args, Context& context,
                 const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

int64_t gradientWorkspaceBytes(const AdaptivePoolGradientArgs& args) {
  if (args.mode == VK_ADAPTIVE_MAX) return sizeof(unsigned);
  return args.volumes * poolVoxels(args.outSize) * (args.type == VK_F64 ? 8 : 4);
}

}  // namespace

extern "C" CudaImplementations<AdaptivePoolArgs> adaptive_poolCuda() {
  static const Implementation<AdaptivePoolArgs> rows[] = {
      cuda::row<AdaptivePoolArgs>(runPool, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<AdaptivePoolGradientArgs> adaptive_pool_gradientCuda() {
  static const Implementation<AdaptivePoolGradientArgs> rows[] = {
      cuda::row<AdaptivePoolGradientArgs>(runGradient, nullptr, gradientWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::adaptive_pool_cuda
