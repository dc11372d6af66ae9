// What lstm and gru do around their gates: products of the whole sequence, states, gradients of the
// weights. Included after core/simd_begin.h, once an instruction set.
#include "core/parallel.h"
#include "lstm/lstm_curves-inl.h"
#include "lstm/recurrent_layout.h"

#if defined(VK_RECURRENT_STEPS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_RECURRENT_STEPS_INL_H
#undef VK_RECURRENT_STEPS_INL_H
#else
#define VK_RECURRENT_STEPS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In matmul_cpu.cpp.
void matmulCpu(const MatmulArgs& args, Context& context, const Workspace& workspace);
void matmulPackCpu(const MatmulArgs& args, Context& context, const Workspace& workspace);

HWY_ATTR inline const float* floats(const void* data, int64_t offset) {
  return data != nullptr ? static_cast<const float*>(data) + offset : nullptr;
}
HWY_ATTR inline float* floats(void* data, int64_t offset) {
  return data != nullptr ? static_cast<float*>(data) + offset : nullptr;
}

/** Zeros where there is nothing to copy. */
HWY_ATTR inline void copyOrZero(const float* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from != nullptr ? from[i] : 0.0f;
}

/** Calls body(first unit, tag) for whole vectors of units, then for one unit at a time. */
template <class Body>
HWY_ATTR HWY_INLINE void forUnits(int64_t hidden, Body&& body) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t unit = 0;
  for (; unit + lanes <= hidden; unit += lanes) body(d, unit);
  for (; unit < hidden; ++unit) body(one, unit);
}

/** Sequences [begin, end) of a step, in parallel. */
template <class Body>
HWY_ATTR inline void forSequences(const RecurrentArgs& args, Context& context, const Body& body) {
  const int64_t each = recurrentRowsEach(args);
  parallelFor(context, chunkCount(args.batch, each), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.batch, each, chunk);
    for (int64_t sequence = range.begin; sequence < range.end; ++sequence) body(sequence);
  });
}

/** layout.sums = input weights^T + layout.bias. */
HWY_ATTR inline void multiplyInput(const RecurrentArgs& args, int64_t direction,
                                   const RecurrentLayout& layout, Context& context) {
  const int64_t rows = args.gateRows();
  MatmulArgs product = plainMatmul(
      args.steps * args.batch, rows, args.inputs, floats(args.input, 0), false,
      floats(args.weights, direction * rows * args.inputs), true, layout.sums, args.threads);
  product.c = layout.bias;
  product.cColumn = 1;
  product.beta = 1;
  matmulCpu(product, context, layout.scratch);
}

/** Output beyond the lengths is 0, and the states begin as they are given. */
HWY_ATTR inline void beginStates(const RecurrentArgs& args, int64_t direction) {
  const int64_t hidden = args.hidden;
  const int64_t states = args.batch * hidden;
  copyOrZero(floats(args.initialHidden, direction * states), states,
             floats(args.lastHidden, direction * states));
  if (args.lastCell != nullptr) {
    copyOrZero(floats(args.initialCell, direction * states), states,
               floats(args.lastCell, direction * states));
  }
  for (int64_t sequence = 0; sequence < args.batch; ++sequence) {
    for (int64_t time = args.length(sequence); time < args.steps; ++time) {
      const int64_t row = args.row(time, direction, sequence);
      copyOrZero(nullptr, hidden, floats(args.output, row * hidden));
      if (args.reserve != nullptr) {
        copyOrZero(nullptr, args.reserveRows(), floats(args.reserve, row * args.reserveRows()));
      }
    }
  }
}

/** Hidden values of a sequence before a step; null for zeros. */
HWY_ATTR inline const float* hiddenBefore(const RecurrentArgs& args, int64_t direction,
                                          int64_t step, int64_t sequence) {
  if (step == 0) {
    return floats(args.initialHidden, (direction * args.batch + sequence) * args.hidden);
  }
  const int64_t time = args.time(direction, step - 1, sequence);
  return floats(static_cast<const void*>(args.output),
                args.row(time, direction, sequence) * args.hidden);
}

/** Gradients of everything but the states and the peepholes, from those of the gates' sums. */
HWY_ATTR inline void gradientOfWeights(const RecurrentArgs& args, int64_t direction,
                                       const RecurrentGradientLayout& layout, Context& context) {
  const int64_t rows = args.gateRows();
  const int64_t all = args.steps * args.batch;
  const int64_t hidden = args.hidden;
  const auto multiply = [&](MatmulArgs product, bool adds) HWY_ATTR {
    if (adds) {
      product.c = product.output;
      product.cRow = product.n;
      product.cColumn = 1;
      product.beta = 1;
    }
    matmulCpu(product, context, layout.scratch);
  };
  if (args.gradientInput != nullptr) {
    multiply(plainMatmul(all, args.inputs, rows, layout.sums, false,
                         floats(args.weights, direction * rows * args.inputs), false,
                         floats(args.gradientInput, 0), args.threads),
             direction > 0);
  }
  if (args.gradientWeights != nullptr) {
    multiply(
        plainMatmul(rows, args.inputs, all, layout.sums, true, floats(args.input, 0), false,
                    floats(args.gradientWeights, direction * rows * args.inputs), args.threads),
        false);
  }
  if (args.gradientRecurrentWeights != nullptr) {
    float* const gradient = floats(args.gradientRecurrentWeights, direction * rows * hidden);
    multiply(plainMatmul(rows, hidden, all, layout.recurrentSums, true, layout.before, false,
                         gradient, args.threads),
             false);
    if (layout.beforeReset != layout.before) {
      // The last gate's rows see the hidden values after the reset.
      MatmulArgs last =
          plainMatmul(hidden, hidden, all, layout.recurrentSums + rows - hidden, true,
                      layout.beforeReset, false, gradient + (rows - hidden) * hidden, args.threads);
      last.aDepth = rows;
      multiply(last, false);
    }
  }
  if (args.gradientBias != nullptr) {
    for (int64_t i = 0; i < all; ++i) layout.ones[i] = 1.0f;
    float* const gradient = floats(args.gradientBias, direction * 2 * rows);
    multiply(
        plainMatmul(1, rows, all, layout.ones, false, layout.sums, false, gradient, args.threads),
        false);
    multiply(plainMatmul(1, rows, all, layout.ones, false, layout.recurrentSums, false,
                         gradient + rows, args.threads),
             false);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
