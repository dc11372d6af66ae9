// The matrix product of conv3d_gemm_cuda.cu by tensor cores: inputs and weights rounded to bfloat16
// or to tf32, sums in f32, where the caller accepts that error. A warp computes kOut channels by 32
// voxels.
#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_gather.h"
#include "conv3d/conv3d_tensor_cuda.h"

namespace vk {
namespace {

using namespace cuda;

constexpr int kThreads = kConv3dThreads;
/** Products of a step. */
constexpr int kDepth = 16;

template <class Type, int kOut>
__global__ void __launch_bounds__(kThreads)
    conv3dTensor(Conv3dProblem problem, Conv3dTiles tiles, Conv3dSums results) {
#ifdef VK_HAS_TENSOR_TYPES
  using Number = typename Type::Number;
  constexpr int kVoxels = kConv3dVoxels, kWarps = kThreads / kWarpSize;
  constexpr int kOutPitch = kOut + Type::kPad, kVoxelPitch = kVoxels + Type::kPad;
  using Sums = WarpSums<Type, kOut / 16, kVoxels / kWarps / 16>;
  static_assert(kVoxels / kWarps == kWarpSize);
  VK_SHARED(MatrixMemory, weightSteps, (kMatrixMemory<Number, 2 * kDepth * kOutPitch>));
  VK_SHARED(MatrixMemory, inputSteps, (kMatrixMemory<Number, 2 * kDepth * kVoxelPitch>));
  VK_SHARED(MatrixMemory, sumTiles, (kMatrixMemory<float, kWarps * Sums::kTile>));
  VK_SHARED(Conv3dTileNotes<kDepth>, notes, 1);
  const Conv3dArgs& args = problem.args;
  const int thread = int(threadIdx.x), warp = thread / kWarpSize;
  Number* const weightStep = reinterpret_cast<Number*>(weightSteps);
  Number* const inputStep = reinterpret_cast<Number*>(inputSteps);
  Conv3dGather<kOut, kDepth> gather(args, *notes);
  const auto store = [&](int slot) {
    VK_UNROLL
    for (int k = 0; k < kDepth; ++k) {
      inputStep[(slot * kDepth + k) * kVoxelPitch + thread] = Type::round(gather.input[k]);
    }
    VK_UNROLL
    for (int i = 0; i < gather.kWeightsEach; ++i) {
      const int at = thread + i * kThreads;
      weightStep[(slot * kDepth + at / kOut) * kOutPitch + at % kOut] =
          Type::round(gather.weights[i]);
    }
  };

  for (int64_t tile = blockIdx.x; tile < tiles.count(); tile += gridDim.x) {
    gather.begin(problem, tiles, tile);
    Sums sums;
    sums.clear();
    if (gather.steps > 0) {
      gather.read(0);
      store(0);
      __syncthreads();
    }
    for (int64_t step = 0; step < gather.steps; ++step) {
      const int slot = int(step % 2);
      const bool more = step + 1 < gather.steps;
      if (more) gather.read(1 - slot);
      sums.template add<kDepth>(weightStep + slot * kDepth * kOutPitch, kOutPitch,
                                inputStep + slot * kDepth * kVoxelPitch + warp * kWarpSize,
                                kVoxelPitch);
      if (more) {
        store(1 - slot);
        gather.advance(slot);
        __syncthreads();
      }
    }

    const int64_t outVoxels = conv3dVolume(args.outSize);
    float* const sumTile = reinterpret_cast<float*>(sumTiles) + warp * Sums::kTile;
    sums.forEach(sumTile, [&](int row, int column, float sum) {
      const int64_t at = notes->outputs[warp * kWarpSize + column];
      const int64_t channel = gather.firstOut + row;
      if (at < 0 || channel >= args.outChannels) return;
      results.write(sum, gather.part, gather.group * args.outChannels + channel,
                    at + channel * outVoxels);
    });
  }
#else
  __trap();
#endif
}

int tileOf(const Conv3dProblem& problem) {
  const int64_t out = problem.args.outChannels;
  return chunkCount(out, 64) * 2 == chunkCount(out, 32) ? 64 : 32;
}

Conv3dTiles tilesOf(const Conv3dProblem& problem) {
  return conv3dTilesOf(problem, tileOf(problem), kDepth);
}

template <class Type>
void run(const Conv3dProblem& problem, Context& context, const Workspace& workspace) {
  conv3dRunTiles(problem, context, workspace, tilesOf(problem),
                 tileOf(problem) == 64 ? conv3dTensor<Type, 64> : conv3dTensor<Type, 32>);
}

Refusal accepts(const Conv3dProblem& problem, double error) {
  if (problem.args.accuracy < error) return "errs more than is accepted";
  if (problem.args.inChannels < 4 || problem.args.outChannels < 8) {
    return "takes 4 input channels and 8 output channels of a group, or more";
  }
  const Refusal refusal = tensorTypesOf(problem.args);
  return refusal.empty() ? conv3dFitsInt(problem) : refusal;
}

}  // namespace

int64_t conv3dTensorBytes(const Conv3dProblem& problem) {
  return conv3dPartsBytes(problem, tilesOf(problem));
}

Refusal conv3dBf16CudaAccepts(const Conv3dProblem& problem) {
  return accepts(problem, kConv3dBf16Error);
}
void conv3dRunBf16(const Conv3dProblem& problem, Context& context, const Workspace& workspace) {
  run<Bf16>(problem, context, workspace);
}

Refusal conv3dTf32Accepts(const Conv3dProblem& problem) {
  return accepts(problem, kTf32ProductError);
}
void conv3dRunTf32(const Conv3dProblem& problem, Context& context, const Workspace& workspace) {
  run<Tf32>(problem, context, workspace);
}

}  // namespace vk
