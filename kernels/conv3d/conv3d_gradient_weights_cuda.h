// What the CUDA kernels of the weights' gradient share.
#pragma once

#include <span>

#include "conv3d/conv3d_cuda.h"
#include "conv3d/conv3d_gradient_weights.h"

namespace vk {

inline int64_t conv3dAllVoxels(const Conv3dGradientWeightsArgs& args) {
  return args.batch * conv3dVolume(args.outSize);
}
inline int64_t conv3dWeightsOfOut(const Conv3dGradientWeightsArgs& args) {
  return args.inChannels * conv3dTaps(args);
}
inline int64_t conv3dAllWeights(const Conv3dGradientWeightsArgs& args) {
  return args.groups * args.outChannels * conv3dWeightsOfOut(args);
}

/** The output voxel that a thread reads, and the input of the first tap. */
struct Conv3dVoxel {
  int64_t n;
  int z, y, x;

  __device__ void set(const Conv3dGradientWeightsArgs& args, int64_t number) {
    x = int(number % args.outSize[2]);
    const int64_t row = number / args.outSize[2];
    y = int(row % args.outSize[1]);
    const int64_t plane = row / args.outSize[1];
    z = int(plane % args.outSize[0]);
    n = plane / args.outSize[0];
  }
  __device__ void add(const Conv3dGradientWeightsArgs& args, int voxels) {
    x += voxels;
    while (x >= args.outSize[2]) {
      x -= int(args.outSize[2]);
      if (++y < args.outSize[1]) continue;
      y = 0;
      if (++z < args.outSize[0]) continue;
      z = 0;
      ++n;
    }
  }
  __device__ int in(const Conv3dGradientWeightsArgs& args, int axis, int at) const {
    return int(at * args.stride[axis] - args.paddingBegin[axis]);
  }
};

// --- as a matrix product, each block of a tile from one chunk of the voxels

constexpr int kConv3dWeightsThreads = 128;

struct Conv3dWeightsTile {
  int out;
  int weights;
};

struct Conv3dWeightsChunks {
  /** Number of the tile that is taken. */
  int tile;
  /** Voxels of a chunk, of all images. */
  int64_t voxels;
  int64_t count;
  /** Tiles of a group along both sides. */
  int64_t outs;
  int64_t weights;

  VK_HD int64_t tiles(const Conv3dArgs& args) const { return count * args.groups * outs * weights; }
};

/** By the sizes alone. Chunks are whole steps of `depth` voxels. */
Conv3dWeightsChunks conv3dWeightsChunks(const Conv3dGradientWeightsArgs& args,
                                        std::span<const Conv3dWeightsTile> tiles, int depth);
int64_t conv3dWeightsBytes(const Conv3dGradientWeightsArgs& args,
                           const Conv3dWeightsChunks& chunks);
/** Starts the kernel that computes chunks, adds them, and the gradient of the bias. */
void conv3dRunWeights(const Conv3dGradientWeightsArgs& args, Context& context,
                      const Workspace& workspace, const Conv3dWeightsChunks& chunks,
                      void (*kernel)(Conv3dGradientWeightsArgs, Conv3dWeightsChunks, float*));

/** By tensor cores, in bfloat16 and in tf32. */
int64_t conv3dWeightsTensorBytes(const Conv3dGradientWeightsArgs& args);
Refusal conv3dWeightsBf16Accepts(const Conv3dGradientWeightsArgs& args);
void conv3dRunWeightsBf16(const Conv3dGradientWeightsArgs& args, Context& context,
                          const Workspace& workspace);
Refusal conv3dWeightsTf32Accepts(const Conv3dGradientWeightsArgs& args);
void conv3dRunWeightsTf32(const Conv3dGradientWeightsArgs& args, Context& context,
                          const Workspace& workspace);

/** A column of the product: a weight, where its input lies from that of the first one, and how far
 * its tap is. */
struct Conv3dWeightsColumn {
  int64_t input;
  int z, y, x;
};

/** Reads steps of kDepth voxels for tiles of kOut output channels by kWeights weights: neighbouring
 * threads along neighbouring voxels. */
template <int kOut, int kWeights, int kDepth>
struct Conv3dWeightsGather {
  static constexpr int kTogether = kConv3dWeightsThreads / kDepth;

  const Conv3dGradientWeightsArgs& args;
  const Conv3dWeightsChunks& chunks;
  /** Of the tile's weights, in shared memory. */
  Conv3dWeightsColumn* const columns;
  int64_t firstWeight = 0;
  int64_t firstOut = 0;
  int64_t group = 0;
  int64_t chunk = 0;
  /** Voxels that are not read yet; below 0 after the last step. */
  int64_t rest = 0;
  Conv3dVoxel voxel{};
  float upstream[kOut / kTogether];
  float input[kWeights / kTogether];

  __device__ Conv3dWeightsGather(const Conv3dGradientWeightsArgs& arguments,
                                 const Conv3dWeightsChunks& all, Conv3dWeightsColumn* ofTile)
      : args(arguments), chunks(all), columns(ofTile) {}

  /** Every thread of the block comes here. */
  __device__ void begin(int64_t tile) {
    const int64_t taps = conv3dVolume(args.kernel), inVoxels = conv3dVolume(args.inSize);
    firstWeight = tile % chunks.weights * kWeights;
    firstOut = tile / chunks.weights % chunks.outs * kOut;
    group = tile / (chunks.weights * chunks.outs) % args.groups;
    chunk = tile / (chunks.weights * chunks.outs) / args.groups;
    __syncthreads();  // of the tile before
    for (int i = int(threadIdx.x); i < kWeights; i += kConv3dWeightsThreads) {
      const int64_t weight = firstWeight + i;
      const int64_t tap = weight % taps, c = weight / taps;
      const int64_t z = tap / args.kernel[2] / args.kernel[1] * args.dilation[0];
      const int64_t y = tap / args.kernel[2] % args.kernel[1] * args.dilation[1];
      const int64_t x = tap % args.kernel[2] * args.dilation[2];
      columns[i] = {c * inVoxels + (z * args.inSize[1] + y) * args.inSize[2] + x,
                    c < args.inChannels ? int(z) : -(1 << 30), int(y), int(x)};
    }
    __syncthreads();
    const int64_t first = chunk * chunks.voxels;
    const int64_t all = args.batch * conv3dVolume(args.outSize);
    rest = min(chunks.voxels, all - first);
    voxel = {};
    if (lane() < rest) voxel.set(args, first + lane());
  }

  /** The next step. */
  __device__ void read() {
    const bool some = lane() < rest;
    const int z = voxel.in(args, 0, voxel.z), y = voxel.in(args, 1, voxel.y);
    const int x = voxel.in(args, 2, voxel.x);
    const int64_t volume = voxel.n * args.groups + group;
    const int64_t outVoxels = conv3dVolume(args.outSize), inVoxels = conv3dVolume(args.inSize);
    const float* const fromUpstream =
        static_cast<const float*>(args.upstream) +
        (volume * args.outChannels + firstOut) * outVoxels +
        (int64_t(voxel.z) * args.outSize[1] + voxel.y) * args.outSize[2] + voxel.x;
    VK_UNROLL
    for (int i = 0; i < kOut / kTogether; ++i) {
      const int out = line() + i * kTogether;
      upstream[i] =
          some && firstOut + out < args.outChannels ? fromUpstream[out * outVoxels] : 0.0f;
    }
    const int64_t from = volume * args.inChannels * inVoxels +
                         (int64_t(z) * args.inSize[1] + y) * args.inSize[2] + x;
    VK_UNROLL
    for (int i = 0; i < kWeights / kTogether; ++i) {
      const Conv3dWeightsColumn& column = columns[line() + i * kTogether];
      const bool inside = some && unsigned(z + column.z) < unsigned(args.inSize[0]) &&
                          unsigned(y + column.y) < unsigned(args.inSize[1]) &&
                          unsigned(x + column.x) < unsigned(args.inSize[2]);
      input[i] = inside ? static_cast<const float*>(args.input)[from + column.input] : 0.0f;
    }
    voxel.add(args, kDepth);
    rest -= kDepth;
  }

  /** To shared memory, a row for each voxel. */
  template <class Number, class Round>
  __device__ void store(Number* upstreamStep, int upstreamPitch, Number* inputStep, int inputPitch,
                        const Round& round) const {
    VK_UNROLL
    for (int i = 0; i < kOut / kTogether; ++i) {
      upstreamStep[lane() * upstreamPitch + line() + i * kTogether] = round(upstream[i]);
    }
    VK_UNROLL
    for (int i = 0; i < kWeights / kTogether; ++i) {
      inputStep[lane() * inputPitch + line() + i * kTogether] = round(input[i]);
    }
  }

  /** A sum of the tile, among those of its chunk. */
  __device__ void write(float* partials, int row, int column, float sum) const {
    const int64_t weightsOfOut = args.inChannels * conv3dVolume(args.kernel);
    const int64_t out = firstOut + row, weight = firstWeight + column;
    if (out >= args.outChannels || weight >= weightsOfOut) return;
    partials[((chunk * args.groups + group) * args.outChannels + out) * weightsOfOut + weight] =
        sum;
  }

 private:
  __device__ static int lane() { return int(threadIdx.x) % kDepth; }
  __device__ static int line() { return int(threadIdx.x) / kDepth; }
};

/** Adds the chunks of every sum, in order. */
void conv3dAddChunks(Context& context, const float* partials, int64_t chunks, int64_t sums,
                     float* result);

/** The gradient of the bias, where it is asked for, by way of as many bytes. */
int64_t conv3dBiasBytes(const Conv3dGradientWeightsArgs& args);
void conv3dRunBias(const Conv3dGradientWeightsArgs& args, Context& context, double* partials);

/** Any sizes, in f32 and f64; needs memory for the bias alone. */
void conv3dRunWeightsGeneral(const Conv3dGradientWeightsArgs& args, Context& context,
                             const Workspace& workspace);

}  // namespace vk
