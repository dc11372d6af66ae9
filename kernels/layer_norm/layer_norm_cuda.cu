// A row that is one part is measured and normalised in one kernel; of longer ones the parts are
// measured first, and each part puts the results of its row together for itself.
#include <algorithm>

#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "cuda/row_parts.h"
#include "layer_norm/layer_norm.h"

namespace vk::layer_norm_cuda {
namespace {

using namespace cuda;

using Sums = Pair<double>;

template <class T>
__device__ T valueOr(const void* values, int64_t i, T otherwise) {
  return values == nullptr ? otherwise : static_cast<const T*>(values)[i];
}

/** `spreads` are those of all parts, null where rows are one part. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    layerNorm(LayerNormArgs args, RowParts parts, const Spread* spreads) {
  VK_SHARED(Spread, shared, kLineThreads);
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  parts.forEach([&](int64_t part, int64_t row, int64_t lane) {
    Spread own{0, 0, 0};
    if (spreads == nullptr) {
      own = spreadOf<T>([&](const auto& take) {
        parts.forEachElement(part, lane, [&](int64_t at) { take(input[at]); });
      });
    } else {
      parts.forEachPart(part, lane, [&](int64_t of) { own = JoinSpreads()(own, spreads[of]); });
    }
    const Spread all = parts.reduce(own, shared, JoinSpreads());
    if (part >= parts.count()) return;
    const double variance = all.squares / (all.count > 1 ? all.count : 1);
    const double mean = args.rootMeanSquare ? 0 : all.mean;
    const double square = args.rootMeanSquare ? variance + all.mean * all.mean : variance;
    const double inverse = rsqrt(square + args.epsilon);
    if (lane == 0 && part % parts.perRow() == 0) {
      if (args.savedMean != nullptr) static_cast<T*>(args.savedMean)[row] = T(mean);
      if (args.savedInverse != nullptr) static_cast<T*>(args.savedInverse)[row] = T(inverse);
    }
    // The mean in two parts, so that subtracting it from inputs far from zero loses nothing.
    const T near = T(mean);
    const T shift = near - near == 0 ? T((double(near) - mean) * inverse) : T(0);
    parts.forEachElement(part, lane, [&](int64_t at) {
      const int64_t i = at - row * args.length;
      const T normalized = fma(input[at] - near, T(inverse), shift);
      output[at] = fma(normalized, valueOr<T>(args.scale, i, 1), valueOr<T>(args.shift, i, 0));
    });
  });
}

/** Of the gradient of a part's normalised values: its sum, and that of its products with them. */
template <class T>
__device__ Sums sumsOfPart(const LayerNormArgs& args, const RowParts& parts, int64_t part,
                           int64_t row, int64_t lane) {
  if (part >= parts.count()) return {0, 0};
  const T mean = valueOr<T>(args.mean, row, 0);
  // No lane has more than some dozens of elements.
  T gradient = 0, product = 0;
  parts.forEachElement(part, lane, [&](int64_t at) {
    const T g = static_cast<const T*>(args.outputGradient)[at] *
                valueOr<T>(args.scale, at - row * args.length, 1);
    gradient += g;
    product = fma(g, static_cast<const T*>(args.input)[at] - mean, product);
  });
  return {double(gradient),
          double(product) * double(static_cast<const T*>(args.inverseDeviation)[row])};
}

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    sumParts(LayerNormArgs args, RowParts parts, Sums* sums) {
  VK_SHARED(Sums, shared, kLineThreads);
  parts.forEach([&](int64_t part, int64_t row, int64_t lane) {
    const Sums own = sumsOfPart<T>(args, parts, part, row, lane);
    const Sums all = parts.reduce(own, shared, Plus());
    if (lane == 0) sums[part] = all;
  });
}

/** `sums` are those of all parts, null where rows are one part. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    inputGradient(LayerNormArgs args, RowParts parts, const Sums* sums) {
  VK_SHARED(Sums, shared, kLineThreads);
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const gradient = static_cast<T*>(args.inputGradient);
  parts.forEach([&](int64_t part, int64_t row, int64_t lane) {
    Sums own{0, 0};
    if (sums == nullptr) {
      own = sumsOfPart<T>(args, parts, part, row, lane);
    } else {
      parts.forEachPart(part, lane, [&](int64_t of) { own = Plus()(own, sums[of]); });
    }
    const Sums all = parts.reduce(own, shared, Plus());
    if (part >= parts.count()) return;
    const T mean = valueOr<T>(args.mean, row, 0);
    const T inverse = static_cast<const T*>(args.inverseDeviation)[row];
    const double share = double(inverse) / double(args.length);
    const T constant = args.rootMeanSquare ? T(0) : T(-share * all.first);
    const T ofCentred = T(-share * double(inverse) * all.second);
    parts.forEachElement(part, lane, [&](int64_t at) {
      const T direct =
          outputGradient[at] * valueOr<T>(args.scale, at - row * args.length, 1) * inverse;
      gradient[at] = direct + fma(input[at] - mean, ofCentred, constant);
    });
  });
}

/** Rows that one sum over rows has, at most. */
constexpr int64_t kRows = 256;

/** Of each element of a row over the rows of a range: a line (range, row, element). */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    sumRanges(LayerNormArgs args, Lines lines, int64_t count, Sums* sums) {
  VK_SHARED(Sums, shared, kLineThreads);
  lines.forEach([&](int64_t line, int64_t lane) {
    CarriedSum<T> gradient, product;
    lines.forEachElement(line, lane, [&](int64_t at, int64_t k) {
      const int64_t row = line / args.length * lines.size() + k;
      if (row >= args.rows) return;
      const T g = static_cast<const T*>(args.outputGradient)[at];
      gradient.add(g);
      product.add(g * ((static_cast<const T*>(args.input)[at] - valueOr<T>(args.mean, row, 0)) *
                       static_cast<const T*>(args.inverseDeviation)[row]));
    });
    const Sums all = lines.reduce(Sums{gradient.total(), product.total()}, shared, Plus());
    if (lane == 0 && line < count) sums[line] = all;
  });
}

/** Over the ranges: a line each element. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    addRanges(LayerNormArgs args, Lines lines, const Sums* sums) {
  VK_SHARED(Sums, shared, kLineThreads);
  lines.forEach([&](int64_t line, int64_t lane) {
    Sums own{0, 0};
    lines.forEachElement(line, lane, [&](int64_t at, int64_t) { own = Plus()(own, sums[at]); });
    const Sums all = lines.reduce(own, shared, Plus());
    if (lane != 0) return;
    if (args.scaleGradient != nullptr) static_cast<T*>(args.scaleGradient)[line] = T(all.second);
    if (args.shiftGradient != nullptr) static_cast<T*>(args.shiftGradient)[line] = T(all.first);
  });
}

int64_t partialCount(const LayerNormArgs& args) {
  const RowParts parts(args.rows, args.length);
  return parts.perRow() > 1 ? parts.count() : 0;
}

int64_t forwardBytes(const LayerNormArgs& args) {
  return partialCount(args) * int64_t{sizeof(Spread)};
}

struct GradientMemory {
  GradientMemory(const LayerNormArgs& args, void* base)
      : carver(base),
        parts(carver.take<Sums>(partialCount(args))),
        ranges(carver.take<Sums>(chunkCount(args.rows, kRows) * args.length)) {}
  Carver carver;
  Sums* parts;
  Sums* ranges;
};

int64_t gradientBytes(const LayerNormArgs& args) {
  return GradientMemory(args, nullptr).carver.bytes();
}

template <class T>
void forward(const LayerNormArgs& args, Context& context, const Workspace& workspace) {
  const RowParts parts(args.rows, args.length);
  Spread* const spreads = parts.perRow() > 1 ? workspace.as<Spread>() : nullptr;
  if (spreads != nullptr) {
    launch(context, parts.grid(), measureParts<T>, parts, static_cast<const T*>(args.input),
           spreads);
  }
  launch(context, parts.grid(), layerNorm<T>, args, parts, spreads);
}

template <class T>
void gradient(const LayerNormArgs& args, Context& context, const Workspace& workspace) {
  const GradientMemory memory(args, workspace.data);
  // Before the input's gradient, which may take the place of what is read.
  if (args.scaleGradient != nullptr || args.shiftGradient != nullptr) {
    const int64_t ranges = chunkCount(args.rows, kRows);
    const Lines lines(ranges, std::min(args.rows, kRows), args.length);
    launch(context, lines.grid(), sumRanges<T>, args, lines, ranges * args.length, memory.ranges);
    const Lines elements(1, ranges, args.length);
    launch(context, elements.grid(), addRanges<T>, args, elements, memory.ranges);
  }
  if (args.inputGradient == nullptr) return;
  const RowParts parts(args.rows, args.length);
  Sums* const sums = parts.perRow() > 1 ? memory.parts : nullptr;
  if (sums != nullptr) launch(context, parts.grid(), sumParts<T>, args, parts, sums);
  launch(context, parts.grid(), inputGradient<T>, args, parts, sums);
}

void runForward(const LayerNormArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { forward<decltype(number)>(args, context, workspace); });
}

void runGradient(const LayerNormArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

}  // namespace

extern "C" CudaImplementations<LayerNormArgs> layer_normCuda() {
  static const Implementation<LayerNormArgs> rows[] = {
      cuda::row<LayerNormArgs>(runForward, nullptr, forwardBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<LayerNormArgs> layer_norm_gradientCuda() {
  static const Implementation<LayerNormArgs> rows[] = {
      cuda::row<LayerNormArgs>(runGradient, nullptr, gradientBytes)};
  return cuda::table(rows);
}

}  // namespace vk::layer_norm_cuda
