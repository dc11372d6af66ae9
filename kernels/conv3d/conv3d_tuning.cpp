#include "conv3d/conv3d_tuning.h"

namespace vk {
namespace {

std::string axes(const char* name, const int64_t values[3]) {
  return format(" %s=%lldx%lldx%lld", name, static_cast<long long>(values[0]),
                static_cast<long long>(values[1]), static_cast<long long>(values[2]));
}

int64_t voxels(const int64_t size[3]) { return size[0] * size[1] * size[2]; }
int64_t inputs(const Conv3dArgs& args) {
  return args.batch * args.groups * args.inChannels * voxels(args.inSize);
}
int64_t outputs(const Conv3dArgs& args) {
  return args.batch * args.groups * args.outChannels * voxels(args.outSize);
}
int64_t weights(const Conv3dArgs& args) {
  return args.groups * args.outChannels * args.inChannels * conv3dTaps(args);
}

}  // namespace

std::string problemOf(const Conv3dArgs& args) {
  return format("%s batch=%lld groups=%lld channels=%lldx%lld", elementTypeName(args.type),
                static_cast<long long>(args.batch), static_cast<long long>(args.groups),
                static_cast<long long>(args.inChannels), static_cast<long long>(args.outChannels)) +
         axes("in", args.inSize) + axes("out", args.outSize) + axes("kernel", args.kernel) +
         axes("stride", args.stride) + axes("dilation", args.dilation) +
         axes("padding", args.paddingBegin) + format(" accuracy=%.3g", args.accuracy);
}

void makeTensors(Conv3dArgs& args, TuningMemory& memory) {
  args.input = memory.takeNoise(args.type, inputs(args));
  args.weights = memory.takeNoise(args.type, weights(args));
  args.output = memory.take(outputs(args) * elementSize(args.type));
  args.bias = nullptr;
  args.residual = nullptr;
}

void makeTensors(Conv3dGradientWeightsArgs& args, TuningMemory& memory) {
  args.input = memory.takeNoise(args.type, inputs(args));
  args.upstream = memory.takeNoise(args.type, outputs(args));
  args.gradient = memory.take(weights(args) * elementSize(args.type));
  args.gradientBias = nullptr;
}

}  // namespace vk
