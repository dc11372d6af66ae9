// What the CUDA kernels of convolutions share. A convolution and a transposed one are the same
// here: outputs on a lattice, each a sum over taps that are evenly spaced in the input. A
// convolution is one lattice. A transposed one is a lattice for each rest of the output's position
// to the stride (see Conv3dSubLattices), with taps that go backwards.
#pragma once

#include <numeric>

#include "conv3d/conv3d_gradient_input.h"
#include "core/host_device.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"

namespace vk {

/** One axis of a lattice: output i is at first + i step, and its tap t reads the input at
 * inFirst + i inStep + t tapStep, and the weight of kernel position firstTap + t tapEvery. */
struct Conv3dAxis {
  int64_t count;
  int64_t first;
  int64_t step;
  int64_t inFirst;
  int64_t inStep;
  int64_t taps;
  int64_t tapStep;
  int64_t firstTap;
  int64_t tapEvery;
};

/** Weights are packed as (group, tap, input channel, output channel). */
struct Conv3dProblem {
  Conv3dArgs args;
  bool transposed;
  /** Along each axis. */
  int64_t lattices[3];
  int64_t tapEvery[3];

  explicit Conv3dProblem(const Conv3dArgs& convolution)
      : args(convolution), transposed(false), lattices{1, 1, 1}, tapEvery{1, 1, 1} {}
  explicit Conv3dProblem(const Conv3dTransposedArgs& convolution)
      : args(convolution), transposed(true) {
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t stride = args.stride[axis];
      lattices[axis] = stride < args.outSize[axis] ? stride : args.outSize[axis];
      tapEvery[axis] = stride / std::gcd(stride, args.dilation[axis]);
    }
  }

  int64_t latticeCount() const { return lattices[0] * lattices[1] * lattices[2]; }
  /** Outputs of the largest lattice along an axis. */
  int64_t mostOutputs(int axis) const {
    const int64_t size = args.outSize[axis];
    return transposed && size > 0 ? (size - 1) / args.stride[axis] + 1 : size;
  }
  /** Taps of the lattice that has most. */
  int64_t mostTaps(int axis) const { return (args.kernel[axis] - 1) / tapEvery[axis] + 1; }
};

/** Voxels, or taps of a kernel. */
VK_HD inline int64_t conv3dVolume(const int64_t* size) { return size[0] * size[1] * size[2]; }

/** The axis of the lattice that begins at output `lattice`. */
VK_HD inline Conv3dAxis conv3dAxisOf(const Conv3dProblem& problem, int axis, int64_t lattice) {
  const Conv3dArgs& args = problem.args;
  const int64_t stride = args.stride[axis], dilation = args.dilation[axis];
  const int64_t padding = args.paddingBegin[axis], kernel = args.kernel[axis];
  if (!problem.transposed) {
    return {args.outSize[axis], 0, 1, -padding, stride, kernel, dilation, 0, 1};
  }
  const int64_t every = problem.tapEvery[axis];
  const int64_t rest = (lattice + padding) % stride;
  int64_t tap = 0;
  while (tap < kernel && tap < every && tap * dilation % stride != rest) ++tap;
  const bool some = tap < kernel && tap < every;
  return {(args.outSize[axis] - 1 - lattice) / stride + 1,
          lattice,
          stride,
          (lattice + padding) / stride - (some ? (tap * dilation - rest) / stride : 0),
          1,
          some ? (kernel - 1 - tap) / every + 1 : 0,
          -(every * dilation / stride),
          tap,
          every};
}

/** Index in the kernel, of all axes together, of a lattice's tap. */
VK_HD inline int64_t conv3dKernelIndex(const Conv3dArgs& args, const Conv3dAxis* axes, int64_t tz,
                                       int64_t ty, int64_t tx) {
  const int64_t kz = axes[0].firstTap + tz * axes[0].tapEvery;
  const int64_t ky = axes[1].firstTap + ty * axes[1].tapEvery;
  const int64_t kx = axes[2].firstTap + tx * axes[2].tapEvery;
  return (kz * args.kernel[1] + ky) * args.kernel[2] + kx;
}

/** What comes after the sum. */
template <class T>
struct Conv3dFinish {
  const T* bias;
  const T* residual;
  T* output;
  vk_activation activation;
  T slope;

  explicit Conv3dFinish(const Conv3dArgs& args)
      : bias(static_cast<const T*>(args.bias)),
        residual(static_cast<const T*>(args.residual)),
        output(static_cast<T*>(args.output)),
        activation(args.activation),
        slope(static_cast<T>(args.negativeSlope)) {}

  /** channel counts through the groups, `at` is the place in the output. */
  __device__ T value(T sum, int64_t channel, int64_t at) const {
    if (bias != nullptr) sum += bias[channel];
    if (residual != nullptr) sum += residual[at];
    if (activation == VK_ACTIVATION_RELU) sum = sum < 0 ? T(0) : sum;
    if (activation == VK_ACTIVATION_LEAKY_RELU) sum = sum < 0 ? slope * sum : sum;
    return sum;
  }
  __device__ void write(T sum, int64_t channel, int64_t at) const {
    output[at] = value(sum, channel, at);
  }
};

/** Empty where all positions along an axis fit 32 bits, which all kernels but the general one
 * rely on, and the type is f32. */
Refusal conv3dFitsInt(const Conv3dProblem& problem);

/** As many elements as the weights, of their type. */
void conv3dPackCuda(const Conv3dProblem& problem, Context& context);

/** Any convolution, in f32 and f64. */
void conv3dRunGeneral(const Conv3dProblem& problem, Context& context, const Workspace&);

/** A matrix product whose second factor is gathered from the input. */
Refusal conv3dGemmAccepts(const Conv3dProblem& problem);
int64_t conv3dGemmBytes(const Conv3dProblem& problem);
void conv3dRunGemm(const Conv3dProblem& problem, Context& context, const Workspace&);

/** The same by tensor cores, in bfloat16 and in tf32. */
int64_t conv3dTensorBytes(const Conv3dProblem& problem);
Refusal conv3dBf16CudaAccepts(const Conv3dProblem& problem);
void conv3dRunBf16(const Conv3dProblem& problem, Context& context, const Workspace&);
Refusal conv3dTf32Accepts(const Conv3dProblem& problem);
void conv3dRunTf32(const Conv3dProblem& problem, Context& context, const Workspace&);

/** Kernels of one voxel, few output channels. */
Refusal conv3dPointwiseCudaAccepts(const Conv3dProblem& problem);
void conv3dRunPointwise(const Conv3dProblem& problem, Context& context, const Workspace&);

/** Straight from boxes of the input in shared memory: few channels on one side. */
Refusal conv3dDirectAccepts(const Conv3dProblem& problem);
void conv3dRunDirect(const Conv3dProblem& problem, Context& context, const Workspace&);

/** Rows of conv3d_transposed and of conv3d_gradient_input. */
CudaImplementations<Conv3dTransposedArgs> conv3dTransposedCudaRows();

}  // namespace vk
