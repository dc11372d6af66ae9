#include <cmath>

#include "optimizer_step/optimizer_step.h"

namespace vk {
namespace {

template <class T>
void sgd(const OptimizerStepSgdArgs& args) {
  const T* gradient = static_cast<const T*>(args.gradient);
  T* parameter = static_cast<T*>(args.parameter);
  T* velocity = static_cast<T*>(args.velocity);
  for (int64_t i = 0; i < args.count; ++i) {
    const double w = double(parameter[i]);
    double direction = double(gradient[i]) + args.decay * w;
    if (velocity != nullptr) {
      velocity[i] = T(args.momentum * double(velocity[i]) + args.share * direction);
      const double v = double(velocity[i]);
      direction = args.nesterov ? direction + args.momentum * v : v;
    }
    parameter[i] = T(w - args.rate * direction);
  }
}

template <class T>
void adam(const OptimizerStepAdamArgs& args) {
  const T* gradient = static_cast<const T*>(args.gradient);
  T* parameter = static_cast<T*>(args.parameter);
  T* mean = static_cast<T*>(args.mean);
  T* square = static_cast<T*>(args.square);
  for (int64_t i = 0; i < args.count; ++i) {
    const double w = double(parameter[i]);
    const double g = double(gradient[i]) + args.decay * w;
    mean[i] = T(args.beta1 * double(mean[i]) + args.share1 * g);
    square[i] = T(args.beta2 * double(square[i]) + args.share2 * g * g);
    const double deviation = args.unbias * std::sqrt(double(square[i])) + args.epsilon;
    parameter[i] = T(args.shrink * w - args.rate * double(mean[i]) / deviation);
  }
}

}  // namespace

void optimizerStepSgdReference(const OptimizerStepSgdArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { sgd<decltype(type)>(args); });
}

void optimizerStepAdamReference(const OptimizerStepAdamArgs& args, Context&, const Workspace&) {
  withFloats(args.type, [&](auto type) { adam<decltype(type)>(args); });
}

}  // namespace vk
