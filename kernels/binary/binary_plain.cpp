// Integers, bool and f64, for the arithmetic on indices and masks that networks have, and choosing
// between elements of any type.
#include <type_traits>

#include "binary/binary.h"
#include "binary/binary_math.h"

namespace vk {
namespace {

constexpr int64_t kChunk = 32768;

template <class T>
void run(const BinaryArgs& args, int64_t first, const int64_t* offsets, int64_t count) {
  const T* const a = static_cast<const T*>(args.a) + offsets[0];
  const T* const b = static_cast<const T*>(args.b) + offsets[1];
  const int64_t stepA = args.broadcast.isScalar(0) ? 0 : 1;
  const int64_t stepB = args.broadcast.isScalar(1) ? 0 : 1;
  if (isComparison(args.function)) {
    uint8_t* const y = static_cast<uint8_t*>(args.output) + first;
    for (int64_t i = 0; i < count; ++i) {
      y[i] = binary::compared(args.function, a[i * stepA], b[i * stepB]) ? 1 : 0;
    }
  } else {
    T* const y = static_cast<T*>(args.output) + first;
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_floating_point_v<T>) {
        y[i] = binary::floatValue(args.function, a[i * stepA], b[i * stepB]);
      } else {
        y[i] = binary::wholeValue(args.function, a[i * stepA], b[i * stepB]);
      }
    }
  }
}

/** With the steps known to the compiler, which then vectorises. */
template <class T, int kA, int kB, int kCondition>
void chooseRow(const T* a, const T* b, const uint8_t* condition, int64_t count, T* y) {
  for (int64_t i = 0; i < count; ++i) {
    const T ifTrue = a[i * kA];
    const T ifFalse = b[i * kB];
    y[i] = condition[i * kCondition] != 0 ? ifTrue : ifFalse;
  }
}

template <class T>
void chooseElements(const BinaryArgs& args, int64_t first, const int64_t* offsets, int64_t count) {
  static constexpr auto kRows = {
      chooseRow<T, 0, 0, 0>, chooseRow<T, 0, 0, 1>, chooseRow<T, 0, 1, 0>, chooseRow<T, 0, 1, 1>,
      chooseRow<T, 1, 0, 0>, chooseRow<T, 1, 0, 1>, chooseRow<T, 1, 1, 0>, chooseRow<T, 1, 1, 1>};
  const Broadcast& shape = args.broadcast;
  const int which =
      (shape.isScalar(0) ? 0 : 4) + (shape.isScalar(1) ? 0 : 2) + (shape.isScalar(2) ? 0 : 1);
  kRows.begin()[which](static_cast<const T*>(args.a) + offsets[0],
                       static_cast<const T*>(args.b) + offsets[1], args.condition + offsets[2],
                       count, static_cast<T*>(args.output) + first);
}

void chooseRun(const BinaryArgs& args, int64_t first, const int64_t* offsets, int64_t count) {
  switch (elementSize(args.type)) {
    case 1:
      return chooseElements<uint8_t>(args, first, offsets, count);
    case 2:
      return chooseElements<uint16_t>(args, first, offsets, count);
    case 4:
      return chooseElements<uint32_t>(args, first, offsets, count);
    default:
      return chooseElements<uint64_t>(args, first, offsets, count);
  }
}

void runOf(const BinaryArgs& args, int64_t first, const int64_t* offsets, int64_t count) {
  switch (args.type) {
    case VK_I8:
      return run<int8_t>(args, first, offsets, count);
    case VK_I16:
      return run<int16_t>(args, first, offsets, count);
    case VK_U16:
      return run<uint16_t>(args, first, offsets, count);
    case VK_I32:
      return run<int32_t>(args, first, offsets, count);
    case VK_U32:
      return run<uint32_t>(args, first, offsets, count);
    case VK_I64:
      return run<int64_t>(args, first, offsets, count);
    case VK_U64:
      return run<uint64_t>(args, first, offsets, count);
    case VK_F64:
      return run<double>(args, first, offsets, count);
    default:
      return run<uint8_t>(args, first, offsets, count);
  }
}

}  // namespace

void binaryPlain(const BinaryArgs& args, Context& context, const Workspace&) {
  const int64_t count = args.broadcast.count;
  parallelFor(context, chunkCount(count, kChunk), [&](int64_t chunk) {
    const Range range = chunkRange(count, kChunk, chunk);
    forEachRun(args.broadcast, range.begin, range.end,
               [&](int64_t first, const int64_t* offsets, int64_t run) {
                 if (args.function == VK_BINARY_WHERE) return chooseRun(args, first, offsets, run);
                 runOf(args, first, offsets, run);
               });
  });
}

}  // namespace vk
