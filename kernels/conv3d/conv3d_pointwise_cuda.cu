// Convolution with kernels of one voxel and up to 32 output channels: bound by memory, so that the
// input is read once and in whole vectors. A thread computes all output channels of its voxels in
// registers; the weights lie in shared memory, where all threads read the same ones.
#include <type_traits>

#include "conv3d/conv3d_cuda.h"

namespace vk {
namespace {

using namespace cuda;

constexpr int kThreads = 128;
/** Weights in shared memory: of more input channels one part after the other. */
constexpr int kWeights = 24 * 1024 / sizeof(float);
constexpr int64_t kMostOuts = 32;

/** A thread takes kVoxels voxels in a row where `vectors` says that such rows are aligned, or one
 * of each kThreads of its tile otherwise. */
template <int kOuts, int kVoxels>
__global__ void __launch_bounds__(kThreads, 3)
    conv3dPointwise(Conv3dArgs args, Conv3dFinish<float> finish, bool vectors) {
  using Vector = std::conditional_t<kVoxels == 4, float4, float2>;
  constexpr int kChannels = kWeights / kOuts;
  VK_SHARED(float4, weights, kWeights / 4);
  const int64_t voxels = conv3dVolume(args.outSize);
  const int64_t tiles = (voxels + kThreads * kVoxels - 1) / (kThreads * kVoxels);
  for (int64_t tile = blockIdx.x; tile < args.batch * args.groups * tiles; tile += gridDim.x) {
    const int64_t volume = tile / tiles, group = volume % args.groups;
    const int64_t first = tile % tiles * kThreads * kVoxels + threadIdx.x * (vectors ? kVoxels : 1);
    const int64_t apart = vectors ? 1 : kThreads;
    const float* input =
        static_cast<const float*>(args.input) + volume * args.inChannels * voxels + first;
    float sums[kVoxels][kOuts] = {};
    for (int64_t c0 = 0; c0 < args.inChannels; c0 += kChannels) {
      const int channels = int(min(int64_t(kChannels), args.inChannels - c0));
      const float* const packed = static_cast<const float*>(args.packed) +
                                  (group * args.inChannels + c0) * args.outChannels;
      __syncthreads();  // of the channels before
      for (int i = int(threadIdx.x); i < channels * kOuts; i += kThreads) {
        const int out = i % kOuts;
        reinterpret_cast<float*>(weights)[i] =
            out < args.outChannels ? packed[i / kOuts * args.outChannels + out] : 0.0f;
      }
      __syncthreads();
      if (first >= voxels) continue;
      VK_UNROLL_BY(4)
      for (int c = 0; c < channels; ++c, input += voxels) {
        float values[kVoxels];
        if (vectors) {
          const Vector vector = *reinterpret_cast<const Vector*>(input);
          values[0] = vector.x;
          values[1] = vector.y;
          if constexpr (kVoxels == 4) {
            values[2] = vector.z;
            values[3] = vector.w;
          }
        } else {
          VK_UNROLL
          for (int v = 0; v < kVoxels; ++v) {
            values[v] = first + v * kThreads < voxels ? input[v * kThreads] : 0.0f;
          }
        }
        VK_UNROLL
        for (int o = 0; o < kOuts; o += 4) {
          const float4 four = weights[(c * kOuts + o) / 4];
          VK_UNROLL
          for (int v = 0; v < kVoxels; ++v) {
            sums[v][o] = fmaf(four.x, values[v], sums[v][o]);
            sums[v][o + 1] = fmaf(four.y, values[v], sums[v][o + 1]);
            sums[v][o + 2] = fmaf(four.z, values[v], sums[v][o + 2]);
            sums[v][o + 3] = fmaf(four.w, values[v], sums[v][o + 3]);
          }
        }
      }
    }
    if (first >= voxels) continue;
    VK_UNROLL
    for (int o = 0; o < kOuts; ++o) {
      if (o >= args.outChannels) break;
      const int64_t channel = group * args.outChannels + o;
      const int64_t at = (volume * args.outChannels + o) * voxels + first;
      if (vectors) {
        Vector vector;
        vector.x = finish.value(sums[0][o], channel, at);
        vector.y = finish.value(sums[1][o], channel, at + 1);
        if constexpr (kVoxels == 4) {
          vector.z = finish.value(sums[2][o], channel, at + 2);
          vector.w = finish.value(sums[3][o], channel, at + 3);
        }
        *reinterpret_cast<Vector*>(finish.output + at) = vector;
      } else {
        VK_UNROLL
        for (int v = 0; v < kVoxels; ++v) {
          if (first + v * apart < voxels) finish.write(sums[v][o], channel, at + v * apart);
        }
      }
    }
  }
}

bool aligned(const void* memory, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(memory) % uintptr_t(bytes) == 0;
}

template <int kOuts, int kVoxels>
void run(const Conv3dProblem& problem, Context& context) {
  const Conv3dArgs& args = problem.args;
  const int64_t voxels = conv3dVolume(args.outSize);
  constexpr int64_t kBytes = kVoxels * int64_t(sizeof(float));
  const bool vectors =
      voxels % kVoxels == 0 && aligned(args.input, kBytes) && aligned(args.output, kBytes);
  const int64_t blocks = args.batch * args.groups * chunkCount(voxels, kThreads * kVoxels);
  launch(context, {dim3(blocksFor(blocks, 1)), dim3(kThreads)}, conv3dPointwise<kOuts, kVoxels>,
         args, Conv3dFinish<float>(args), vectors);
}

}  // namespace

Refusal conv3dPointwiseCudaAccepts(const Conv3dProblem& problem) {
  const Conv3dArgs& args = problem.args;
  if (args.type != VK_F32) return "takes f32 only";
  for (int axis = 0; axis < 3; ++axis) {
    if (args.kernel[axis] != 1 || args.stride[axis] != 1 || args.paddingBegin[axis] != 0 ||
        args.inSize[axis] != args.outSize[axis]) {
      return "takes kernels of 1 without strides and padding";
    }
  }
  if (args.outChannels > kMostOuts) return "takes up to 32 output channels of a group";
  return {};
}

void conv3dRunPointwise(const Conv3dProblem& problem, Context& context, const Workspace&) {
  const int64_t out = problem.args.outChannels;
  if (out <= 4) {
    run<4, 4>(problem, context);
  } else if (out <= 8) {
    run<8, 4>(problem, context);
  } else if (out <= 16) {
    run<16, 4>(problem, context);
  } else {
    run<32, 2>(problem, context);
  }
}

}  // namespace vk
