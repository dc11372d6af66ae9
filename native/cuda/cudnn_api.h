// What is called of cuDNN: declared here, from the documentation of its API, since its headers are
// not needed to build. Holds for cuDNN 8 and 9, whose functions for convolutions and pools have the
// same parameters and values: compared with the JavaCPP presets of 8.6 and 9.25. A test of bench
// reads this file and holds it to the latter.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace vk::cudnn {

using Status = int;
constexpr Status kSuccess = 0;

struct HandleObject;
struct TensorObject;
struct FilterObject;
struct ConvolutionObject;
struct ActivationObject;
struct PoolingObject;
using Handle = HandleObject*;
using Tensor = TensorObject*;
using Filter = FilterObject*;
using Convolution = ConvolutionObject*;
using Activation = ActivationObject*;
using Pooling = PoolingObject*;

// Each with the name that it has in cuDNN.
enum DataType : int {
  kFloat = 0,   // CUDNN_DATA_FLOAT
  kDouble = 1,  // CUDNN_DATA_DOUBLE
};
enum TensorFormat : int {
  kNchw = 0,  // CUDNN_TENSOR_NCHW
};
enum ConvolutionMode : int {
  kCrossCorrelation = 1,  // CUDNN_CROSS_CORRELATION
};
enum MathType : int {
  /** In f32 tf32 may be multiplied from Ampere on. */
  kDefaultMath = 0,              // CUDNN_DEFAULT_MATH
  kTensorOpMath = 1,             // CUDNN_TENSOR_OP_MATH
  kTensorOpAllowConversion = 2,  // CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION
  kFmaMath = 3,                  // CUDNN_FMA_MATH
};
enum Determinism : int {
  kNonDeterministic = 0,  // CUDNN_NON_DETERMINISTIC
  kDeterministic = 1,     // CUDNN_DETERMINISTIC
};
enum NanPropagation : int {
  kPropagateNan = 1,  // CUDNN_PROPAGATE_NAN
};
enum ActivationMode : int {
  kRelu = 1,      // CUDNN_ACTIVATION_RELU
  kIdentity = 5,  // CUDNN_ACTIVATION_IDENTITY
};
enum PoolingMode : int {
  kPoolMax = 0,               // CUDNN_POOLING_MAX
  kPoolAveragePadded = 1,     // CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING
  kPoolAverageInside = 2,     // CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING
  kPoolMaxDeterministic = 3,  // CUDNN_POOLING_MAX_DETERMINISTIC
};
enum ForwardAlgorithm : int {
  kForwardImplicitGemm = 0,         // CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM
  kForwardImplicitPrecompGemm = 1,  // CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM
  kForwardGemm = 2,                 // CUDNN_CONVOLUTION_FWD_ALGO_GEMM
  kForwardFftTiling = 5,            // CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING
};
enum BackwardDataAlgorithm : int {
  /** Adds by atomics: not deterministic. */
  kDataAlgorithm0 = 0,  // CUDNN_CONVOLUTION_BWD_DATA_ALGO_0
  kDataAlgorithm1 = 1,  // CUDNN_CONVOLUTION_BWD_DATA_ALGO_1
  kDataFftTiling = 3,   // CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING
};
enum BackwardFilterAlgorithm : int {
  /** Adds by atomics, as 3 does: not deterministic. */
  kFilterAlgorithm0 = 0,  // CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0
  kFilterAlgorithm1 = 1,  // CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1
  kFilterAlgorithm3 = 3,  // CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3
  kFilterFftTiling = 6,   // CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING
};

/** cudnnConvolutionFwdAlgoPerf_t and those of both gradients, which differ in the type of the
 * algorithm alone, an int in each. */
struct AlgorithmReport {
  int algorithm;
  Status status;
  /** Milliseconds; below 0 where it is not known. */
  float time;
  size_t memory;
  Determinism determinism;
  MathType math;
  int reserved[3];
};

// Every function: its name without "cudnn", what it gives, what it takes.
#define VK_CUDNN_FUNCTIONS(X)                                                                      \
  X(GetVersion, size_t, ())                                                                        \
  X(GetErrorString, const char*, (Status))                                                         \
  X(Create, Status, (Handle*))                                                                     \
  X(Destroy, Status, (Handle))                                                                     \
  X(SetStream, Status, (Handle, cudaStream_t))                                                     \
  X(CreateTensorDescriptor, Status, (Tensor*))                                                     \
  X(SetTensorNdDescriptor, Status, (Tensor, DataType, int, const int[], const int[]))              \
  X(DestroyTensorDescriptor, Status, (Tensor))                                                     \
  X(CreateFilterDescriptor, Status, (Filter*))                                                     \
  X(SetFilterNdDescriptor, Status, (Filter, DataType, TensorFormat, int, const int[]))             \
  X(DestroyFilterDescriptor, Status, (Filter))                                                     \
  X(CreateConvolutionDescriptor, Status, (Convolution*))                                           \
  X(SetConvolutionNdDescriptor, Status,                                                            \
    (Convolution, int, const int[], const int[], const int[], ConvolutionMode, DataType))          \
  X(SetConvolutionGroupCount, Status, (Convolution, int))                                          \
  X(SetConvolutionMathType, Status, (Convolution, MathType))                                       \
  X(DestroyConvolutionDescriptor, Status, (Convolution))                                           \
  X(CreateActivationDescriptor, Status, (Activation*))                                             \
  X(SetActivationDescriptor, Status, (Activation, ActivationMode, NanPropagation, double))         \
  X(DestroyActivationDescriptor, Status, (Activation))                                             \
  X(GetConvolutionForwardAlgorithm_v7, Status,                                                     \
    (Handle, Tensor, Filter, Convolution, Tensor, int, int*, AlgorithmReport*))                    \
  X(GetConvolutionForwardWorkspaceSize, Status,                                                    \
    (Handle, Tensor, Filter, Convolution, Tensor, ForwardAlgorithm, size_t*))                      \
  X(ConvolutionForward, Status,                                                                    \
    (Handle, const void*, Tensor, const void*, Filter, const void*, Convolution, ForwardAlgorithm, \
     void*, size_t, const void*, Tensor, void*))                                                   \
  X(ConvolutionBiasActivationForward, Status,                                                      \
    (Handle, const void*, Tensor, const void*, Filter, const void*, Convolution, ForwardAlgorithm, \
     void*, size_t, const void*, Tensor, const void*, Tensor, const void*, Activation, Tensor,     \
     void*))                                                                                       \
  X(GetConvolutionBackwardDataAlgorithm_v7, Status,                                                \
    (Handle, Filter, Tensor, Convolution, Tensor, int, int*, AlgorithmReport*))                    \
  X(GetConvolutionBackwardDataWorkspaceSize, Status,                                               \
    (Handle, Filter, Tensor, Convolution, Tensor, BackwardDataAlgorithm, size_t*))                 \
  X(ConvolutionBackwardData, Status,                                                               \
    (Handle, const void*, Filter, const void*, Tensor, const void*, Convolution,                   \
     BackwardDataAlgorithm, void*, size_t, const void*, Tensor, void*))                            \
  X(GetConvolutionBackwardFilterAlgorithm_v7, Status,                                              \
    (Handle, Tensor, Tensor, Convolution, Filter, int, int*, AlgorithmReport*))                    \
  X(GetConvolutionBackwardFilterWorkspaceSize, Status,                                             \
    (Handle, Tensor, Tensor, Convolution, Filter, BackwardFilterAlgorithm, size_t*))               \
  X(ConvolutionBackwardFilter, Status,                                                             \
    (Handle, const void*, Tensor, const void*, Tensor, const void*, Convolution,                   \
     BackwardFilterAlgorithm, void*, size_t, const void*, Filter, void*))                          \
  X(CreatePoolingDescriptor, Status, (Pooling*))                                                   \
  X(SetPoolingNdDescriptor, Status,                                                                \
    (Pooling, PoolingMode, NanPropagation, int, const int[], const int[], const int[]))            \
  X(DestroyPoolingDescriptor, Status, (Pooling))                                                   \
  X(PoolingForward, Status,                                                                        \
    (Handle, Pooling, const void*, Tensor, const void*, const void*, Tensor, void*))               \
  X(PoolingBackward, Status,                                                                       \
    (Handle, Pooling, const void*, Tensor, const void*, Tensor, const void*, Tensor, const void*,  \
     const void*, Tensor, void*))

/** Pointers to all of them, named as in cuDNN without "cudnn" before it. */
struct Functions {
#define VK_CUDNN_POINTER(name, Result, parameters) Result(*name) parameters = nullptr;
  VK_CUDNN_FUNCTIONS(VK_CUDNN_POINTER)
#undef VK_CUDNN_POINTER
};

}  // namespace vk::cudnn
