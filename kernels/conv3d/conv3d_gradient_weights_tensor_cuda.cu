// The matrix product of conv3d_gradient_weights_cuda.cu by tensor cores: upstream and input rounded
// to bfloat16 or to tf32, sums in f32, where the caller accepts that error. A warp computes kOut
// output channels by 32 weights.
#include "conv3d/conv3d_gradient_weights_cuda.h"
#include "conv3d/conv3d_tensor_cuda.h"

namespace vk {
namespace {

using namespace cuda;
using WeightsArgs = Conv3dGradientWeightsArgs;

constexpr int kThreads = kConv3dWeightsThreads;
constexpr int kDepth = 16;
constexpr int kWeights = 128;
constexpr Conv3dWeightsTile kTiles[] = {{64, kWeights}, {32, kWeights}};

template <class Type, int kOut>
__global__ void __launch_bounds__(kThreads)
    conv3dWeightsTensor(WeightsArgs args, Conv3dWeightsChunks chunks, float* partials) {
#ifdef VK_HAS_TENSOR_TYPES
  using Number = typename Type::Number;
  constexpr int kWarps = kThreads / kWarpSize, kColumns = kWeights / kWarps;
  constexpr int kOutPitch = kOut + Type::kPad, kWeightsPitch = kWeights + Type::kPad;
  using Sums = WarpSums<Type, kOut / 16, kColumns / 16>;
  VK_SHARED(MatrixMemory, upstreamSteps, (kMatrixMemory<Number, 2 * kDepth * kOutPitch>));
  VK_SHARED(MatrixMemory, inputSteps, (kMatrixMemory<Number, 2 * kDepth * kWeightsPitch>));
  VK_SHARED(MatrixMemory, sumTiles, (kMatrixMemory<float, kWarps * Sums::kTile>));
  VK_SHARED(Conv3dWeightsColumn, columns, kWeights);
  const int warp = int(threadIdx.x) / kWarpSize;
  Number* const upstreamStep = reinterpret_cast<Number*>(upstreamSteps);
  Number* const inputStep = reinterpret_cast<Number*>(inputSteps);
  Conv3dWeightsGather<kOut, kWeights, kDepth> gather(args, chunks, columns);
  const auto store = [&](int slot) {
    gather.store(upstreamStep + slot * kDepth * kOutPitch, kOutPitch,
                 inputStep + slot * kDepth * kWeightsPitch, kWeightsPitch,
                 [](float value) { return Type::round(value); });
  };

  for (int64_t tile = blockIdx.x; tile < chunks.tiles(args); tile += gridDim.x) {
    gather.begin(tile);
    Sums sums;
    sums.clear();
    if (gather.rest > 0) {
      gather.read();
      store(0);
      __syncthreads();
      for (int slot = 0;; slot = 1 - slot) {
        const bool more = gather.rest > 0;
        if (more) gather.read();
        sums.template add<kDepth>(upstreamStep + slot * kDepth * kOutPitch, kOutPitch,
                                  inputStep + slot * kDepth * kWeightsPitch + warp * kColumns,
                                  kWeightsPitch);
        if (!more) break;
        store(1 - slot);
        __syncthreads();
      }
    }
    sums.forEach(reinterpret_cast<float*>(sumTiles) + warp * Sums::kTile,
                 [&](int row, int column, float sum) {
                   gather.write(partials, row, warp * kColumns + column, sum);
                 });
  }
#else
  __trap();
#endif
}

Conv3dWeightsChunks chunksOf(const WeightsArgs& args) {
  return conv3dWeightsChunks(args, kTiles, kDepth);
}

template <class Type>
void run(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  const Conv3dWeightsChunks chunks = chunksOf(args);
  conv3dRunWeights(
      args, context, workspace, chunks,
      chunks.tile == 0 ? conv3dWeightsTensor<Type, 64> : conv3dWeightsTensor<Type, 32>);
}

Refusal accepts(const WeightsArgs& args, double error) {
  if (args.accuracy < error) return "errs more than is accepted";
  if (args.outChannels < 16 || conv3dWeightsOfOut(args) < 32) {
    return "takes 16 output channels of a group with 32 weights each, or more";
  }
  const Refusal refusal = tensorTypesOf(args);
  return refusal.empty() ? conv3dFitsInt(Conv3dProblem(args)) : refusal;
}

}  // namespace

int64_t conv3dWeightsTensorBytes(const WeightsArgs& args) {
  return conv3dWeightsBytes(args, chunksOf(args));
}

Refusal conv3dWeightsBf16Accepts(const WeightsArgs& args) {
  return accepts(args, kBf16ProductError);
}
void conv3dRunWeightsBf16(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  run<Bf16>(args, context, workspace);
}

Refusal conv3dWeightsTf32Accepts(const WeightsArgs& args) {
  return accepts(args, kTf32ProductError);
}
void conv3dRunWeightsTf32(const WeightsArgs& args, Context& context, const Workspace& workspace) {
  run<Tf32>(args, context, workspace);
}

}  // namespace vk
