// Convolution as a matrix product: packed weights (output channels by products of a sum) times the
// input that these products need (by output voxels), gathered while it is read. A block computes
// kOut channels by 128 voxels of one lattice and one group; a thread a tile of them in registers,
// from steps of kDepth products that lie in shared memory twice: one is computed from while the
// next is read.
#include "conv3d/conv3d_gather.h"

namespace vk {
namespace {

using namespace cuda;

constexpr int kThreads = kConv3dThreads;
constexpr int kVoxels = kConv3dVoxels;
constexpr int kDepth = 8;

/** kOut channels; a thread computes kRows of them by kColumns voxels. */
template <int kOut, int kRows, int kColumns>
__global__ void __launch_bounds__(kThreads)
    conv3dGemm(Conv3dProblem problem, Conv3dTiles tiles, Conv3dSums results) {
  constexpr int kAcross = kVoxels / kColumns;
  static_assert(kOut / kRows * kAcross == kThreads && kRows % 4 == 0);
  VK_SHARED(float4, weightSteps, 2 * kDepth * kOut / 4);
  VK_SHARED(float, inputSteps, 2 * kDepth * kVoxels);
  VK_SHARED(Conv3dTileNotes<kDepth>, notes, 1);
  const Conv3dArgs& args = problem.args;
  const int thread = int(threadIdx.x);
  const int across = thread % kAcross, down = thread / kAcross;
  Conv3dGather<kOut, kDepth> gather(args, *notes);
  const auto store = [&](int slot) {
    float* const weightStep = reinterpret_cast<float*>(weightSteps) + slot * kDepth * kOut;
    VK_UNROLL
    for (int k = 0; k < kDepth; ++k) {
      inputSteps[(slot * kDepth + k) * kVoxels + thread] = gather.input[k];
    }
    VK_UNROLL
    for (int i = 0; i < gather.kWeightsEach; ++i) {
      weightStep[thread + i * kThreads] = gather.weights[i];
    }
  };

  for (int64_t tile = blockIdx.x; tile < tiles.count(); tile += gridDim.x) {
    gather.begin(problem, tiles, tile);
    float sums[kRows][kColumns] = {};
    if (gather.steps > 0) {
      gather.read(0);
      store(0);
      __syncthreads();
    }
    for (int64_t step = 0; step < gather.steps; ++step) {
      const int slot = int(step % 2);
      const bool more = step + 1 < gather.steps;
      if (more) gather.read(1 - slot);
      const float4* const weightStep = weightSteps + slot * kDepth * kOut / 4;
      const float* const inputStep = inputSteps + slot * kDepth * kVoxels + across;
      VK_UNROLL
      for (int k = 0; k < kDepth; ++k) {
        float row[kRows], columns[kColumns];
        VK_UNROLL
        for (int i = 0; i < kRows; i += 4) {
          const float4 four = weightStep[(k * kOut + down * kRows + i) / 4];
          row[i] = four.x;
          row[i + 1] = four.y;
          row[i + 2] = four.z;
          row[i + 3] = four.w;
        }
        VK_UNROLL
        for (int j = 0; j < kColumns; ++j) columns[j] = inputStep[k * kVoxels + j * kAcross];
        VK_UNROLL
        for (int i = 0; i < kRows; ++i) {
          VK_UNROLL
          for (int j = 0; j < kColumns; ++j) sums[i][j] = fmaf(row[i], columns[j], sums[i][j]);
        }
      }
      if (more) {
        store(1 - slot);
        gather.advance(slot);
        __syncthreads();
      }
    }

    const int64_t outVoxels = conv3dVolume(args.outSize);
    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const int64_t channel = gather.firstOut + down * kRows + i;
      if (channel >= args.outChannels) continue;
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        const int64_t at = notes->outputs[across + j * kAcross];
        if (at >= 0) {
          results.write(sums[i][j], gather.part, gather.group * args.outChannels + channel,
                        at + channel * outVoxels);
        }
      }
    }
  }
}

/** Adds the parts of each output, in order. */
__global__ void __launch_bounds__(256)
    addParts(Conv3dProblem problem, int64_t parts, Conv3dSums results) {
  const int64_t outVoxels = conv3dVolume(problem.args.outSize);
  const int64_t channels = problem.args.groups * problem.args.outChannels;
  forEachItem(results.count, [&](int64_t i) {
    float sum = 0;
    for (int64_t part = 0; part < parts; ++part) sum += results.parts[part * results.count + i];
    results.finish.write(sum, i / outVoxels % channels, i);
  });
}

/** The largest tile that computes little of what nobody asked for. */
int tileOf(const Conv3dProblem& problem) {
  const int64_t out = problem.args.outChannels;
  const auto padded = [&](int64_t tile) { return chunkCount(out, tile) * tile; };
  if (out > 32 && padded(64) <= padded(32) * 5 / 4) return 64;
  return out > 16 && padded(32) <= padded(16) * 5 / 4 ? 32 : 16;
}

Conv3dTiles tilesOf(const Conv3dProblem& problem) {
  return conv3dTilesOf(problem, tileOf(problem), kDepth);
}

}  // namespace

void conv3dRunTiles(const Conv3dProblem& problem, Context& context, const Workspace& workspace,
                    const Conv3dTiles& tiles,
                    void (*kernel)(Conv3dProblem, Conv3dTiles, Conv3dSums)) {
  const Conv3dSums results{Conv3dFinish<float>(problem.args),
                           tiles.parts > 1 ? workspace.as<float>() : nullptr,
                           conv3dOutputs(problem.args)};
  launch(context, {dim3(blocksFor(tiles.count(), 1)), dim3(kThreads)}, kernel, problem, tiles,
         results);
  if (tiles.parts > 1) {
    launch(context, gridOver(results.count), addParts, problem, tiles.parts, results);
  }
}

Refusal conv3dGemmAccepts(const Conv3dProblem& problem) { return conv3dFitsInt(problem); }

int64_t conv3dGemmBytes(const Conv3dProblem& problem) {
  return conv3dPartsBytes(problem, tilesOf(problem));
}

void conv3dRunGemm(const Conv3dProblem& problem, Context& context, const Workspace& workspace) {
  const int tile = tileOf(problem);
  conv3dRunTiles(problem, context, workspace, tilesOf(problem),
                 tile == 64   ? conv3dGemm<64, 8, 8>
                 : tile == 32 ? conv3dGemm<32, 4, 8>
                              : conv3dGemm<16, 4, 4>);
}

}  // namespace vk
