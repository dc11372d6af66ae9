#include "average_pool/average_pool.h"
#include "cuda/cuda_table.h"
#include "pool/pool_cuda.h"
#include "pool/pool_cudnn.h"

namespace vk::average_pool_cuda {
namespace {

using namespace cuda;

/** As averageTaps, of the three axes. */
__device__ double divisorOf(const AverageArgs& args, int64_t output, const PoolBin& bin) {
  if (args.divisor == VK_POOL_DIVISOR_GIVEN) return args.given;
  int64_t taps = 1;
  if (args.divisor == VK_POOL_DIVISOR_INSIDE) {
    for (int axis = 0; axis < 3; ++axis) taps *= max(bin.count[axis], int64_t{1});
    return double(taps);
  }
  const PoolWindow& window = args.window;
  const PoolPlace place = poolPlaceOf(output, args.outSize);
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t first = place.at[axis] * window.stride[axis] - window.paddingBegin[axis];
    taps *= tapsOf(window, axis, first, args.inSize[axis] + window.paddingEnd[axis]).end;
  }
  return double(taps);
}

template <class T, class Sum>
struct Mean : PoolSum<Sum> {
  AverageArgs args;
  T* output;

  Mean(const AverageArgs& average, T* to) : args(average), output(to) {}
  __device__ Sum of(T voxel, int64_t) const { return Sum(voxel); }
  __device__ void finish(int64_t at, const PoolBin& bin, Sum sum) const {
    output[at] = T(sum / Sum(divisorOf(args, at, bin)));
  }
};

template <class T>
void average(const AveragePoolArgs& args, Context& context, const Workspace& workspace) {
  T* const output = static_cast<T*>(args.output);
  poolReduce<T>(context, workspace, args.input, PoolWindowBins{args}, Mean<T, T>(args, output),
                Mean<T, double>(args, output));
}

void runAverage(const AveragePoolArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { average<decltype(number)>(args, context, workspace); });
}

int64_t workspaceBytes(const AveragePoolArgs& args) {
  return poolPartialBytes(PoolWindowBins{args}, sizeof(double));
}

/** What each voxel of a window gets of its output. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    averageShares(AverageArgs args, const T* upstream, T* shares) {
  const PoolWindowBins bins{args};
  forEachItem(bins.outputs(), [&](int64_t output) {
    shares[output] = T(double(upstream[output]) / divisorOf(args, output, bins(output)));
  });
}

template <class T>
__global__ void __launch_bounds__(256, 1)
    averageGradient(PoolGather gather, const T* shares, T* gradient) {
  forEachItem(gather.args.volumes * poolVoxels(gather.args.inSize), [&](int64_t i) {
    gradient[i] = gather.sum(poolPlaceOf(i, gather.args.inSize), shares);
  });
}

template <class T>
void gradient(const AveragePoolGradientArgs& args, Context& context, const Workspace& workspace) {
  T* const shares = workspace.as<T>();
  launch(context, gridOver(args.volumes * poolVoxels(args.outSize)), averageShares<T>, args,
         static_cast<const T*>(args.upstream), shares);
  launch(context, gridOver(args.volumes * poolVoxels(args.inSize)), averageGradient<T>,
         PoolGather(args), shares, static_cast<T*>(args.gradient));
}

void runGradient(const AveragePoolGradientArgs& args, Context& context,
                 const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

int64_t gradientWorkspaceBytes(const AveragePoolGradientArgs& args) {
  return args.volumes * poolVoxels(args.outSize) * (args.type == VK_F64 ? 8 : 4);
}

// By cuDNN, whose windows have all their voxels in the padding where it counts (see
// poolCudnnAccepts), so that both have the same divisor.

Refusal cudnnAccepts(const AverageArgs& args) {
  if (args.divisor == VK_POOL_DIVISOR_GIVEN) return "takes no given divisor";
  // Its sums are as long as the window, and nobody says in which order they are added.
  const int64_t* const kernel = args.window.kernel;
  if (args.type == VK_F32 && double(kernel[0]) * double(kernel[1]) * double(kernel[2]) > 1024) {
    return "may err more than is accepted in windows this large";
  }
  return poolCudnnAccepts(args);
}
Refusal cudnnAcceptsForward(const AveragePoolArgs& args) { return cudnnAccepts(args); }
Refusal cudnnAcceptsGradient(const AveragePoolGradientArgs& args) { return cudnnAccepts(args); }

cudnn::PoolingMode modeOf(const AverageArgs& args) {
  return args.divisor == VK_POOL_DIVISOR_PADDED ? cudnn::kPoolAveragePadded
                                                : cudnn::kPoolAverageInside;
}

void runCudnn(const AveragePoolArgs& args, Context& context, const Workspace&) {
  poolCudnnForward(args, modeOf(args), args.input, args.output, context);
}

void runCudnnGradient(const AveragePoolGradientArgs& args, Context& context, const Workspace&) {
  const PoolDescriptors made(args, modeOf(args));
  // The gradient of a mean needs neither what it was taken of nor what came out; they have to be
  // tensors of the device all the same.
  VK_CUDNN(PoolingBackward, cudnn::handleOf(context), made.pooling, cudnn::Scale(args.type, 1),
           made.output, args.upstream, made.output, args.upstream, made.input, args.gradient,
           cudnn::Scale(args.type, 0), made.input, args.gradient);
}

}  // namespace

extern "C" CudaImplementations<AveragePoolArgs> average_poolCuda() {
  static const Implementation<AveragePoolArgs> rows[] = {
      cuda::row<AveragePoolArgs>(runCudnn, cudnnAcceptsForward, nullptr, "cudnn"),
      cuda::row<AveragePoolArgs>(runAverage, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<AveragePoolGradientArgs> average_pool_gradientCuda() {
  static const Implementation<AveragePoolGradientArgs> rows[] = {
      cuda::row<AveragePoolGradientArgs>(runCudnnGradient, cudnnAcceptsGradient, nullptr, "cudnn"),
      cuda::row<AveragePoolGradientArgs>(runGradient, nullptr, gradientWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::average_pool_cuda
