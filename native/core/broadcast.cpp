#include "core/broadcast.h"

namespace vk {
namespace {

/** Size of the operand along an axis of the output. */
int64_t sizeAlong(const vk_view& operand, const vk_view& output, int32_t axis) {
  const int32_t own = axis - (output.rank - operand.rank);
  return own < 0 ? 1 : operand.sizes[own];
}

int64_t strideAlong(const vk_view& operand, const vk_view& output, int32_t axis) {
  if (sizeAlong(operand, output, axis) == 1) return 0;
  return operand.strides[axis - (output.rank - operand.rank)];
}

void requireBroadcast(const char* operation, std::initializer_list<NamedView> operands,
                      const vk_view& output) {
  int32_t rank = 0;
  for (const NamedView& operand : operands) {
    if (operand.view->rank > rank) rank = operand.view->rank;
  }
  bool fits = rank == output.rank;
  for (int32_t axis = 0; fits && axis < rank; ++axis) {
    int64_t size = 1;
    for (const NamedView& operand : operands) {
      const int64_t own = sizeAlong(*operand.view, output, axis);
      if (own == 1) continue;
      fits = fits && (size == 1 || size == own);
      size = own;
    }
    fits = fits && output.sizes[axis] == size;
  }
  if (fits) return;
  std::string text;
  for (const NamedView& operand : operands) {
    text += (text.empty() ? "" : ", ") + std::string(operand.name) + " " + describe(*operand.view);
  }
  invalidArgument("%s: %s do not broadcast to output %s", operation, text.c_str(),
                  describe(output).c_str());
}

}  // namespace

Broadcast broadcastTo(const char* operation, std::initializer_list<NamedView> operands,
                      const vk_view& output) {
  requireBroadcast(operation, operands, output);
  Broadcast shape{};
  shape.count = elementCount(output);
  shape.rank = 0;
  for (int32_t axis = 0; axis < output.rank; ++axis) {
    const int64_t size = output.sizes[axis];
    if (size == 1) continue;
    int64_t strides[Broadcast::kOperands] = {};
    int index = 0;
    for (const NamedView& operand : operands) {
      strides[index++] = strideAlong(*operand.view, output, axis);
    }
    const int32_t last = shape.rank - 1;
    bool merges = shape.rank > 0;
    for (int operand = 0; merges && operand < Broadcast::kOperands; ++operand) {
      merges = shape.strides[operand][last] == strides[operand] * size;
    }
    const int32_t at = merges ? last : shape.rank++;
    shape.sizes[at] = merges ? shape.sizes[at] * size : size;
    for (int operand = 0; operand < Broadcast::kOperands; ++operand) {
      shape.strides[operand][at] = strides[operand];
    }
  }
  if (shape.rank == 0) {
    // One element: a row of which each operand has its own.
    shape.rank = 1;
    shape.sizes[0] = 1;
    for (int operand = 0; operand < Broadcast::kOperands; ++operand) shape.strides[operand][0] = 1;
  }
  return shape;
}

}  // namespace vk
