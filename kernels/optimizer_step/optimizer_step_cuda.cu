#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "optimizer_step/optimizer_step.h"

namespace vk::optimizer_step_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;

template <class T>
__global__ void __launch_bounds__(kThreads) sgdStep(OptimizerStepSgdArgs args) {
  const T* const gradient = static_cast<const T*>(args.gradient);
  T* const parameter = static_cast<T*>(args.parameter);
  T* const velocity = static_cast<T*>(args.velocity);
  forEachItem(args.count, [&](int64_t i) {
    const T w = parameter[i];
    T direction = gradient[i];
    if (args.decay != 0) direction = fma(T(args.decay), w, direction);
    if (velocity != nullptr) {
      const T v = fma(T(args.momentum), velocity[i], T(args.share) * direction);
      velocity[i] = v;
      direction = args.nesterov ? fma(T(args.momentum), v, direction) : v;
    }
    parameter[i] = fma(T(-args.rate), direction, w);
  });
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1) adamStep(OptimizerStepAdamArgs args) {
  const T* const gradient = static_cast<const T*>(args.gradient);
  T* const parameter = static_cast<T*>(args.parameter);
  T* const mean = static_cast<T*>(args.mean);
  T* const square = static_cast<T*>(args.square);
  forEachItem(args.count, [&](int64_t i) {
    T g = gradient[i];
    if (args.decay != 0) g = fma(T(args.decay), parameter[i], g);
    const T m = fma(T(args.beta1), mean[i], T(args.share1) * g);
    const T s = fma(T(args.beta2), square[i], T(args.share2) * g * g);
    mean[i] = m;
    square[i] = s;
    const T deviation = fma(T(args.unbias), sqrt(s), T(args.epsilon));
    // Read again: with f64, what lives through a division is spilled.
    parameter[i] = fma(T(-args.rate), m / deviation, T(args.shrink) * parameter[i]);
  });
}

void runSgd(const OptimizerStepSgdArgs& args, Context& context, const Workspace&) {
  const Grid grid = gridOver(args.count);
  withFloats(args.type,
             [&](auto number) { launch(context, grid, sgdStep<decltype(number)>, args); });
}

void runAdam(const OptimizerStepAdamArgs& args, Context& context, const Workspace&) {
  const Grid grid = gridOver(args.count);
  withFloats(args.type,
             [&](auto number) { launch(context, grid, adamStep<decltype(number)>, args); });
}

}  // namespace

extern "C" CudaImplementations<OptimizerStepSgdArgs> optimizer_step_sgdCuda() {
  static const Implementation<OptimizerStepSgdArgs> rows[] = {
      cuda::row<OptimizerStepSgdArgs>(runSgd)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<OptimizerStepAdamArgs> optimizer_step_adamCuda() {
  static const Implementation<OptimizerStepAdamArgs> rows[] = {
      cuda::row<OptimizerStepAdamArgs>(runAdam)};
  return cuda::table(rows);
}

}  // namespace vk::optimizer_step_cuda
