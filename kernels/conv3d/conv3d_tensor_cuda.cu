// The matrix product of conv3d_gemm_cuda.cu by tensor cores: inputs and weights rounded to bfloat16
// or to tf32, sums in f32, where the caller accepts that error. A warp computes kOut channels by 32
// voxels.
#include <cuda_bf16.h>
#include <mma.h>

#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_gather.h"

namespace vk {
namespace {

using namespace cuda;

constexpr int kThreads = kConv3dThreads;
/** Products of a step. */
constexpr int kDepth = 16;
/** tf32 has 11 digits: factors err by up to 2^-11 each, 3e-4 in the Frobenius norm. */
constexpr double kTf32Error = 1e-3;

struct Bf16;
struct Tf32;

// Older devices have neither type. The rows refuse them, so that their kernel is an empty one.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define VK_HAS_TENSOR_TYPES
namespace wmma = nvcuda::wmma;

constexpr int kVoxels = kConv3dVoxels;
constexpr int kWarps = kThreads / kWarpSize;
// Rows of shared memory are 16 bytes longer than needed, so that rows of one matrix do not begin in
// the same banks.
struct Bf16 {
  using Factor = __nv_bfloat16;
  using Number = __nv_bfloat16;
  static constexpr int kPad = 8;
  static constexpr int kProducts = 16;
  __device__ static Factor round(float value) { return __float2bfloat16(value); }
};

struct Tf32 {
  using Factor = wmma::precision::tf32;
  using Number = float;
  static constexpr int kPad = 4;
  static constexpr int kProducts = 8;
  __device__ static Number round(float value) { return wmma::__float_to_tf32(value); }
};

/** Matrices begin at multiples of 32 bytes. */
struct alignas(32) Aligned {
  float values[8];
};
#endif

template <class Type, int kOut>
__global__ void __launch_bounds__(kThreads)
    conv3dTensor(Conv3dProblem problem, Conv3dTiles tiles, Conv3dSums results) {
#ifdef VK_HAS_TENSOR_TYPES
  using Number = typename Type::Number;
  constexpr int kOutPitch = kOut + Type::kPad, kVoxelPitch = kVoxels + Type::kPad;
  constexpr int kPerAligned = int(sizeof(Aligned) / sizeof(Number));
  constexpr int kRows = kOut / 16, kColumns = kVoxels / kWarps / 16, kSumPitch = 20;
  VK_SHARED(Aligned, weightSteps, 2 * kDepth * kOutPitch / kPerAligned);
  VK_SHARED(Aligned, inputSteps, 2 * kDepth * kVoxelPitch / kPerAligned);
  VK_SHARED(Aligned, sumTiles, kWarps * 16 * kSumPitch / 8);
  VK_SHARED(Conv3dTileNotes<kDepth>, notes, 1);
  const Conv3dArgs& args = problem.args;
  const int thread = int(threadIdx.x), lane = thread % kWarpSize, warp = thread / kWarpSize;
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
  using Factor = typename Type::Factor;
  constexpr int kProducts = Type::kProducts;

  for (int64_t tile = blockIdx.x; tile < tiles.count(); tile += gridDim.x) {
    gather.begin(problem, tiles, tile);
    wmma::fragment<wmma::accumulator, 16, 16, kProducts, float> sums[kRows][kColumns];
    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) wmma::fill_fragment(sums[i][j], 0.0f);
    }
    if (gather.steps > 0) {
      gather.read(0);
      store(0);
      __syncthreads();
    }
    for (int64_t step = 0; step < gather.steps; ++step) {
      const int slot = int(step % 2);
      const bool more = step + 1 < gather.steps;
      if (more) gather.read(1 - slot);
      VK_UNROLL
      for (int k = 0; k < kDepth; k += kProducts) {
        wmma::fragment<wmma::matrix_b, 16, 16, kProducts, Factor, wmma::row_major> in[kColumns];
        VK_UNROLL
        for (int j = 0; j < kColumns; ++j) {
          const int column = (warp * kColumns + j) * 16;
          wmma::load_matrix_sync(in[j], inputStep + (slot * kDepth + k) * kVoxelPitch + column,
                                 kVoxelPitch);
        }
        VK_UNROLL
        for (int i = 0; i < kRows; ++i) {
          wmma::fragment<wmma::matrix_a, 16, 16, kProducts, Factor, wmma::col_major> weights;
          wmma::load_matrix_sync(weights, weightStep + (slot * kDepth + k) * kOutPitch + i * 16,
                                 kOutPitch);
          VK_UNROLL
          for (int j = 0; j < kColumns; ++j) {
            wmma::mma_sync(sums[i][j], weights, in[j], sums[i][j]);
          }
        }
      }
      if (more) {
        store(1 - slot);
        gather.advance(slot);
        __syncthreads();
      }
    }

    // Which lane holds which sum is known to nobody: they are written by way of shared memory.
    const int64_t outVoxels = conv3dVolume(args.outSize);
    float* const sumTile = reinterpret_cast<float*>(sumTiles) + warp * 16 * kSumPitch;
    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        __syncwarp();  // of the tile before
        wmma::store_matrix_sync(sumTile, sums[i][j], kSumPitch, wmma::mem_row_major);
        __syncwarp();
        const int64_t at = notes->outputs[(warp * kColumns + j) * 16 + lane % 16];
        for (int row = lane / 16; row < 16; row += 2) {
          const int64_t channel = gather.firstOut + i * 16 + row;
          if (at < 0 || channel >= args.outChannels) continue;
          results.write(sumTile[row * kSumPitch + lane % 16], gather.part,
                        gather.group * args.outChannels + channel, at + channel * outVoxels);
        }
      }
    }
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

/** Where every device of the machine has them: the arguments do not say which one it will be. */
bool devicesMultiplyBf16() {
  static const bool all = [] {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess) return false;
    for (int device = 0; device < devices; ++device) {
      int major = 0;
      if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) !=
              cudaSuccess ||
          major < 8) {
        return false;
      }
    }
    return devices > 0;
  }();
  return all;
}

Refusal accepts(const Conv3dProblem& problem, double error) {
  if (problem.args.accuracy < error) return "errs more than is accepted";
  if (problem.args.inChannels < 4 || problem.args.outChannels < 8) {
    return "takes 4 input channels and 8 output channels of a group, or more";
  }
  if (!devicesMultiplyBf16())
    return "needs devices of compute capability 8.0 or newer, all of them";
  return conv3dFitsInt(problem);
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

Refusal conv3dTf32Accepts(const Conv3dProblem& problem) { return accepts(problem, kTf32Error); }
void conv3dRunTf32(const Conv3dProblem& problem, Context& context, const Workspace& workspace) {
  run<Tf32>(problem, context, workspace);
}

}  // namespace vk
