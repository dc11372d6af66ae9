// Convolutions by cuDNN. Only its deterministic algorithms that sum products directly are taken:
// others add by atomics, or err by amounts that nobody states. See README.md.
#include <cmath>
#include <cstring>

#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_cudnn.h"
#include "conv3d/conv3d_gradient_weights_cuda.h"
#include "cuda/cudnn.h"

namespace vk {
namespace {

using cudnn::Choice;
using cudnn::ChoiceKey;
using cudnn::Scale;

/** tf32 keeps 11 digits of each factor. */
constexpr double kTf32Error = 1e-3;
/** The error of a sum of n products of values in [-1, 1], added one after the other in f32, in the
 * Frobenius norm, is this times the root of n: measured with the direct kernels. */
constexpr double kErrorOfRoot = 1.7e-8;
/** As much as hand-written rows take for partial sums. */
constexpr size_t kMostWorkspace = size_t{256} << 20;
/** Below, the hand-written rows for few channels read the input about once. */
constexpr int64_t kFewChannels = 8;

enum Kind : int64_t { kForward, kBackwardData, kBackwardFilter };

/** What a choice depends on: the forward convolution, whichever part of it is computed. */
struct Shape {
  int64_t kind;
  int64_t type;
  int64_t math;
  /** Algorithms may be as few as the one that adds a bias alone. */
  int64_t biasAlone;
  int64_t batch;
  int64_t groups;
  /** Of a group. */
  int64_t in;
  int64_t out;
  int64_t inSize[3];
  int64_t outSize[3];
  int64_t kernel[3];
  int64_t stride[3];
  int64_t dilation[3];
  int64_t padding[3];

  Shape() = default;
  Shape(Kind what, const Conv3dArgs& args, bool swapped)
      : kind(what),
        type(args.type),
        math(args.type == VK_F32 && args.accuracy < kTf32Error ? cudnn::kFmaMath
                                                               : cudnn::kDefaultMath),
        biasAlone(what == kForward && args.bias != nullptr &&
                  args.activation == VK_ACTIVATION_NONE),
        batch(args.batch),
        groups(args.groups),
        in(swapped ? args.outChannels : args.inChannels),
        out(swapped ? args.inChannels : args.outChannels) {
    for (int axis = 0; axis < 3; ++axis) {
      inSize[axis] = swapped ? args.outSize[axis] : args.inSize[axis];
      outSize[axis] = swapped ? args.inSize[axis] : args.outSize[axis];
      kernel[axis] = args.kernel[axis];
      stride[axis] = args.stride[axis];
      dilation[axis] = args.dilation[axis];
      padding[axis] = args.paddingBegin[axis];
    }
  }

  vk_element_type elementType() const { return static_cast<vk_element_type>(type); }
  cudnn::Sizes5 input() const { return {batch, groups * in, inSize[0], inSize[1], inSize[2]}; }
  cudnn::Sizes5 output() const { return {batch, groups * out, outSize[0], outSize[1], outSize[2]}; }
  cudnn::Sizes5 weights() const { return {groups * out, in, kernel[0], kernel[1], kernel[2]}; }

  ChoiceKey key() const {
    ChoiceKey key{};
    static_assert(sizeof(Shape) <= sizeof key);
    std::memcpy(key.data(), this, sizeof(Shape));
    return key;
  }
  static Shape of(const ChoiceKey& key) {
    Shape shape;
    std::memcpy(static_cast<void*>(&shape), key.data(), sizeof(Shape));
    return shape;
  }
};

struct Descriptors {
  cudnn::OwnedTensor input;
  cudnn::OwnedTensor output;
  cudnn::OwnedFilter weights;
  cudnn::OwnedConvolution convolution;

  explicit Descriptors(const Shape& shape)
      : input(cudnn::tensorOf(shape.elementType(), shape.input())),
        output(cudnn::tensorOf(shape.elementType(), shape.output())),
        weights(cudnn::filterOf(shape.elementType(), shape.weights())),
        convolution("cudnnCreateConvolutionDescriptor") {
    int padding[3], stride[3], dilation[3];
    for (int axis = 0; axis < 3; ++axis) {
      padding[axis] = int(shape.padding[axis]);
      stride[axis] = int(shape.stride[axis]);
      dilation[axis] = int(shape.dilation[axis]);
    }
    VK_CUDNN(SetConvolutionNdDescriptor, convolution, 3, padding, stride, dilation,
             cudnn::kCrossCorrelation, cudnn::typeOf(shape.elementType()));
    VK_CUDNN(SetConvolutionGroupCount, convolution, int(shape.groups));
    VK_CUDNN(SetConvolutionMathType, convolution, static_cast<cudnn::MathType>(shape.math));
  }
};

bool isTaken(const Shape& shape, int algorithm) {
  switch (shape.kind) {
    case kForward:
      return algorithm == cudnn::kForwardImplicitPrecompGemm ||
             (algorithm == cudnn::kForwardImplicitGemm && !shape.biasAlone);
    case kBackwardData:
      return algorithm == cudnn::kDataAlgorithm1;
    default:
      return algorithm == cudnn::kFilterAlgorithm1;
  }
}

/** The first of those that cuDNN expects to be fastest, of those that are taken. */
Choice ask(cudnn::Handle handle, const ChoiceKey& key) {
  const Shape shape = Shape::of(key);
  const Descriptors made(shape);
  constexpr int kMost = 16;
  cudnn::AlgorithmReport reports[kMost] = {};
  int count = 0;
  switch (shape.kind) {
    case kForward:
      VK_CUDNN(GetConvolutionForwardAlgorithm_v7, handle, made.input, made.weights,
               made.convolution, made.output, kMost, &count, reports);
      break;
    case kBackwardData:
      VK_CUDNN(GetConvolutionBackwardDataAlgorithm_v7, handle, made.weights, made.output,
               made.convolution, made.input, kMost, &count, reports);
      break;
    default:
      VK_CUDNN(GetConvolutionBackwardFilterAlgorithm_v7, handle, made.input, made.output,
               made.convolution, made.weights, kMost, &count, reports);
  }
  Choice choice;
  choice.refusal = "cuDNN has no algorithm for it that is deterministic and sums directly";
  for (int i = 0; i < count; ++i) {
    const cudnn::AlgorithmReport& report = reports[i];
    if (report.status != cudnn::kSuccess || report.determinism != cudnn::kDeterministic ||
        !isTaken(shape, report.algorithm)) {
      continue;
    }
    // The report's own size may be for other mathematics than the descriptor has.
    size_t bytes = 0;
    switch (shape.kind) {
      case kForward:
        VK_CUDNN(GetConvolutionForwardWorkspaceSize, handle, made.input, made.weights,
                 made.convolution, made.output,
                 static_cast<cudnn::ForwardAlgorithm>(report.algorithm), &bytes);
        break;
      case kBackwardData:
        VK_CUDNN(GetConvolutionBackwardDataWorkspaceSize, handle, made.weights, made.output,
                 made.convolution, made.input,
                 static_cast<cudnn::BackwardDataAlgorithm>(report.algorithm), &bytes);
        break;
      default:
        VK_CUDNN(GetConvolutionBackwardFilterWorkspaceSize, handle, made.input, made.output,
                 made.convolution, made.weights,
                 static_cast<cudnn::BackwardFilterAlgorithm>(report.algorithm), &bytes);
    }
    if (bytes > kMostWorkspace) continue;
    return {report.algorithm, int64_t(bytes), {}};
  }
  return choice;
}

Choice choiceOf(const Shape& shape) { return cudnn::choose(shape.key(), ask); }

/** What does not need cuDNN to be known. */
Refusal fits(const Shape& shape) {
  for (const cudnn::Sizes5& sizes : {shape.input(), shape.output(), shape.weights()}) {
    const Refusal refusal = cudnn::fits(sizes);
    if (!refusal.empty()) return refusal;
  }
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t rest = shape.inSize[axis] + 2 * shape.padding[axis] -
                         (shape.kernel[axis] - 1) * shape.dilation[axis] - 1;
    if (rest < 0 || shape.outSize[axis] != rest / shape.stride[axis] + 1) {
      return "takes the same padding at both ends of an axis";
    }
  }
  return {};
}

/** Whether it is expected to be faster than the rows that are written by hand. */
Refusal worthIt(const Conv3dArgs& args) {
  if (args.anyCost || cudnn::whereverPossible()) return {};
  if (args.type != VK_F32) return "in f64 is not expected to be faster";
  if (args.inChannels <= kFewChannels || args.outChannels <= kFewChannels) {
    return "is not expected to be faster with up to 8 channels of a group";
  }
  if (args.accuracy >= kConv3dBf16Error) return "does not multiply in bfloat16";
  return {};
}

/** Sums that are longer err more than is accepted, if they are added one after the other. */
Refusal sumsFit(const Conv3dArgs& args, int64_t products) {
  if (args.type == VK_F32 && kErrorOfRoot * std::sqrt(double(products)) > args.accuracy) {
    return "may err more than is accepted in sums this long";
  }
  return {};
}

/** The first refusal of some that are asked for in turn. */
template <class... Asks>
Refusal firstOf(const Asks&... asks) {
  Refusal refusal;
  static_cast<void>(((refusal = asks(), refusal.empty()) && ...));
  return refusal;
}

Shape shapeOf(const Conv3dProblem& problem) {
  return problem.transposed ? Shape(kBackwardData, problem.args, true)
                            : Shape(kForward, problem.args, false);
}

Refusal finishFits(const Conv3dProblem& problem) {
  const Conv3dArgs& args = problem.args;
  const bool relu = args.activation == VK_ACTIVATION_RELU;
  if (args.activation == VK_ACTIVATION_LEAKY_RELU) return "has no leaky ReLU";
  if (problem.transposed && (relu || args.bias != nullptr)) {
    return "has no transposed convolution with bias or activation";
  }
  if (args.residual != nullptr && (relu || args.bias != nullptr)) {
    return "takes a residual without bias and activation only, since it may be the output";
  }
  return {};
}

/** ReLU needs a bias as well: zeros, behind cuDNN's workspace. */
bool needsZeros(const Conv3dArgs& args) {
  return args.activation == VK_ACTIVATION_RELU && args.bias == nullptr;
}
int64_t zerosAt(int64_t workspaceBytes) { return (workspaceBytes + 255) / 256 * 256; }
int64_t biasBytes(const Conv3dArgs& args) {
  return args.groups * args.outChannels * elementSize(args.type);
}

/** output = activation(convolution + bias) */
void runFused(cudnn::Handle handle, const Conv3dArgs& args, const Descriptors& made,
              const Choice& choice, Context& context, const Workspace& workspace) {
  const void* bias = args.bias;
  if (needsZeros(args)) {
    void* const zeros = workspace.as<char>(zerosAt(choice.workspaceBytes));
    cuda::check(cudaMemsetAsync(zeros, 0, size_t(biasBytes(args)), cuda::streamOf(context)));
    bias = zeros;
  }
  const cudnn::OwnedTensor row =
      cudnn::tensorOf(args.type, {1, args.groups * args.outChannels, 1, 1, 1});
  const cudnn::OwnedActivation activation("cudnnCreateActivationDescriptor");
  VK_CUDNN(SetActivationDescriptor, activation,
           args.activation == VK_ACTIVATION_RELU ? cudnn::kRelu : cudnn::kIdentity,
           cudnn::kPropagateNan, 0);
  // The output stands for the residual that there is none of, and is not read: its factor is 0.
  VK_CUDNN(ConvolutionBiasActivationForward, handle, Scale(args.type, 1), made.input, args.input,
           made.weights, args.packed, made.convolution,
           static_cast<cudnn::ForwardAlgorithm>(choice.algorithm), workspace.data,
           size_t(choice.workspaceBytes), Scale(args.type, 0), made.output, args.output, row, bias,
           activation, made.output, args.output);
}

}  // namespace

// ------------------------------------------------------------- the convolution, and its transpose

Refusal conv3dCudnnAccepts(const Conv3dProblem& problem) {
  const Conv3dArgs& args = problem.args;
  const Shape shape = shapeOf(problem);
  return firstOf([] { return cudnn::missing(); }, [&] { return finishFits(problem); },
                 [&] { return fits(shape); }, [&] { return worthIt(args); },
                 [&] { return sumsFit(args, args.inChannels * conv3dTaps(args)); },
                 [&] { return choiceOf(shape).refusal; });
}

int64_t conv3dCudnnBytes(const Conv3dProblem& problem) {
  const int64_t bytes = choiceOf(shapeOf(problem)).workspaceBytes;
  return needsZeros(problem.args) ? zerosAt(bytes) + biasBytes(problem.args) : bytes;
}

void conv3dRunCudnn(const Conv3dProblem& problem, Context& context, const Workspace& workspace) {
  const Conv3dArgs& args = problem.args;
  const Shape shape = shapeOf(problem);
  const Choice choice = choiceOf(shape);
  const Descriptors made(shape);
  const cudnn::Handle handle = cudnn::handleOf(context);
  if (args.bias != nullptr || args.activation != VK_ACTIVATION_NONE) {
    return runFused(handle, args, made, choice, context, workspace);
  }
  // A residual is in the output before, and added to.
  const bool adds = args.residual != nullptr;
  if (adds && args.residual != args.output) {
    const int64_t bytes = args.batch * args.groups * args.outChannels * conv3dVolume(args.outSize) *
                          elementSize(args.type);
    cuda::check(cudaMemcpyAsync(args.output, args.residual, size_t(bytes), cudaMemcpyDefault,
                                cuda::streamOf(context)));
  }
  const Scale one(args.type, 1), kept(args.type, adds ? 1 : 0);
  if (problem.transposed) {
    VK_CUDNN(ConvolutionBackwardData, handle, one, made.weights, args.packed, made.output,
             args.input, made.convolution,
             static_cast<cudnn::BackwardDataAlgorithm>(choice.algorithm), workspace.data,
             size_t(choice.workspaceBytes), kept, made.input, args.output);
  } else {
    VK_CUDNN(ConvolutionForward, handle, one, made.input, args.input, made.weights, args.packed,
             made.convolution, static_cast<cudnn::ForwardAlgorithm>(choice.algorithm),
             workspace.data, size_t(choice.workspaceBytes), kept, made.output, args.output);
  }
}

void conv3dPackCudnn(const Conv3dProblem& problem, Context& context) {
  const Conv3dArgs& args = problem.args;
  const int64_t bytes =
      args.groups * args.outChannels * args.inChannels * conv3dTaps(args) * elementSize(args.type);
  cuda::check(cudaMemcpyAsync(args.packed, args.weights, size_t(bytes), cudaMemcpyDefault,
                              cuda::streamOf(context)));
}

// --------------------------------------------------------------------- the gradient of the weights

Refusal conv3dCudnnWeightsAccepts(const Conv3dGradientWeightsArgs& args) {
  const Shape shape(kBackwardFilter, args, false);
  return firstOf([] { return cudnn::missing(); }, [&] { return fits(shape); },
                 [&] { return worthIt(args); },
                 [&] { return sumsFit(args, conv3dAllVoxels(args)); },
                 [&] { return choiceOf(shape).refusal; });
}

/** cuDNN's, and before it what the gradient of the bias takes, which is summed in f64 here. */
int64_t conv3dCudnnWeightsBytes(const Conv3dGradientWeightsArgs& args) {
  return zerosAt(conv3dBiasBytes(args)) +
         choiceOf(Shape(kBackwardFilter, args, false)).workspaceBytes;
}

void conv3dRunCudnnWeights(const Conv3dGradientWeightsArgs& args, Context& context,
                           const Workspace& workspace) {
  const Shape shape(kBackwardFilter, args, false);
  const Choice choice = choiceOf(shape);
  const Descriptors made(shape);
  VK_CUDNN(ConvolutionBackwardFilter, cudnn::handleOf(context), Scale(args.type, 1), made.input,
           args.input, made.output, args.upstream, made.convolution,
           static_cast<cudnn::BackwardFilterAlgorithm>(choice.algorithm),
           workspace.as<char>(zerosAt(conv3dBiasBytes(args))), size_t(choice.workspaceBytes),
           Scale(args.type, 0), made.weights, args.gradient);
  conv3dRunBias(args, context, workspace.as<double>());
}

}  // namespace vk
