// The gradient of the bias, and that of the weights for any sizes.
#include "conv3d/conv3d_gradient_weights_cuda.h"

namespace vk {
namespace {

using namespace cuda;
using WeightsArgs = Conv3dGradientWeightsArgs;

/** Values of upstream that a block adds for the bias. */
constexpr int64_t kBiasVoxels = 16384;

/** Adds the chunks of a sum, in order. */
template <class T, class Partial>
__global__ void __launch_bounds__(256)
    addChunks(const Partial* partials, int64_t chunks, int64_t sums, T* result) {
  forEachItem(sums, [&](int64_t i) {
    double sum = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += double(partials[chunk * sums + i]);
    result[i] = T(sum);
  });
}

/** A block a chunk of a channel. */
template <class T>
__global__ void __launch_bounds__(256)
    biasChunks(WeightsArgs args, int64_t chunks, double* partials) {
  VK_SHARED(double, shared, 256 / kWarpSize);
  const int64_t channels = args.groups * args.outChannels;
  const int64_t outVoxels = conv3dVolume(args.outSize);
  for (int64_t i = blockIdx.x; i < chunks * channels; i += gridDim.x) {
    const int64_t channel = i % channels, begin = i / channels * kBiasVoxels;
    const int64_t end = min(begin + kBiasVoxels, args.batch * outVoxels);
    double sum = 0;
    for (int64_t at = begin + threadIdx.x; at < end; at += 256) {
      const int64_t n = at / outVoxels;
      sum += double(static_cast<const T*>(
          args.upstream)[(n * channels + channel) * outVoxels + at - n * outVoxels]);
    }
    sum = blockSum<256>(sum, shared);
    if (threadIdx.x == 0) partials[i] = sum;
  }
}

template <class T>
void runBias(const WeightsArgs& args, Context& context, double* partials) {
  if (args.gradientBias == nullptr) return;
  const int64_t channels = args.groups * args.outChannels;
  const int64_t chunks = chunkCount(conv3dAllVoxels(args), kBiasVoxels);
  launch(context, {dim3(blocksFor(chunks * channels, 1)), dim3(256)}, biasChunks<T>, args, chunks,
         partials);
  launch(context, gridOver(channels), addChunks<T, double>, partials, chunks, channels,
         static_cast<T*>(args.gradientBias));
}

/** A block a weight, whatever the sizes. */
template <class T>
__global__ void __launch_bounds__(256) conv3dWeightsGeneral(WeightsArgs args) {
  VK_SHARED(double, shared, 256 / kWarpSize);
  const int64_t taps = conv3dVolume(args.kernel);
  const int64_t outVoxels = conv3dVolume(args.outSize), inVoxels = conv3dVolume(args.inSize);
  const int64_t weights = args.groups * args.outChannels * args.inChannels * taps;
  for (int64_t i = blockIdx.x; i < weights; i += gridDim.x) {
    const int64_t tap = i % taps, c = i / taps % args.inChannels;
    const int64_t out = i / taps / args.inChannels;
    const int64_t in = out / args.outChannels * args.inChannels + c;
    const int64_t shift[3] = {
        tap / args.kernel[2] / args.kernel[1] * args.dilation[0] - args.paddingBegin[0],
        tap / args.kernel[2] % args.kernel[1] * args.dilation[1] - args.paddingBegin[1],
        tap % args.kernel[2] * args.dilation[2] - args.paddingBegin[2]};
    double sum = 0;
    for (int64_t at = threadIdx.x; at < args.batch * outVoxels; at += 256) {
      const int64_t n = at / outVoxels, voxel = at - n * outVoxels;
      const int64_t row = voxel / args.outSize[2];
      const int64_t x = voxel % args.outSize[2] * args.stride[2] + shift[2];
      const int64_t y = row % args.outSize[1] * args.stride[1] + shift[1];
      const int64_t z = row / args.outSize[1] * args.stride[0] + shift[0];
      if (z < 0 || z >= args.inSize[0] || y < 0 || y >= args.inSize[1] || x < 0 ||
          x >= args.inSize[2]) {
        continue;
      }
      const T value =
          static_cast<const T*>(args.input)[(n * args.groups * args.inChannels + in) * inVoxels +
                                            (z * args.inSize[1] + y) * args.inSize[2] + x];
      const T upstream = static_cast<const T*>(
          args.upstream)[(n * args.groups * args.outChannels + out) * outVoxels + voxel];
      sum = fma(double(upstream), double(value), sum);
    }
    sum = blockSum<256>(sum, shared);
    if (threadIdx.x == 0) static_cast<T*>(args.gradient)[i] = T(sum);
  }
}

template <class T>
void runGeneral(const WeightsArgs& args, Context& context) {
  launch(context, {dim3(blocksFor(conv3dAllWeights(args), 1)), dim3(256)}, conv3dWeightsGeneral<T>,
         args);
}

}  // namespace

void conv3dAddChunks(Context& context, const float* partials, int64_t chunks, int64_t sums,
                     float* result) {
  launch(context, gridOver(sums), addChunks<float, float>, partials, chunks, sums, result);
}

int64_t conv3dBiasBytes(const WeightsArgs& args) {
  return args.gradientBias == nullptr
             ? 0
             : chunkCount(conv3dAllVoxels(args), kBiasVoxels) * args.groups * args.outChannels *
                   int64_t(sizeof(double));
}

void conv3dRunBias(const WeightsArgs& args, Context& context, double* partials) {
  args.type == VK_F64 ? runBias<double>(args, context, partials)
                      : runBias<float>(args, context, partials);
}

void conv3dRunWeightsGeneral(const WeightsArgs& args, Context& context,
                             const Workspace& workspace) {
  args.type == VK_F64 ? runGeneral<double>(args, context) : runGeneral<float>(args, context);
  conv3dRunBias(args, context, workspace.as<double>());
}

}  // namespace vk
