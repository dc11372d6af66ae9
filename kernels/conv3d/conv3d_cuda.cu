// The tables of the convolution and the transposed one, packing, and the kernel that takes
// everything.
#include "conv3d/conv3d_cuda.h"

#include "conv3d/conv3d_cudnn.h"

namespace vk {
namespace {

using namespace cuda;

/** Along one axis of one output. */
struct Place {
  Conv3dAxis axis;
  /** Of the first tap. */
  int64_t input;
};

__device__ Place placeOf(const Conv3dProblem& problem, int axis, int64_t position) {
  const int64_t step = problem.transposed ? problem.args.stride[axis] : 1;
  const int64_t lattice = problem.transposed ? position % step : 0;
  const Conv3dAxis found = conv3dAxisOf(problem, axis, lattice);
  return {found, found.inFirst + position / step * found.inStep};
}

/** A thread an output. What it reads its neighbours read as well, so that the caches serve. */
template <class T>
__global__ void __launch_bounds__(256)
    conv3dGeneral(Conv3dProblem problem, Conv3dFinish<T> finish) {
  const Conv3dArgs& args = problem.args;
  const T* const packed = static_cast<const T*>(args.packed);
  const int64_t channels = args.groups * args.outChannels;
  const int64_t inVoxels = conv3dVolume(args.inSize), outVoxels = conv3dVolume(args.outSize);
  forEachItem(args.batch * channels * outVoxels, [&](int64_t i) {
    const int64_t channel = i / outVoxels % channels;
    const int64_t group = channel / args.outChannels;
    const int64_t row = i % outVoxels / args.outSize[2];
    const Place places[3] = {placeOf(problem, 0, row / args.outSize[1]),
                             placeOf(problem, 1, row % args.outSize[1]),
                             placeOf(problem, 2, i % args.outSize[2])};
    const Conv3dAxis axes[3] = {places[0].axis, places[1].axis, places[2].axis};
    const T* const input =
        static_cast<const T*>(args.input) +
        (i / outVoxels / channels * args.groups + group) * args.inChannels * inVoxels;
    const T* const weights =
        packed + group * conv3dVolume(args.kernel) * args.inChannels * args.outChannels +
        channel % args.outChannels;
    T sum = 0;
    VK_NO_UNROLL
    for (int64_t tz = 0; tz < axes[0].taps; ++tz) {
      const int64_t z = places[0].input + tz * axes[0].tapStep;
      VK_NO_UNROLL
      for (int64_t ty = 0; ty < axes[1].taps; ++ty) {
        const int64_t y = places[1].input + ty * axes[1].tapStep;
        VK_NO_UNROLL
        for (int64_t tx = 0; tx < axes[2].taps; ++tx) {
          const int64_t x = places[2].input + tx * axes[2].tapStep;
          const bool inside = z >= 0 && z < args.inSize[0] && y >= 0 && y < args.inSize[1] &&
                              x >= 0 && x < args.inSize[2];
          const int64_t at = (z * args.inSize[1] + y) * args.inSize[2] + x;
          const T* weight = weights + conv3dKernelIndex(args, axes, tz, ty, tx) * args.inChannels *
                                          args.outChannels;
          VK_NO_UNROLL
          for (int64_t c = 0; c < args.inChannels; ++c, weight += args.outChannels) {
            sum = fma(*weight, inside ? input[c * inVoxels + at] : T(0), sum);
          }
        }
      }
    }
    finish.write(sum, channel, i);
  });
}

template <class T>
void runGeneral(const Conv3dProblem& problem, Context& context) {
  const Conv3dArgs& args = problem.args;
  const int64_t outputs = args.batch * args.groups * args.outChannels * conv3dVolume(args.outSize);
  launch(context, gridOver(outputs), conv3dGeneral<T>, problem, Conv3dFinish<T>(args));
}

/** A thread a packed weight. */
template <class T>
__global__ void __launch_bounds__(256) conv3dPack(Conv3dProblem problem) {
  const Conv3dArgs& args = problem.args;
  const T* const weights = static_cast<const T*>(args.weights);
  T* const packed = static_cast<T*>(args.packed);
  const int64_t taps = conv3dVolume(args.kernel), in = args.inChannels, out = args.outChannels;
  forEachItem(args.groups * taps * in * out, [&](int64_t i) {
    const int64_t o = i % out, c = i / out % in, tap = i / (out * in) % taps;
    const int64_t group = i / (out * in * taps);
    const int64_t pair =
        problem.transposed ? (group * in + c) * out + o : (group * out + o) * in + c;
    packed[i] = weights[pair * taps + tap];
  });
}

// ------------------------------------------------------------------------------------ the tables

template <class Args, Refusal (*accept)(const Conv3dProblem&)>
Refusal acceptsRow(const Args& args) {
  return accept(Conv3dProblem(args));
}

template <class Args, void (*start)(const Conv3dProblem&, Context&, const Workspace&)>
void runRow(const Args& args, Context& context, const Workspace& workspace) {
  start(Conv3dProblem(args), context, workspace);
}

template <class Args, int64_t (*bytes)(const Conv3dProblem&)>
int64_t bytesOfRow(const Args& args) {
  return bytes(Conv3dProblem(args));
}

template <class Args, void (*pack)(const Conv3dProblem&, Context&)>
void packRow(const Args& args, Context& context, const Workspace&) {
  pack(Conv3dProblem(args), context);
}

template <class Args>
int64_t packedBytes(const Args& args) {
  return args.groups * args.outChannels * args.inChannels * conv3dTaps(args) *
         elementSize(args.type);
}

template <class Args>
CudaImplementations<Args> rows() {
  const auto row = [](const char* name, Kernel<Args>* run, Refusal (*accepts)(const Args&),
                      int64_t (*workspaceBytes)(const Args&) = nullptr) {
    Implementation<Args> made = cuda::row<Args>(run, accepts, workspaceBytes, name);
    made.packedBytes = packedBytes<Args>;
    made.pack = packRow<Args, conv3dPackCuda>;
    return made;
  };
  Implementation<Args> cudnn =
      row("cudnn", runRow<Args, conv3dRunCudnn>, acceptsRow<Args, conv3dCudnnAccepts>,
          bytesOfRow<Args, conv3dCudnnBytes>);
  cudnn.pack = packRow<Args, conv3dPackCudnn>;
  static const Implementation<Args> all[] = {
      cudnn,
      row("cuda-pointwise", runRow<Args, conv3dRunPointwise>,
          acceptsRow<Args, conv3dPointwiseCudaAccepts>),
      row("cuda-bf16", runRow<Args, conv3dRunBf16>, acceptsRow<Args, conv3dBf16CudaAccepts>,
          bytesOfRow<Args, conv3dTensorBytes>),
      row("cuda-tf32", runRow<Args, conv3dRunTf32>, acceptsRow<Args, conv3dTf32Accepts>,
          bytesOfRow<Args, conv3dTensorBytes>),
      row("cuda-direct", runRow<Args, conv3dRunDirect>, acceptsRow<Args, conv3dDirectAccepts>),
      row("cuda-gemm", runRow<Args, conv3dRunGemm>, acceptsRow<Args, conv3dGemmAccepts>,
          bytesOfRow<Args, conv3dGemmBytes>),
      row("cuda-general", runRow<Args, conv3dRunGeneral>, nullptr)};
  return cuda::table(all);
}

}  // namespace

Refusal conv3dFitsInt(const Conv3dProblem& problem) {
  const Conv3dArgs& args = problem.args;
  if (args.type != VK_F32) return "takes f32 only";
  constexpr int64_t kMost = int64_t{1} << 30;
  for (int axis = 0; axis < 3; ++axis) {
    if (args.inSize[axis] >= kMost || args.outSize[axis] >= kMost ||
        (args.kernel[axis] - 1) * args.dilation[axis] + args.stride[axis] >= kMost ||
        args.outSize[axis] * args.stride[axis] >= kMost) {
      return "takes no axis of 2^30 voxels or more";
    }
  }
  return {};
}

void conv3dRunGeneral(const Conv3dProblem& problem, Context& context, const Workspace&) {
  problem.args.type == VK_F64 ? runGeneral<double>(problem, context)
                              : runGeneral<float>(problem, context);
}

void conv3dPackCuda(const Conv3dProblem& problem, Context& context) {
  const Conv3dArgs& args = problem.args;
  const Grid grid =
      gridOver(args.groups * conv3dVolume(args.kernel) * args.inChannels * args.outChannels);
  launch(context, grid, args.type == VK_F64 ? conv3dPack<double> : conv3dPack<float>, problem);
}

CudaImplementations<Conv3dTransposedArgs> conv3dTransposedCudaRows() {
  return rows<Conv3dTransposedArgs>();
}

extern "C" CudaImplementations<Conv3dArgs> conv3dCuda() { return rows<Conv3dArgs>(); }

extern "C" CudaImplementations<Conv3dTransposedArgs> conv3d_gradient_inputCuda() {
  return rows<Conv3dTransposedArgs>();
}

}  // namespace vk
