// Arguments of a recurrent layer: what `lstm` and `gru` take, forward and back.
#pragma once

#include "core/host_device.h"
#include "registry/registry.h"
#include "voxkern/recurrent.h"

namespace vk {

/** Shapes as vk_recurrent_tensors has them; null is what is not given. */
struct RecurrentArgs {
  vk_element_type type;
  int64_t steps;
  int64_t batch;
  int64_t inputs;
  int64_t hidden;
  int64_t directions;
  int64_t gates;
  vk_recurrence recurrence;
  const void* input;
  const void* weights;
  const void* recurrentWeights;
  const void* bias;
  const void* peepholes;
  const int32_t* lengths;
  const void* initialHidden;
  const void* initialCell;
  /** Written by the forward run, read by the gradient. */
  void* output;
  void* lastHidden;
  void* lastCell;
  void* reserve;
  const void* gradientOutput;
  const void* gradientLastHidden;
  const void* gradientLastCell;
  void* gradientInput;
  void* gradientWeights;
  void* gradientRecurrentWeights;
  void* gradientBias;
  void* gradientPeepholes;
  void* gradientInitialHidden;
  void* gradientInitialCell;
  int32_t threads;

  VK_HD int64_t gateRows() const { return gates * hidden; }
  VK_HD int64_t reserveRows() const { return (gates + 1) * hidden; }
  /** Row of output and reserve. */
  VK_HD int64_t row(int64_t time, int64_t direction, int64_t sequence) const {
    return (time * directions + direction) * batch + sequence;
  }
  VK_HD int64_t length(int64_t sequence) const {
    return lengths != nullptr ? lengths[sequence] : steps;
  }
  VK_HD bool reversed(int64_t direction) const {
    return recurrence == VK_RECURRENCE_REVERSE || direction == 1;
  }
  /** Where in time a sequence is at a step of the recurrence, -1 beyond its length. */
  VK_HD int64_t time(int64_t direction, int64_t step, int64_t sequence) const {
    const int64_t count = length(sequence);
    if (step < 0 || step >= count) return -1;
    return reversed(direction) ? count - 1 - step : step;
  }
};

/** What differs between the layers. */
struct RecurrentKind {
  const char* operation;
  int64_t gates;
  bool hasCell;
  bool isGradient;
};

/** Checks the views. Lengths are looked at only when the operation runs, as a plan may be made
 * before they are there. */
RecurrentArgs recurrentArgs(const RecurrentKind& kind, const Context& context,
                            const vk_recurrent_tensors* tensors, vk_recurrence recurrence);
/** Those on a device are its kernels' to check. */
void requireLengths(const RecurrentKind& kind, const Context& context, const RecurrentArgs& args);

/** Of lengths in the host's memory. */
inline void requireLengths(const char* operation, const RecurrentArgs& args,
                           const int32_t* lengths) {
  for (int64_t i = 0; i < args.batch; ++i) {
    if (lengths[i] < 0 || lengths[i] > args.steps) {
      invalidArgument("%s: length %d of sequence %lld, expected 0 to %lld as input has steps",
                      operation, lengths[i], static_cast<long long>(i),
                      static_cast<long long>(args.steps));
    }
  }
}

Refusal takesF32(const RecurrentArgs& args);

}  // namespace vk
