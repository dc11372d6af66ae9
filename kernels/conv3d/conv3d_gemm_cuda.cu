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
    conv3dGemm(Conv3dProblem problem, Conv3dTiles tiles, Conv3dFinish<float> finish) {
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
          finish.write(sums[i][j], gather.group * args.outChannels + channel,
                       at + channel * outVoxels);
        }
      }
    }
  }
}

template <int kOut, int kRows, int kColumns>
void run(const Conv3dProblem& problem, Context& context) {
  const Conv3dTiles tiles = conv3dTilesOf<kOut>(problem);
  launch(context, {dim3(blocksFor(tiles.count(), 1)), dim3(kThreads)},
         conv3dGemm<kOut, kRows, kColumns>, problem, tiles, Conv3dFinish<float>(problem.args));
}

}  // namespace

Refusal conv3dGemmAccepts(const Conv3dProblem& problem) { return conv3dFitsInt(problem); }

void conv3dRunGemm(const Conv3dProblem& problem, Context& context) {
  // The largest tile that computes little of what nobody asked for.
  const int64_t out = problem.args.outChannels;
  const auto padded = [&](int64_t tile) { return chunkCount(out, tile) * tile; };
  if (out > 32 && padded(64) <= padded(32) * 5 / 4) {
    run<64, 8, 8>(problem, context);
  } else if (out > 16 && padded(32) <= padded(16) * 5 / 4) {
    run<32, 4, 8>(problem, context);
  } else {
    run<16, 4, 4>(problem, context);
  }
}

}  // namespace vk
