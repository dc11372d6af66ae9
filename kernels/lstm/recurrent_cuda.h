// What the CUDA kernels of lstm and gru share: curves, states, and products of the whole sequence.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "core/carve.h"
#include "cuda/kernel.h"
#include "matmul/matmul_cuda.h"
#include "registry/recurrent.h"

namespace vk::cuda {

template <class T>
VK_HD inline T sigmoid(T x) {
  return 1 / (1 + exp(-x));
}
template <class T>
VK_HD inline T hyperbolicTangent(T x) {
  return tanh(x);
}
template <class T>
VK_HD inline T oneMinus(T x) {
  return 1 - x;
}

/** Part of an array that may be missing. */
template <class T>
VK_HD inline const T* partOf(const void* data, int64_t offset) {
  return data != nullptr ? static_cast<const T*>(data) + offset : nullptr;
}
template <class T>
VK_HD inline T* partOf(void* data, int64_t offset) {
  return data != nullptr ? static_cast<T*>(data) + offset : nullptr;
}
template <class T>
__device__ inline T valueOrZero(const T* values, int64_t i) {
  return values != nullptr ? values[i] : T(0);
}

/** Zeros where there is nothing to copy. */
template <class T>
void copyOrZero(Context& context, const T* from, int64_t count, T* to) {
  if (to == nullptr || count == 0) return;
  const size_t bytes = size_t(count) * sizeof(T);
  if (from != nullptr) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, streamOf(context)));
  } else {
    check(cudaMemsetAsync(to, 0, bytes, streamOf(context)));
  }
}

/** The lengths are on the device: they come to the host to be checked. */
inline void requireLengthsOnDevice(const char* operation, const RecurrentArgs& args,
                                   Context& context) {
  if (args.lengths == nullptr || args.batch == 0) return;
  std::vector<int32_t> lengths(size_t(args.batch));
  deliver(context, lengths.data(), args.lengths, args.batch * int64_t{sizeof(int32_t)});
  requireLengths(operation, args, lengths.data());
}

/** body(sequence, unit) for those of this thread; neighbouring threads have neighbouring units. */
template <class Body>
__device__ void forEachUnit(const RecurrentArgs& args, const Body& body) {
  forEachItem(args.batch * args.hidden, [&](int64_t i) { body(i / args.hidden, i % args.hidden); });
}
inline Grid gridOverUnits(const RecurrentArgs& args) { return gridOver(args.batch * args.hidden); }

/** The step's row of a sequence's hidden values before it; null for zeros. */
template <class T>
__device__ const T* hiddenBefore(const RecurrentArgs& args, int64_t direction, int64_t step,
                                 int64_t sequence) {
  if (step == 0) {
    return partOf<T>(args.initialHidden, (direction * args.batch + sequence) * args.hidden);
  }
  const int64_t time = args.time(direction, step - 1, sequence);
  return static_cast<const T*>(args.output) + args.row(time, direction, sequence) * args.hidden;
}

/** A product whose operands are set. */
template <class T>
MatmulArgs productOf(const RecurrentArgs& args, int64_t m, int64_t n, int64_t k, const T* a,
                     bool transposeA, const T* b, bool transposeB, T* output) {
  MatmulArgs product = plainProduct(args.type, m, n, k, transposeA, transposeB);
  product.a = a;
  product.b = b;
  product.output = output;
  return product;
}

/** output += a b */
inline MatmulArgs adding(MatmulArgs product) {
  product.c = product.output;
  product.cRow = product.n;
  product.cColumn = 1;
  product.beta = 1;
  return product;
}

struct ProductSizes {
  int64_t m;
  int64_t n;
  int64_t k;
};
inline int64_t scratchBytes(vk_element_type type, std::initializer_list<ProductSizes> products) {
  int64_t bytes = 0;
  for (const ProductSizes& sizes : products) {
    bytes =
        std::max(bytes, multiplyBytes(plainProduct(type, sizes.m, sizes.n, sizes.k, false, false)));
  }
  return bytes;
}

/** Workspace of the forward run, of one direction at a time. */
template <class T>
struct RecurrentMemory {
  RecurrentMemory(const RecurrentArgs& args, void* base)
      : carver(base),
        bias(carver.take<T>(args.gateRows())),
        sums(carver.take<T>(args.steps * args.batch * args.gateRows())),
        stepSums(carver.take<T>(args.batch * args.gateRows())),
        reset(args.gates == 3 ? carver.take<T>(args.batch * args.hidden) : nullptr) {
    const int64_t rows = args.gateRows();
    scratch.bytes = scratchBytes(args.type, {{args.steps * args.batch, rows, args.inputs},
                                             {args.batch, rows, args.hidden},
                                             {args.batch, 2 * args.hidden, args.hidden},
                                             {args.batch, args.hidden, args.hidden}});
    scratch.data = carver.take<char>(scratch.bytes);
  }
  Carver carver;
  /** (G H): of the input and, where they can be added before the steps, of the recurrence. */
  T* bias;
  /** (T, B, G H): products of the whole input. */
  T* sums;
  /** (B, G H): products of one step. */
  T* stepSums;
  /** (B, H): what the reset gate of a GRU leaves of the hidden values. */
  T* reset;
  /** Of the products. */
  Workspace scratch;
};

template <class T>
struct RecurrentGradientMemory {
  RecurrentGradientMemory(const RecurrentArgs& args, void* base) : carver(base) {
    const int64_t rows = args.gateRows();
    const int64_t hidden = args.hidden;
    const int64_t all = args.steps * args.batch;
    const bool isGru = args.gates == 3;
    sums = carver.take<T>(all * rows);
    recurrentSums = isGru ? carver.take<T>(all * rows) : sums;
    stepSums = carver.take<T>(args.batch * rows);
    ofHidden = carver.take<T>(args.batch * hidden);
    ofCell = carver.take<T>(args.batch * hidden);
    before = carver.take<T>(all * hidden);
    beforeReset = isGru ? carver.take<T>(all * hidden) : before;
    one = carver.take<T>(1);
    scratch.bytes = scratchBytes(args.type, {{args.batch, hidden, rows},
                                             {args.batch, hidden, 2 * hidden},
                                             {args.batch, hidden, hidden},
                                             {rows, args.inputs, all},
                                             {rows, hidden, all},
                                             {hidden, hidden, all},
                                             {1, rows, all},
                                             {all, args.inputs, rows}});
    scratch.data = carver.take<char>(scratch.bytes);
  }
  Carver carver;
  /** (T, B, G H): of what goes into the gates from the input, and from the recurrence where that
   * differs. */
  T* sums;
  T* recurrentSums;
  /** (B, G H), of one step. */
  T* stepSums;
  /** (B, H): of the states on their way back; a GRU has its values behind the reset in ofCell. */
  T* ofHidden;
  T* ofCell;
  /** (T, B, H): the hidden values before the steps, or what the reset gate leaves of them. */
  T* before;
  T* beforeReset;
  T* one;
  Workspace scratch;
};

/** The biases of both halves for the first `together` rows, then those of the input alone. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    addBiases(const T* bias, int64_t rows, int64_t together, T* sums) {
  forEachItem(rows, [&](int64_t i) {
    sums[i] = valueOrZero(bias, i) + (i < together ? valueOrZero(bias, rows + i) : T(0));
  });
}

/** memory.sums = input weights^T + biases, and the states as they begin. */
template <class T>
void beginDirection(const RecurrentArgs& args, int64_t direction, int64_t biasesTogether,
                    const RecurrentMemory<T>& memory, Context& context) {
  const int64_t rows = args.gateRows();
  launch(context, gridOver(rows), addBiases<T>, partOf<T>(args.bias, direction * 2 * rows), rows,
         biasesTogether, memory.bias);
  MatmulArgs product =
      productOf(args, args.steps * args.batch, rows, args.inputs, partOf<T>(args.input, 0), false,
                partOf<T>(args.weights, direction * rows * args.inputs), true, memory.sums);
  product.c = memory.bias;
  product.cColumn = 1;
  product.beta = 1;
  multiply(product, context, memory.scratch);
  const int64_t states = args.batch * args.hidden;
  copyOrZero(context, partOf<T>(args.initialHidden, direction * states), states,
             partOf<T>(args.lastHidden, direction * states));
  copyOrZero(context, partOf<T>(args.initialCell, direction * states), states,
             partOf<T>(args.lastCell, direction * states));
}

template <class T>
__global__ void __launch_bounds__(256, 1) setOne(T* one) {
  if (threadIdx.x == 0) *one = 1;
}

/** Gradients of everything but the states and the peepholes, from those of the gates' sums. */
template <class T>
void gradientOfWeights(const RecurrentArgs& args, int64_t direction,
                       const RecurrentGradientMemory<T>& memory, Context& context) {
  const int64_t rows = args.gateRows();
  const int64_t all = args.steps * args.batch;
  const int64_t hidden = args.hidden;
  if (args.gradientInput != nullptr) {
    const MatmulArgs product = productOf<T>(args, all, args.inputs, rows, memory.sums, false,
                                            partOf<T>(args.weights, direction * rows * args.inputs),
                                            false, partOf<T>(args.gradientInput, 0));
    multiply(direction > 0 ? adding(product) : product, context, memory.scratch);
  }
  if (args.gradientWeights != nullptr) {
    multiply(productOf<T>(args, rows, args.inputs, all, memory.sums, true, partOf<T>(args.input, 0),
                          false, partOf<T>(args.gradientWeights, direction * rows * args.inputs)),
             context, memory.scratch);
  }
  if (args.gradientRecurrentWeights != nullptr) {
    T* const gradient = partOf<T>(args.gradientRecurrentWeights, direction * rows * hidden);
    const bool lastApart = memory.beforeReset != memory.before;
    // The last gate's rows see the hidden values after the reset.
    MatmulArgs product = productOf<T>(args, lastApart ? rows - hidden : rows, hidden, all,
                                      memory.recurrentSums, true, memory.before, false, gradient);
    product.aDepth = rows;
    multiply(product, context, memory.scratch);
    if (lastApart) {
      MatmulArgs last =
          productOf<T>(args, hidden, hidden, all, memory.recurrentSums + rows - hidden, true,
                       memory.beforeReset, false, gradient + (rows - hidden) * hidden);
      last.aDepth = rows;
      multiply(last, context, memory.scratch);
    }
  }
  if (args.gradientBias != nullptr) {
    // Sums over all rows: a product with a row of the same one.
    T* const gradient = partOf<T>(args.gradientBias, direction * 2 * rows);
    launch(context, Grid{dim3(1), dim3(kWarpSize)}, setOne<T>, memory.one);
    for (int half = 0; half < 2; ++half) {
      MatmulArgs product = productOf<T>(args, 1, rows, all, memory.one, false,
                                        half == 0 ? memory.sums : memory.recurrentSums, false,
                                        gradient + half * rows);
      product.aRow = product.aDepth = 0;
      multiply(product, context, memory.scratch);
    }
  }
}

}  // namespace vk::cuda
