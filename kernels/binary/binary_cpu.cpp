#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "binary/binary_cpu.cpp"
#include "core/simd_begin.h"
#include "binary/binary.h"
#include "reduce/reduce_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

constexpr int64_t kChunk = 32768;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

/** An operand along a row: elements, or one number throughout. */
struct Operand {
  const float* values;
  bool scalar;
  V number;

  HWY_ATTR Operand(const void* data, int64_t offset, bool isScalar)
      : values(static_cast<const float*>(data) + offset),
        scalar(isScalar),
        number(hn::Set(D(), *values)) {}
  HWY_INLINE HWY_ATTR V at(int64_t i) const { return scalar ? number : hn::LoadU(D(), values + i); }
  /** The last lanes, which do not fill a vector. */
  HWY_ATTR V last(int64_t i, int64_t count) const {
    if (scalar) return number;
    float padded[hn::MaxLanes(D())] = {};
    for (int64_t k = 0; i + k < count; ++k) padded[k] = values[i + k];
    return hn::LoadU(D(), padded);
  }
};

template <vk_binary_function kFunction>
HWY_INLINE HWY_ATTR V valueOf(V a, V b) {
  if constexpr (kFunction == VK_BINARY_ADD) return hn::Add(a, b);
  if constexpr (kFunction == VK_BINARY_SUBTRACT) return hn::Sub(a, b);
  if constexpr (kFunction == VK_BINARY_MULTIPLY) return hn::Mul(a, b);
  if constexpr (kFunction == VK_BINARY_DIVIDE) return hn::Div(a, b);
  // NaN wins.
  const V chosen = kFunction == VK_BINARY_MIN ? hn::Min(a, b) : hn::Max(a, b);
  const V orA = hn::IfThenElse(hn::Eq(a, a), chosen, a);
  return hn::IfThenElse(hn::Eq(b, b), orA, b);
}

template <vk_binary_function kFunction>
HWY_ATTR void valueRow(const Operand& a, const Operand& b, int64_t count, float* y) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(valueOf<kFunction>(a.at(i), b.at(i)), d, y + i);
  }
  if (i == count) return;
  float last[hn::MaxLanes(D())];
  hn::StoreU(valueOf<kFunction>(a.last(i, count), b.last(i, count)), d, last);
  for (int64_t k = 0; i + k < count; ++k) y[i + k] = last[k];
}

template <vk_binary_function kFunction>
HWY_INLINE HWY_ATTR M maskOf(V a, V b) {
  if constexpr (kFunction == VK_BINARY_EQUAL) return hn::Eq(a, b);
  // Not Ne: on x86 that is false for NaN.
  if constexpr (kFunction == VK_BINARY_NOT_EQUAL) return hn::Not(hn::Eq(a, b));
  if constexpr (kFunction == VK_BINARY_LESS) return hn::Lt(a, b);
  if constexpr (kFunction == VK_BINARY_LESS_OR_EQUAL) return hn::Le(a, b);
  if constexpr (kFunction == VK_BINARY_GREATER) return hn::Gt(a, b);
  return hn::Ge(a, b);
}

template <vk_binary_function kFunction>
HWY_ATTR void maskRow(const Operand& a, const Operand& b, int64_t count, uint8_t* y) {
  const D d;
  const hn::Rebind<int32_t, D> d32;
  const hn::Rebind<uint8_t, D> d8;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto bytes = [&](V x, V z) HWY_ATTR {
    const auto ones =
        hn::IfThenElseZero(hn::RebindMask(d32, maskOf<kFunction>(x, z)), hn::Set(d32, 1));
    return hn::DemoteTo(d8, ones);
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(bytes(a.at(i), b.at(i)), d8, y + i);
  if (i == count) return;
  uint8_t last[hn::MaxLanes(D())];
  hn::StoreU(bytes(a.last(i, count), b.last(i, count)), d8, last);
  for (int64_t k = 0; i + k < count; ++k) y[i + k] = last[k];
}

HWY_ATTR void runOf(const BinaryArgs& args, int64_t first, const int64_t* offsets, int64_t count) {
  const Operand a(args.a, offsets[0], args.broadcast.isScalar(0));
  const Operand b(args.b, offsets[1], args.broadcast.isScalar(1));
  float* const y = static_cast<float*>(args.output) + first;
  uint8_t* const marks = static_cast<uint8_t*>(args.output) + first;
  switch (args.function) {
    case VK_BINARY_ADD:
      return valueRow<VK_BINARY_ADD>(a, b, count, y);
    case VK_BINARY_SUBTRACT:
      return valueRow<VK_BINARY_SUBTRACT>(a, b, count, y);
    case VK_BINARY_MULTIPLY:
      return valueRow<VK_BINARY_MULTIPLY>(a, b, count, y);
    case VK_BINARY_DIVIDE:
      return valueRow<VK_BINARY_DIVIDE>(a, b, count, y);
    case VK_BINARY_MIN:
      return valueRow<VK_BINARY_MIN>(a, b, count, y);
    case VK_BINARY_MAX:
      return valueRow<VK_BINARY_MAX>(a, b, count, y);
    case VK_BINARY_EQUAL:
      return maskRow<VK_BINARY_EQUAL>(a, b, count, marks);
    case VK_BINARY_NOT_EQUAL:
      return maskRow<VK_BINARY_NOT_EQUAL>(a, b, count, marks);
    case VK_BINARY_LESS:
      return maskRow<VK_BINARY_LESS>(a, b, count, marks);
    case VK_BINARY_LESS_OR_EQUAL:
      return maskRow<VK_BINARY_LESS_OR_EQUAL>(a, b, count, marks);
    case VK_BINARY_GREATER:
      return maskRow<VK_BINARY_GREATER>(a, b, count, marks);
    case VK_BINARY_GREATER_OR_EQUAL:
      return maskRow<VK_BINARY_GREATER_OR_EQUAL>(a, b, count, marks);
    default:
      break;
  }
  // Squares are most of the powers that networks take.
  if (args.function == VK_BINARY_POWER && b.scalar && *b.values == 2) {
    return valueRow<VK_BINARY_MULTIPLY>(a, a, count, y);
  }
  binaryLibraryValues(args.function, a.values, a.scalar ? 0 : 1, b.values, b.scalar ? 0 : 1, count,
                      y);
}

/** dy df/da or dy df/db of one vector. */
template <vk_binary_function kFunction, int kOperand>
HWY_INLINE HWY_ATTR V gradientOf(V a, V b, V dy) {
  if constexpr (kFunction == VK_BINARY_ADD) return dy;
  if constexpr (kFunction == VK_BINARY_SUBTRACT) return kOperand == 0 ? dy : hn::Neg(dy);
  if constexpr (kFunction == VK_BINARY_MULTIPLY) return hn::Mul(dy, kOperand == 0 ? b : a);
  if constexpr (kFunction == VK_BINARY_DIVIDE) {
    const V quotient = hn::Div(dy, b);
    return kOperand == 0 ? quotient : hn::Neg(hn::Mul(quotient, hn::Div(a, b)));
  }
  // The lesser or the greater one has it all, equal ones have a half each.
  const auto aWins = kFunction == VK_BINARY_MIN ? hn::Lt(a, b) : hn::Gt(a, b);
  const auto bWins = kFunction == VK_BINARY_MIN ? hn::Lt(b, a) : hn::Gt(b, a);
  const V half = hn::IfThenElseZero(hn::Eq(a, b), hn::Mul(dy, hn::Set(D(), 0.5f)));
  return hn::IfThenElse(kOperand == 0 ? aWins : bWins, dy, half);
}

template <vk_binary_function kFunction, int kOperand>
HWY_ATTR void gradientRow(const Operand& a, const Operand& b, const float* dy, int64_t count,
                          float* y) {
  const D d;
  const Operand gradient(dy, 0, false);
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(gradientOf<kFunction, kOperand>(a.at(i), b.at(i), gradient.at(i)), d, y + i);
  }
  if (i == count) return;
  float last[hn::MaxLanes(D())];
  hn::StoreU(
      gradientOf<kFunction, kOperand>(a.last(i, count), b.last(i, count), gradient.last(i, count)),
      d, last);
  for (int64_t k = 0; i + k < count; ++k) y[i + k] = last[k];
}

void whereGradient(const uint8_t* condition, int64_t step, bool wantsTrue, const float* dy,
                   int64_t count, float* y) {
  for (int64_t i = 0; i < count; ++i) y[i] = (condition[i * step] != 0) == wantsTrue ? dy[i] : 0;
}

template <int kOperand>
HWY_ATTR void gradientRun(const BinaryGradientArgs& args, int64_t first, const int64_t* offsets,
                          int64_t count, float* y) {
  const Operand a(args.a, offsets[0], args.broadcast.isScalar(0));
  const Operand b(args.b, offsets[1], args.broadcast.isScalar(1));
  const float* const dy = static_cast<const float*>(args.outputGradient) + first;
  switch (args.function) {
    case VK_BINARY_ADD:
      return gradientRow<VK_BINARY_ADD, kOperand>(a, b, dy, count, y);
    case VK_BINARY_SUBTRACT:
      return gradientRow<VK_BINARY_SUBTRACT, kOperand>(a, b, dy, count, y);
    case VK_BINARY_MULTIPLY:
      return gradientRow<VK_BINARY_MULTIPLY, kOperand>(a, b, dy, count, y);
    case VK_BINARY_DIVIDE:
      return gradientRow<VK_BINARY_DIVIDE, kOperand>(a, b, dy, count, y);
    case VK_BINARY_MIN:
      return gradientRow<VK_BINARY_MIN, kOperand>(a, b, dy, count, y);
    case VK_BINARY_MAX:
      return gradientRow<VK_BINARY_MAX, kOperand>(a, b, dy, count, y);
    case VK_BINARY_WHERE:
      return whereGradient(args.condition + offsets[2], args.broadcast.isScalar(2) ? 0 : 1,
                           kOperand == 0, dy, count, y);
    default:
      return binaryLibraryGradient(args.function, kOperand, a.values, a.scalar ? 0 : 1, b.values,
                                   b.scalar ? 0 : 1, dy, count, y);
  }
}

/** The gradient of the elements that meet the output's [offset, offset + count). */
template <int kOperand>
HWY_ATTR void gradientValues(const void* state, int64_t offset, int64_t count, float* to) {
  const BinaryGradientArgs& args = *static_cast<const BinaryGradientArgs*>(state);
  forEachRun(args.broadcast, offset, offset + count,
             [&](int64_t first, const int64_t* offsets, int64_t run) HWY_ATTR {
               gradientRun<kOperand>(args, first, offsets, run, to + (first - offset));
             });
}

template <int kOperand>
HWY_ATTR void gradientOfOperand(const BinaryGradientArgs& args, Context& context,
                                const Workspace& workspace) {
  float* const to = static_cast<float*>(args.gradients[kOperand]);
  const ReduceLayout& layout = args.layouts[kOperand];
  if (to == nullptr) return;
  if (layout.outputs != args.broadcast.count) {
    // Of a sum the gradient is the output's own: read where it lies.
    const bool plain =
        args.function == VK_BINARY_ADD || (args.function == VK_BINARY_SUBTRACT && kOperand == 0);
    const RunSource source{static_cast<const float*>(args.outputGradient),
                           plain ? nullptr : gradientValues<kOperand>, &args};
    reduceTiles(context, layout, VK_REDUCTION_SUM, source, to, workspace.as<double>());
    return;
  }
  parallelFor(context, chunkCount(layout.outputs, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(layout.outputs, kChunk, chunk);
    gradientValues<kOperand>(&args, range.begin, range.end - range.begin, to + range.begin);
  });
}

}  // namespace

void binaryCpu(const BinaryArgs& args, Context& context, const Workspace&) {
  const int64_t count = args.broadcast.count;
  parallelFor(context, chunkCount(count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(count, kChunk, chunk);
    forEachRun(args.broadcast, range.begin, range.end,
               [&](int64_t first, const int64_t* offsets, int64_t run)
                   HWY_ATTR { runOf(args, first, offsets, run); });
  });
}

void binaryGradientCpu(const BinaryGradientArgs& args, Context& context,
                       const Workspace& workspace) {
  gradientOfOperand<0>(args, context, workspace);
  gradientOfOperand<1>(args, context, workspace);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(binaryCpu);
VK_SIMD_TABLE(binaryGradientCpu);

}  // namespace vk
#endif
