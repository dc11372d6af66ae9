#include "registry/normalization.h"

#include <cmath>

#include "core/normalize.h"

namespace vk {

ChannelNormArgs channelNormArgs(const char* operation, const vk_view* input, const vk_view* scale,
                                const vk_view* shift, vk_activation activation,
                                double negativeSlope, double epsilon) {
  requireDenseFloat(operation, "input", input);
  if (input->rank < 2) {
    invalidArgument("%s: input is %s, expected a batch and channels first", operation,
                    describe(*input).c_str());
  }
  if (activation < VK_ACTIVATION_NONE || activation > VK_ACTIVATION_LEAKY_RELU) {
    invalidArgument("%s: activation %d is not one of none, ReLU and leaky ReLU", operation,
                    static_cast<int>(activation));
  }
  if (!std::isfinite(negativeSlope)) {
    invalidArgument("%s: negative_slope is %g, expected a finite number", operation, negativeSlope);
  }
  if (!(epsilon >= 0) || !std::isfinite(epsilon)) {
    invalidArgument("%s: epsilon is %g, expected 0 or more", operation, epsilon);
  }
  ChannelNormArgs args{};
  args.type = input->type;
  args.batch = input->sizes[0];
  args.channels = input->sizes[1];
  args.length = 1;
  for (int32_t axis = 2; axis < input->rank; ++axis) args.length *= input->sizes[axis];
  args.activation = activation;
  args.negativeSlope = negativeSlope;
  args.epsilon = epsilon;
  args.input = input->data;
  if (present(scale)) {
    requireValues(operation, "scale", scale, args.type, args.channels, "channel");
    args.scale = scale->data;
  }
  if (present(shift)) {
    requireValues(operation, "shift", shift, args.type, args.channels, "channel");
    args.shift = shift->data;
  }
  return args;
}

void requireStatistics(const char* operation, const char* name, const vk_view* view, int32_t rank,
                       const ChannelNormArgs& args) {
  requireDense(operation, name, view, args.type);
  requireRank(operation, name, *view, rank);
  const int64_t batch = rank == 2 ? args.batch : 1;
  const int64_t each = rank == 2 && batch > 0 ? args.segments / batch : args.segments;
  if ((rank == 2 && view->sizes[0] != batch) || (batch > 0 && view->sizes[rank - 1] != each)) {
    invalidArgument("%s: %s is %s, expected %lld by %lld values", operation, name,
                    describe(*view).c_str(), static_cast<long long>(batch),
                    static_cast<long long>(each));
  }
}

void setGradient(const char* operation, ChannelNormArgs& args, const vk_view* input,
                 const vk_view* mean, const vk_view* inverseDeviation, int32_t rank,
                 const vk_view* outputGradient, const vk_view* inputGradient,
                 const vk_view* scaleGradient, const vk_view* shiftGradient) {
  requireStatistics(operation, "mean", mean, rank, args);
  requireStatistics(operation, "inverse_deviation", inverseDeviation, rank, args);
  requireLike(operation, "output_gradient", outputGradient, "input", *input);
  args.mean = mean->data;
  args.inverseDeviation = inverseDeviation->data;
  args.outputGradient = outputGradient->data;
  if (present(inputGradient)) {
    requireLike(operation, "input_gradient", inputGradient, "input", *input);
    args.inputGradient = inputGradient->data;
  }
  if (present(scaleGradient)) {
    requireValues(operation, "scale_gradient", scaleGradient, args.type, args.channels, "channel");
    args.scaleGradient = scaleGradient->data;
  }
  if (present(shiftGradient)) {
    requireValues(operation, "shift_gradient", shiftGradient, args.type, args.channels, "channel");
    args.shiftGradient = shiftGradient->data;
  }
}

int64_t channelNormWorkspaceBytes(const ChannelNormArgs& args) {
  const SegmentSchedule schedule(args.segments, args.rows, args.length);
  return schedule.together() ? schedule.pieces().count() * int64_t{sizeof(Moments)} : 0;
}

int64_t channelNormGradientWorkspaceBytes(const ChannelNormArgs& args) {
  const SegmentSchedule schedule(args.segments, args.rows, args.length);
  const int64_t pieces = schedule.together() ? schedule.pieces().count() : 0;
  return (args.batch * args.channels + pieces) * int64_t{sizeof(GradientSums)};
}

}  // namespace vk
