// Gradient of the weights as a matrix product: upstream (output channels by voxels) times the input
// as each weight sees it (voxels by input channels and taps). A block computes kOut output channels
// by kWeights of their weights from one chunk of the voxels of all images. Chunks depend on the
// sizes alone; their sums are added in order.
#include <algorithm>

#include "conv3d/conv3d_cudnn.h"
#include "conv3d/conv3d_gradient_weights_cuda.h"

namespace vk {
namespace {

using namespace cuda;
using WeightsArgs = Conv3dGradientWeightsArgs;

constexpr int kThreads = kConv3dWeightsThreads;
/** Eight voxels of a step in a row are a sector of memory, and what four threads write of each to
 * shared memory goes to all its banks. */
constexpr int kDepth = 8;

constexpr Conv3dWeightsTile kTiles[] = {{64, 128}, {32, 128}, {16, 128}, {16, 32}};

Conv3dWeightsChunks chunksOf(const WeightsArgs& args) {
  return conv3dWeightsChunks(args, kTiles, kDepth);
}

/** A thread computes kRows output channels by kColumns weights. */
template <int kOut, int kWeights, int kRows, int kColumns>
__global__ void __launch_bounds__(kThreads)
    conv3dWeights(WeightsArgs args, Conv3dWeightsChunks chunks, float* partials) {
  constexpr int kAcross = kWeights / kColumns;
  static_assert(kOut / kRows * kAcross == kThreads && kRows % 4 == 0);
  // Rows of four values more than there are: see kDepth.
  constexpr int kOutPitch = kOut + 4, kWeightsPitch = kWeights + 4;
  VK_SHARED(float4, upstreamSteps, 2 * kDepth * kOutPitch / 4);
  VK_SHARED(float, inputSteps, 2 * kDepth * kWeightsPitch);
  VK_SHARED(Conv3dWeightsColumn, columns, kWeights);
  const int thread = int(threadIdx.x);
  const int across = thread % kAcross, down = thread / kAcross;
  Conv3dWeightsGather<kOut, kWeights, kDepth> gather(args, chunks, columns);
  const auto store = [&](int slot) {
    float* const upstreamStep = reinterpret_cast<float*>(upstreamSteps);
    gather.store(upstreamStep + slot * kDepth * kOutPitch, kOutPitch,
                 inputSteps + slot * kDepth * kWeightsPitch, kWeightsPitch,
                 [](float value) { return value; });
  };

  for (int64_t tile = blockIdx.x; tile < chunks.tiles(args); tile += gridDim.x) {
    gather.begin(tile);
    float sums[kRows][kColumns] = {};
    if (gather.rest > 0) {
      gather.read();
      store(0);
      __syncthreads();
      for (int slot = 0;; slot = 1 - slot) {
        const bool more = gather.rest > 0;
        if (more) gather.read();
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
        if (!more) break;
        store(1 - slot);
        __syncthreads();
      }
    }

    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        gather.write(partials, down * kRows + i, across + j * kAcross, sums[i][j]);
      }
    }
  }
}

// ------------------------------------------------------------------------------------- the rows

Refusal gemmAccepts(const WeightsArgs& args) { return conv3dFitsInt(Conv3dProblem(args)); }

int64_t gemmBytes(const WeightsArgs& args) { return conv3dWeightsBytes(args, chunksOf(args)); }

void runGemm(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  const Conv3dWeightsChunks chunks = chunksOf(args);
  const auto kernel = chunks.tile == 0   ? conv3dWeights<64, 128, 8, 8>
                      : chunks.tile == 1 ? conv3dWeights<32, 128, 4, 8>
                      : chunks.tile == 2 ? conv3dWeights<16, 128, 4, 4>
                                         : conv3dWeights<16, 32, 4, 1>;
  conv3dRunWeights(args, context, workspace, chunks, kernel);
}

/** Kernels of 3 x 3 x 3 between few channels, depthwise above all: a block adds a chunk of voxels
 * for one pair of channels, a thread all taps of its voxels. The caches serve the taps. */
constexpr int kFewThreads = 256;
constexpr int64_t kFewVoxels = 64 * kFewThreads;
constexpr int kFewTaps = 27;

__global__ void __launch_bounds__(kFewThreads)
    conv3dWeightsFew(WeightsArgs args, int64_t chunks, float* partials) {
  constexpr int kWarps = kFewThreads / kWarpSize;
  VK_SHARED(float, shared, kWarps* kFewTaps);
  const int64_t pairs = args.groups * args.outChannels * args.inChannels;
  const int64_t outVoxels = conv3dVolume(args.outSize), inVoxels = conv3dVolume(args.inSize);
  const int thread = int(threadIdx.x);
  for (int64_t i = blockIdx.x; i < chunks * pairs; i += gridDim.x) {
    const int64_t pair = i % pairs, chunk = i / pairs;
    const int64_t out = pair / args.inChannels;
    const int64_t in = out / args.outChannels * args.inChannels + pair % args.inChannels;
    const int64_t end = min((chunk + 1) * kFewVoxels, args.batch * outVoxels);
    float sums[kFewTaps] = {};
    for (int64_t at = chunk * kFewVoxels + thread; at < end; at += kFewThreads) {
      Conv3dVoxel voxel;
      voxel.set(args, at);
      const float upstream = static_cast<const float*>(
          args.upstream)[(voxel.n * (args.groups * args.outChannels - 1) + out) * outVoxels + at];
      const float* const input = static_cast<const float*>(args.input) +
                                 (voxel.n * args.groups * args.inChannels + in) * inVoxels;
      VK_UNROLL
      for (int tap = 0; tap < kFewTaps; ++tap) {
        const int64_t z = voxel.in(args, 0, voxel.z) + tap / 9 * args.dilation[0];
        const int64_t y = voxel.in(args, 1, voxel.y) + tap / 3 % 3 * args.dilation[1];
        const int64_t x = voxel.in(args, 2, voxel.x) + tap % 3 * args.dilation[2];
        const bool inside = z >= 0 && z < args.inSize[0] && y >= 0 && y < args.inSize[1] &&
                            x >= 0 && x < args.inSize[2];
        const float value = inside ? input[(z * args.inSize[1] + y) * args.inSize[2] + x] : 0.0f;
        sums[tap] = fmaf(upstream, value, sums[tap]);
      }
    }
    __syncthreads();  // of the pair before
    VK_UNROLL
    for (int tap = 0; tap < kFewTaps; ++tap) {
      float sum = sums[tap];
      for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
        sum += __shfl_down_sync(kWholeWarp, sum, distance);
      }
      if (thread % kWarpSize == 0) shared[thread / kWarpSize * kFewTaps + tap] = sum;
    }
    __syncthreads();
    if (thread < kFewTaps) {
      float sum = 0;
      for (int warp = 0; warp < kWarps; ++warp) sum += shared[warp * kFewTaps + thread];
      partials[i * kFewTaps + thread] = sum;
    }
  }
}

Refusal fewAccepts(const WeightsArgs& args) {
  if (args.kernel[0] != 3 || args.kernel[1] != 3 || args.kernel[2] != 3 ||
      args.inChannels * args.outChannels > 4) {
    return "takes kernels of 3 x 3 x 3 between up to 4 pairs of channels of a group";
  }
  return conv3dFitsInt(Conv3dProblem(args));
}

int64_t fewChunks(const WeightsArgs& args) {
  return std::max<int64_t>(1, chunkCount(conv3dAllVoxels(args), kFewVoxels));
}

int64_t fewBytes(const WeightsArgs& args) {
  const int64_t chunks = fewChunks(args);
  return conv3dBiasBytes(args) +
         (chunks > 1 ? chunks * conv3dAllWeights(args) * int64_t(sizeof(float)) : 0);
}

void runFew(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  const int64_t chunks = fewChunks(args);
  float* const gradient = static_cast<float*>(args.gradient);
  float* const partials = chunks > 1 ? workspace.as<float>(conv3dBiasBytes(args)) : gradient;
  const int64_t blocks = chunks * args.groups * args.outChannels * args.inChannels;
  launch(context, {dim3(blocksFor(blocks, 1)), dim3(kFewThreads)}, conv3dWeightsFew, args, chunks,
         partials);
  if (chunks > 1) {
    conv3dAddChunks(context, partials, chunks, conv3dAllWeights(args), gradient);
  }
  conv3dRunBias(args, context, workspace.as<double>());
}

}  // namespace

Conv3dWeightsChunks conv3dWeightsChunks(const WeightsArgs& args,
                                        std::span<const Conv3dWeightsTile> tiles, int depth) {
  /** The longest f32 sum, where there is memory for as many chunks. */
  constexpr int64_t kMostVoxels = 8192, kMostBytes = int64_t{256} << 20;
  /** Blocks that fill a device. */
  constexpr int64_t kBlocks = 512, kLeastVoxels = 256;
  Conv3dWeightsChunks chunks{};
  int64_t least = INT64_MAX;
  for (int i = 0; i < int(tiles.size()); ++i) {
    const Conv3dWeightsTile tile = tiles[size_t(i)];
    const int64_t outs = chunkCount(args.outChannels, tile.out);
    const int64_t weights = chunkCount(conv3dWeightsOfOut(args), tile.weights);
    // What a tile computes and what it reads.
    const int64_t cost =
        outs * weights * (tile.out * tile.weights + 16 * (tile.out + tile.weights));
    if (cost >= least) continue;
    least = cost;
    chunks.tile = i;
    chunks.outs = outs;
    chunks.weights = weights;
  }
  const int64_t voxels = conv3dAllVoxels(args);
  const int64_t all = args.groups * chunks.outs * chunks.weights;
  const int64_t wanted =
      std::min(chunkCount(voxels, kLeastVoxels), chunkCount(kBlocks, std::max<int64_t>(all, 1)));
  const int64_t bytes = conv3dAllWeights(args) * int64_t(sizeof(float));
  const int64_t most = std::max<int64_t>(1, kMostBytes / std::max<int64_t>(bytes, 1));
  const int64_t count =
      std::clamp<int64_t>(std::max(wanted, chunkCount(voxels, kMostVoxels)), 1, most);
  chunks.voxels = std::max<int64_t>(depth, chunkCount(chunkCount(voxels, count), depth) * depth);
  chunks.count = std::max<int64_t>(1, chunkCount(voxels, chunks.voxels));
  return chunks;
}

int64_t conv3dWeightsBytes(const WeightsArgs& args, const Conv3dWeightsChunks& chunks) {
  return conv3dBiasBytes(args) +
         (chunks.count > 1 ? chunks.count * conv3dAllWeights(args) * int64_t(sizeof(float)) : 0);
}

void conv3dRunWeights(const WeightsArgs& args, Context& context, const Workspace& workspace,
                      const Conv3dWeightsChunks& chunks,
                      void (*kernel)(WeightsArgs, Conv3dWeightsChunks, float*)) {
  float* const gradient = static_cast<float*>(args.gradient);
  float* const partials = chunks.count > 1 ? workspace.as<float>(conv3dBiasBytes(args)) : gradient;
  launch(context, {dim3(blocksFor(chunks.tiles(args), 1)), dim3(kThreads)}, kernel, args, chunks,
         partials);
  if (chunks.count > 1) {
    conv3dAddChunks(context, partials, chunks.count, conv3dAllWeights(args), gradient);
  }
  conv3dRunBias(args, context, workspace.as<double>());
}

extern "C" CudaImplementations<WeightsArgs> conv3d_gradient_weightsCuda() {
  static const Implementation<WeightsArgs> rows[] = {
      cuda::row<WeightsArgs>(conv3dRunCudnnWeights, conv3dCudnnWeightsAccepts,
                             conv3dCudnnWeightsBytes, "cudnn"),
      cuda::row<WeightsArgs>(runFew, fewAccepts, fewBytes, "cuda-few"),
      cuda::row<WeightsArgs>(conv3dRunWeightsBf16, conv3dWeightsBf16Accepts,
                             conv3dWeightsTensorBytes, "cuda-bf16"),
      cuda::row<WeightsArgs>(conv3dRunWeightsTf32, conv3dWeightsTf32Accepts,
                             conv3dWeightsTensorBytes, "cuda-tf32"),
      cuda::row<WeightsArgs>(runGemm, gemmAccepts, gemmBytes, "cuda-gemm"),
      cuda::row<WeightsArgs>(conv3dRunWeightsGeneral, nullptr, conv3dBiasBytes, "cuda-general")};
  return cuda::table(rows);
}

}  // namespace vk
