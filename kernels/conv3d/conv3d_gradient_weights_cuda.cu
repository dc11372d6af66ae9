// Gradient of the weights as a matrix product: upstream (output channels by voxels) times the input
// as each weight sees it (voxels by input channels and taps). A block computes kOut output channels
// by kWeights of their weights from one chunk of the voxels of all images. Chunks depend on the
// sizes alone; their sums are added in order.
#include <algorithm>

#include "conv3d/conv3d_cuda.h"
#include "conv3d/conv3d_gradient_weights.h"

namespace vk {
namespace {

using namespace cuda;
using WeightsArgs = Conv3dGradientWeightsArgs;

constexpr int kThreads = 128;
/** Voxels of a step. Eight in a row are a sector of memory, and what four threads write of each to
 * shared memory goes to all its banks. */
constexpr int kDepth = 8;
constexpr int kTogether = kThreads / kDepth;
/** The longest f32 sum, where there is memory for as many chunks. */
constexpr int64_t kMostVoxels = 8192;
constexpr int64_t kMostBytes = int64_t{256} << 20;
/** Blocks that fill a device. */
constexpr int64_t kBlocks = 512;
constexpr int64_t kLeastVoxels = 256;
/** Values of upstream that a block adds for the bias. */
constexpr int64_t kBiasVoxels = 16384;

struct Tile {
  int out;
  int weights;
};
constexpr Tile kTiles[] = {{64, 128}, {32, 128}, {16, 128}, {16, 32}};

struct Chunks {
  int tile;
  /** Voxels of a chunk, of all images. */
  int64_t voxels;
  int64_t count;
  /** Tiles of a group along both sides. */
  int64_t outs;
  int64_t weights;
  int64_t biasChunks;
};

int64_t allVoxels(const WeightsArgs& args) { return args.batch * conv3dVolume(args.outSize); }
int64_t weightsOfOut(const WeightsArgs& args) { return args.inChannels * conv3dTaps(args); }
int64_t allWeights(const WeightsArgs& args) {
  return args.groups * args.outChannels * weightsOfOut(args);
}

Chunks chunksOf(const WeightsArgs& args) {
  Chunks chunks{};
  int64_t least = INT64_MAX;
  for (int i = 0; i < int(std::size(kTiles)); ++i) {
    const Tile tile = kTiles[i];
    const int64_t outs = chunkCount(args.outChannels, tile.out);
    const int64_t weights = chunkCount(weightsOfOut(args), tile.weights);
    // What a tile computes and what it reads.
    const int64_t cost =
        outs * weights * (tile.out * tile.weights + 16 * (tile.out + tile.weights));
    if (cost >= least) continue;
    least = cost;
    chunks.tile = i;
    chunks.outs = outs;
    chunks.weights = weights;
  }
  const int64_t voxels = allVoxels(args);
  const int64_t tiles = args.groups * chunks.outs * chunks.weights;
  const int64_t wanted =
      std::min(chunkCount(voxels, kLeastVoxels), chunkCount(kBlocks, std::max<int64_t>(tiles, 1)));
  const int64_t bytes = allWeights(args) * int64_t(sizeof(float));
  const int64_t most = std::max<int64_t>(1, kMostBytes / std::max<int64_t>(bytes, 1));
  const int64_t count =
      std::clamp<int64_t>(std::max(wanted, chunkCount(voxels, kMostVoxels)), 1, most);
  chunks.voxels = std::max<int64_t>(kDepth, chunkCount(chunkCount(voxels, count), kDepth) * kDepth);
  chunks.count = std::max<int64_t>(1, chunkCount(voxels, chunks.voxels));
  chunks.biasChunks = args.gradientBias != nullptr ? chunkCount(voxels, kBiasVoxels) : 0;
  return chunks;
}

/** A column of the product: a weight, where its input lies from that of the first one, and how far
 * its tap is. */
struct Column {
  int64_t input;
  int z, y, x;
};

/** The output voxel that a thread reads, and the input of the first tap. */
struct Voxel {
  int64_t n;
  int z, y, x;

  __device__ void set(const WeightsArgs& args, int64_t number) {
    x = int(number % args.outSize[2]);
    const int64_t row = number / args.outSize[2];
    y = int(row % args.outSize[1]);
    const int64_t plane = row / args.outSize[1];
    z = int(plane % args.outSize[0]);
    n = plane / args.outSize[0];
  }
  __device__ void add(const WeightsArgs& args, int voxels) {
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
  __device__ int in(const WeightsArgs& args, int axis, int at) const {
    return int(at * args.stride[axis] - args.paddingBegin[axis]);
  }
};

/** A thread computes kRows output channels by kColumns weights. */
template <int kOut, int kWeights, int kRows, int kColumns>
__global__ void __launch_bounds__(kThreads)
    conv3dWeights(WeightsArgs args, Chunks chunks, float* partials) {
  constexpr int kAcross = kWeights / kColumns;
  static_assert(kOut / kRows * kAcross == kThreads && kRows % 4 == 0);
  // Rows of four values more than there are: see kDepth.
  constexpr int kOutPitch = kOut + 4, kWeightsPitch = kWeights + 4;
  VK_SHARED(float4, upstreamSteps, 2 * kDepth * kOutPitch / 4);
  VK_SHARED(float, inputSteps, 2 * kDepth * kWeightsPitch);
  VK_SHARED(Column, columns, kWeights);
  const int thread = int(threadIdx.x);
  const int across = thread % kAcross, down = thread / kAcross;
  const int lane = thread % kDepth, first = thread / kDepth;
  const int64_t weightsOfOut = args.inChannels * conv3dVolume(args.kernel);
  const int64_t outVoxels = conv3dVolume(args.outSize), inVoxels = conv3dVolume(args.inSize);
  const int64_t tiles = chunks.count * args.groups * chunks.outs * chunks.weights;

  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const int64_t firstWeight = tile % chunks.weights * kWeights;
    const int64_t firstOut = tile / chunks.weights % chunks.outs * kOut;
    const int64_t group = tile / (chunks.weights * chunks.outs) % args.groups;
    const int64_t chunk = tile / (chunks.weights * chunks.outs) / args.groups;
    __syncthreads();  // of the tile before
    for (int i = thread; i < kWeights; i += kThreads) {
      const int64_t weight = firstWeight + i;
      const int64_t tap = weight % conv3dVolume(args.kernel);
      const int64_t c = weight / conv3dVolume(args.kernel);
      const int64_t z = tap / args.kernel[2] / args.kernel[1] * args.dilation[0];
      const int64_t y = tap / args.kernel[2] % args.kernel[1] * args.dilation[1];
      const int64_t x = tap % args.kernel[2] * args.dilation[2];
      columns[i] = {c * inVoxels + (z * args.inSize[1] + y) * args.inSize[2] + x,
                    weight < weightsOfOut ? int(z) : -(1 << 30), int(y), int(x)};
    }
    __syncthreads();
    const int64_t begin = chunk * chunks.voxels;
    const int64_t end = min(begin + chunks.voxels, args.batch * outVoxels);
    Voxel voxel{};
    if (begin + lane < end) voxel.set(args, begin + lane);

    float nextUpstream[kOut / kTogether], nextInput[kWeights / kTogether];
    const auto read = [&](int64_t at) {
      const bool some = at + lane < end;
      const int z = voxel.in(args, 0, voxel.z), y = voxel.in(args, 1, voxel.y);
      const int x = voxel.in(args, 2, voxel.x);
      const int64_t volume = voxel.n * args.groups + group;
      const float* const upstream =
          static_cast<const float*>(args.upstream) +
          (volume * args.outChannels + firstOut) * outVoxels +
          (int64_t(voxel.z) * args.outSize[1] + voxel.y) * args.outSize[2] + voxel.x;
      VK_UNROLL
      for (int i = 0; i < kOut / kTogether; ++i) {
        const int out = first + i * kTogether;
        nextUpstream[i] =
            some && firstOut + out < args.outChannels ? upstream[out * outVoxels] : 0.0f;
      }
      const int64_t input = volume * args.inChannels * inVoxels +
                            (int64_t(z) * args.inSize[1] + y) * args.inSize[2] + x;
      VK_UNROLL
      for (int i = 0; i < kWeights / kTogether; ++i) {
        const Column column = columns[first + i * kTogether];
        const bool inside = some && unsigned(z + column.z) < unsigned(args.inSize[0]) &&
                            unsigned(y + column.y) < unsigned(args.inSize[1]) &&
                            unsigned(x + column.x) < unsigned(args.inSize[2]);
        nextInput[i] = inside ? static_cast<const float*>(args.input)[input + column.input] : 0.0f;
      }
      voxel.add(args, kDepth);
    };
    const auto store = [&](int slot) {
      float* const upstreamStep = reinterpret_cast<float*>(upstreamSteps);
      VK_UNROLL
      for (int i = 0; i < kOut / kTogether; ++i) {
        upstreamStep[(slot * kDepth + lane) * kOutPitch + first + i * kTogether] = nextUpstream[i];
      }
      VK_UNROLL
      for (int i = 0; i < kWeights / kTogether; ++i) {
        inputSteps[(slot * kDepth + lane) * kWeightsPitch + first + i * kTogether] = nextInput[i];
      }
    };

    float sums[kRows][kColumns] = {};
    if (begin < end) {
      read(begin);
      store(0);
      __syncthreads();
    }
    int slot = 0;
    for (int64_t at = begin; at < end; at += kDepth, slot = 1 - slot) {
      const bool more = at + kDepth < end;
      if (more) read(at + kDepth);
      VK_UNROLL
      for (int k = 0; k < kDepth; ++k) {
        float row[kRows], column[kColumns];
        VK_UNROLL
        for (int i = 0; i < kRows; i += 4) {
          const float4 four =
              upstreamSteps[((slot * kDepth + k) * kOutPitch + down * kRows + i) / 4];
          row[i] = four.x;
          row[i + 1] = four.y;
          row[i + 2] = four.z;
          row[i + 3] = four.w;
        }
        VK_UNROLL
        for (int j = 0; j < kColumns; ++j) {
          column[j] = inputSteps[(slot * kDepth + k) * kWeightsPitch + across + j * kAcross];
        }
        VK_UNROLL
        for (int i = 0; i < kRows; ++i) {
          VK_UNROLL
          for (int j = 0; j < kColumns; ++j) sums[i][j] = fmaf(row[i], column[j], sums[i][j]);
        }
      }
      if (more) {
        store(1 - slot);
        __syncthreads();
      }
    }

    float* const to = partials + (chunk * args.groups + group) * args.outChannels * weightsOfOut;
    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const int64_t out = firstOut + down * kRows + i;
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        const int64_t weight = firstWeight + across + j * kAcross;
        if (out < args.outChannels && weight < weightsOfOut) {
          to[out * weightsOfOut + weight] = sums[i][j];
        }
      }
    }
  }
}

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
  const int64_t chunks = chunkCount(allVoxels(args), kBiasVoxels);
  launch(context, {dim3(blocksFor(chunks * channels, 1)), dim3(256)}, biasChunks<T>, args, chunks,
         partials);
  launch(context, gridOver(channels), addChunks<T, double>, partials, chunks, channels,
         static_cast<T*>(args.gradientBias));
}

int64_t biasBytes(const WeightsArgs& args) {
  return args.gradientBias == nullptr ? 0
                                      : chunkCount(allVoxels(args), kBiasVoxels) * args.groups *
                                            args.outChannels * int64_t(sizeof(double));
}

// ------------------------------------------------------------------------------------- the rows

Refusal gemmAccepts(const WeightsArgs& args) { return conv3dFitsInt(Conv3dProblem(args)); }

int64_t gemmBytes(const WeightsArgs& args) {
  const int64_t count = chunksOf(args).count;
  return biasBytes(args) + (count > 1 ? count * allWeights(args) * int64_t(sizeof(float)) : 0);
}

void runGemm(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  const Chunks chunks = chunksOf(args);
  float* const gradient = static_cast<float*>(args.gradient);
  float* const partials = chunks.count > 1 ? workspace.as<float>(biasBytes(args)) : gradient;
  const Grid grid{dim3(blocksFor(chunks.count * args.groups * chunks.outs * chunks.weights, 1)),
                  dim3(kThreads)};
  switch (chunks.tile) {
    case 0:
      launch(context, grid, conv3dWeights<64, 128, 8, 8>, args, chunks, partials);
      break;
    case 1:
      launch(context, grid, conv3dWeights<32, 128, 4, 8>, args, chunks, partials);
      break;
    case 2:
      launch(context, grid, conv3dWeights<16, 128, 4, 4>, args, chunks, partials);
      break;
    default:
      launch(context, grid, conv3dWeights<16, 32, 4, 1>, args, chunks, partials);
  }
  if (chunks.count > 1) {
    launch(context, gridOver(allWeights(args)), addChunks<float, float>, partials, chunks.count,
           allWeights(args), gradient);
  }
  runBias<float>(args, context, workspace.as<double>());
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
void runGeneral(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  launch(context, {dim3(blocksFor(allWeights(args), 1)), dim3(256)}, conv3dWeightsGeneral<T>, args);
  runBias<T>(args, context, workspace.as<double>());
}

void general(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  args.type == VK_F64 ? runGeneral<double>(args, context, workspace)
                      : runGeneral<float>(args, context, workspace);
}

}  // namespace

CudaImplementations<WeightsArgs> conv3d_gradient_weightsCuda() {
  static const Implementation<WeightsArgs> rows[] = {
      cuda::row<WeightsArgs>(runGemm, gemmAccepts, gemmBytes, "cuda-gemm"),
      cuda::row<WeightsArgs>(general, nullptr, biasBytes, "cuda-general")};
  return cuda::table(rows);
}

}  // namespace vk
