#include "cuda/cuda_table.h"
#include "max_pool/max_pool.h"
#include "pool/pool_cuda.h"
#include "pool/pool_cudnn.h"

namespace vk::max_pool_cuda {
namespace {

using namespace cuda;

template <class T>
void find(const PoolArgs& args, Context& context, const Workspace& workspace, const void* input,
          T* output, int64_t* indices) {
  const PoolLargest<T> largest{output, indices};
  poolReduce<T>(context, workspace, input, PoolWindowBins{args}, largest, largest);
}

void runMaxPool(const MaxPoolArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) {
    find(args, context, workspace, args.input, static_cast<decltype(number)*>(args.output),
         args.indices);
  });
}

int64_t partialBytes(const PoolArgs& args) {
  const PoolWindowBins bins{args};
  return poolPartialBytes(bins, args.type == VK_F64 ? sizeof(PoolLargest<double>::Value)
                                                    : sizeof(PoolLargest<float>::Value));
}

int64_t workspaceBytes(const MaxPoolArgs& args) { return partialBytes(args); }

/** A thread a voxel, which adds, in their order, the outputs that were found at it. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    maxPoolGradient(PoolGather gather, const int64_t* indices, const T* upstream, T* gradient) {
  const PoolArgs& args = gather.args;
  forEachItem(args.volumes * poolVoxels(args.inSize), [&](int64_t i) {
    const PoolPlace voxel = poolPlaceOf(i, args.inSize);
    const int64_t index = i - voxel.volume * poolVoxels(args.inSize);
    T sum = 0;
    gather.each(
        voxel,
        [&](int64_t output) {
          if (indices[output] == index) sum += upstream[output];
        },
        [] {}, [] {});
    gradient[i] = sum;
  });
}

/** Indices that are not given come first in the workspace. */
int64_t indexBytes(const MaxPoolGradientArgs& args) {
  if (args.indices != nullptr) return 0;
  return args.volumes * poolVoxels(args.outSize) * int64_t(sizeof(int64_t));
}

int64_t gradientWorkspaceBytes(const MaxPoolGradientArgs& args) {
  return args.indices != nullptr ? 0 : indexBytes(args) + partialBytes(args);
}

template <class T>
void gradient(const MaxPoolGradientArgs& args, Context& context, const Workspace& workspace) {
  const int64_t* indices = args.indices;
  if (indices == nullptr) {
    int64_t* const found = workspace.as<int64_t>();
    const int64_t used = indexBytes(args);
    find<T>(args, context, {workspace.as<char>(used), workspace.bytes - used}, args.input, nullptr,
            found);
    indices = found;
  }
  launch(context, gridOver(args.volumes * poolVoxels(args.inSize)), maxPoolGradient<T>,
         PoolGather(args), indices, static_cast<const T*>(args.upstream),
         static_cast<T*>(args.gradient));
}

void runGradient(const MaxPoolGradientArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

// By cuDNN the maximum alone. Of its gradient nobody says which of equal values counts.

Refusal cudnnAccepts(const MaxPoolArgs& args) {
  if (args.indices != nullptr) return "has no indices";
  return poolCudnnAccepts(args);
}

void runCudnn(const MaxPoolArgs& args, Context& context, const Workspace&) {
  poolCudnnForward(args, cudnn::kPoolMaxDeterministic, args.input, args.output, context);
}

}  // namespace

extern "C" CudaImplementations<MaxPoolArgs> max_poolCuda() {
  static const Implementation<MaxPoolArgs> rows[] = {
      cuda::row<MaxPoolArgs>(runCudnn, cudnnAccepts, nullptr, "cudnn"),
      cuda::row<MaxPoolArgs>(runMaxPool, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<MaxPoolGradientArgs> max_pool_gradientCuda() {
  static const Implementation<MaxPoolGradientArgs> rows[] = {
      cuda::row<MaxPoolGradientArgs>(runGradient, nullptr, gradientWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::max_pool_cuda
