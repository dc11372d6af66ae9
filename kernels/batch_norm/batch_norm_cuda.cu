// The kernels are those of cuda/channel_norm.cu.
#include "batch_norm/batch_norm.h"
#include "cuda/channel_norm.h"
#include "cuda/cuda_table.h"

namespace vk::batch_norm_cuda {
namespace {

using Args = BatchNormArgs;

void runForward(const Args& args, Context& context, const Workspace& workspace) {
  cuda::channelNorm(args, context, workspace);
}
int64_t forwardBytes(const Args& args) { return cuda::channelNormBytes(args); }

void runGradient(const Args& args, Context& context, const Workspace& workspace) {
  cuda::channelNormGradient(args, context, workspace);
}
int64_t gradientBytes(const Args& args) { return cuda::channelNormGradientBytes(args); }

}  // namespace

extern "C" CudaImplementations<Args> batch_normCuda() {
  static const Implementation<Args> rows[] = {cuda::row<Args>(runForward, nullptr, forwardBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<Args> batch_norm_gradientCuda() {
  static const Implementation<Args> rows[] = {cuda::row<Args>(runGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::batch_norm_cuda
