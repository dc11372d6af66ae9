// What the CPU kernels of lstm and gru keep in their workspace. Independent of the instruction set.
#pragma once

#include "matmul/matmul.h"
#include "registry/recurrent.h"

namespace vk {

/** One direction at a time. */
struct RecurrentLayout {
  /** (G H): of the input and of the recurrence, where they can be added before the steps. */
  float* bias;
  /** (T, B, G H): products of the whole input. */
  float* sums;
  /** (B, G H): products of one step. */
  float* stepSums;
  /** (B, H): what the reset gate of a GRU leaves of the hidden values. */
  float* reset;
  float* packed;
  /** Of the products. */
  Workspace scratch;
  int64_t bytes;
};
RecurrentLayout recurrentLayout(const RecurrentArgs& args, void* memory);

struct RecurrentGradientLayout {
  /** (T, B, G H): of what goes into the gates from the input, and from the recurrence where that
   * differs. */
  float* sums;
  float* recurrentSums;
  /** (B, G H), of one step. */
  float* stepSums;
  /** (B, H): of the states on their way back; a GRU has its values behind the reset in cell. */
  float* hidden;
  float* cell;
  /** (T, B, H): the hidden values before the steps, or what the reset gate leaves of them. */
  float* before;
  float* beforeReset;
  /** (T B) */
  float* ones;
  float* packed;
  Workspace scratch;
  int64_t bytes;
};
RecurrentGradientLayout recurrentGradientLayout(const RecurrentArgs& args, void* memory);

/** Sequences that one task takes of a step. */
int64_t recurrentRowsEach(const RecurrentArgs& args);

}  // namespace vk
