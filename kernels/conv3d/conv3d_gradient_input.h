// The transposed convolution: the gradient of a convolution's input, and the operation
// conv3d_transposed.
#pragma once

#include <numeric>

#include "conv3d/conv3d.h"

namespace vk {

/** output(n, c, p) = activation(the sum of weights(o, c, k) input(n, o, v) over all v and k with
 * v stride + k dilation - paddingBegin = p, + bias(c) + residual(n, c, p)). `in` is what it reads,
 * the gradient of the other convolution's output; weights (inChannels groups, outChannels, kz, ky,
 * kx). */
struct Conv3dTransposedArgs : Conv3dArgs {};

/** One axis of a strided one. The outputs p = q stride + r - paddingBegin with the same r are a
 * sub-lattice: a convolution of stride 1 with the taps k that have k dilation = r modulo stride,
 * each of which reads the input at q - k dilation / stride, rounded down. */
struct Conv3dSubLattices {
  int64_t stride;
  int64_t dilation;
  int64_t kernel;
  int64_t padding;
  int64_t outSize;
  /** Taps of one sub-lattice are this far apart. */
  int64_t tapStep;

  Conv3dSubLattices(const Conv3dArgs& args, int axis)
      : stride(args.stride[axis]),
        dilation(args.dilation[axis]),
        kernel(args.kernel[axis]),
        padding(args.paddingBegin[axis]),
        outSize(args.outSize[axis]),
        tapStep(stride / std::gcd(stride, dilation)) {}

  int64_t first() const { return padding / stride; }
  /** How many q there are from the first on. */
  int64_t count() const {
    return outSize == 0 ? 0 : (outSize - 1 + padding) / stride - first() + 1;
  }
  /** Inputs that the outputs of one q read. */
  int64_t reach() const { return (kernel - 1) * dilation / stride + 1; }
  /** The first tap of sub-lattice r; `kernel` or more if it has none. */
  int64_t firstTap(int64_t r) const {
    int64_t k = 0;
    while (k < kernel && k * dilation % stride != r) ++k;
    return k;
  }
  /** Taps of the sub-lattice whose first tap is k. */
  int64_t tapCount(int64_t k) const { return k < kernel ? (kernel - 1 - k) / tapStep + 1 : 0; }
  /** Taps of all sub-lattices whose first tap is below k. */
  int64_t tapsBefore(int64_t k) const {
    int64_t sum = 0;
    for (int64_t i = 0; i < k && i < kernel; ++i) sum += tapCount(i);
    return sum;
  }
  /** Sub-lattices that have taps: their first ones are 0, 1, 2, ... */
  int64_t withTaps() const { return kernel < tapStep ? kernel : tapStep; }
  /** Where, in the inputs that a q reads, tap k's is. */
  int64_t place(int64_t k) const { return reach() - 1 - k * dilation / stride; }
  /** Outputs i stride + p, all from 0 on, are sub-lattice r(p): its tap k reads the input i -
   * inputsBefore(k). */
  int64_t latticeOf(int64_t p) const { return (p + padding) % stride; }
  int64_t inputsBefore(int64_t k) const {
    const int64_t to = k * dilation - padding;
    return to >= 0 ? to / stride : -((stride - 1 - to) / stride);
  }
  /** The output of sub-lattice r at the first q + i; may lie outside. */
  int64_t output(int64_t i, int64_t r) const { return (first() + i) * stride + r - padding; }
};

/** Taps of all sub-lattices before the one of these first taps, in the order of packed weights. */
inline int64_t conv3dTapsBefore(const Conv3dSubLattices (&axes)[3], const int64_t (&first)[3]) {
  const int64_t z = axes[0].tapCount(first[0]), y = axes[1].tapCount(first[1]);
  return axes[0].tapsBefore(first[0]) * axes[1].kernel * axes[2].kernel +
         z * (axes[1].tapsBefore(first[1]) * axes[2].kernel + y * axes[2].tapsBefore(first[2]));
}

/** The convolution of stride 1 whose output i, along each axis, reads all that the outputs of the
 * first q + i read. */
Conv3dArgs conv3dOfSubLattices(const Conv3dTransposedArgs& args);

/** The same with outputs that begin at 0: output i reads what the outputs i stride + p read. */
Conv3dArgs conv3dOfPhases(const Conv3dTransposedArgs& args);

/** Fastest first, the reference last. */
Implementations<Conv3dTransposedArgs> conv3dTransposedRows();

/** Packs weights (inChannels groups, outChannels, kz, ky, kx). */
void conv3dPackTransposed(Context& context, const char* operation, const vk_plan* plan,
                          const vk_view* weights, const vk_conv3d_params* params,
                          const vk_view* packed);

void conv3dTransposedReference(const Conv3dTransposedArgs&, Context&, const Workspace&);
void conv3dTransposedPackReference(const Conv3dTransposedArgs&, Context&, const Workspace&);

extern const SimdTable<Kernel<Conv3dTransposedArgs>> conv3dSubLatticesCpuTable;
extern const SimdTable<Kernel<Conv3dTransposedArgs>> conv3dSubLatticesPackCpuTable;
int64_t conv3dSubLatticesWorkspaceBytes(const Conv3dTransposedArgs&);

}  // namespace vk
