// Rows are cut into parts that some threads of a block share. Forward: the mean and spread of every
// part, then of every segment, then every part is normalised. Gradient: the sums of every part,
// then of every segment and of every channel, then every part's gradient.
#include "cuda/channel_norm.h"

#include "core/carve.h"
#include "cuda/kernel.h"
#include "cuda/row_parts.h"
#include "registry/floats.h"

namespace vk::cuda {
namespace {

/** What an input is normalised by. */
struct Statistics {
  double mean;
  double inverse;
};

using Sums = Pair<double>;

/** Rows whose elements are of one segment: its own rows, or all of them where they are one piece of
 * memory. */
bool inOnePiece(const ChannelNormArgs& args) { return args.rows == 1 || args.rowStep == 1; }
RowParts measuredParts(const ChannelNormArgs& args) {
  return inOnePiece(args) ? RowParts(args.segments, args.rows * args.length)
                          : RowParts(args.batch * args.channels, args.length);
}
RowParts rowParts(const ChannelNormArgs& args) {
  return RowParts(args.batch * args.channels, args.length);
}

template <class T>
__device__ Statistics finishSegment(const ChannelNormArgs& args, int64_t segment,
                                    const Spread& spread) {
  T* const runningMean = static_cast<T*>(args.runningMean);
  T* const runningVariance = static_cast<T*>(args.runningVariance);
  double mean = spread.mean;
  double variance = spread.count > 0 ? spread.squares / spread.count : 0;
  if (args.given) {
    mean = double(runningMean[segment]);
    variance = double(runningVariance[segment]);
  } else if (runningMean != nullptr && spread.count > 0) {
    const double unbiased = spread.count > 1 ? spread.squares / (spread.count - 1) : 0;
    const double keep = 1 - args.momentum;
    runningMean[segment] = T(keep * double(runningMean[segment]) + args.momentum * mean);
    runningVariance[segment] =
        T(keep * double(runningVariance[segment]) + args.momentum * unbiased);
  }
  const double inverse = rsqrt(variance + args.epsilon);
  if (args.savedMean != nullptr) static_cast<T*>(args.savedMean)[segment] = T(mean);
  if (args.savedInverse != nullptr) static_cast<T*>(args.savedInverse)[segment] = T(inverse);
  return {mean, inverse};
}

/** `segments`: a line each, of its rows' parts. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    finishSegments(ChannelNormArgs args, Lines segments, bool onePiece, int64_t partsEach,
                   const Spread* spreads, Statistics* statistics) {
  VK_SHARED(Spread, shared, kLineThreads);
  segments.forEach([&](int64_t segment, int64_t lane) {
    Spread own{0, 0, 0};
    for (int64_t k = lane; k < segments.size(); k += segments.lanes()) {
      const int64_t row = onePiece ? segment : args.memoryRow(segment, k / partsEach);
      own = JoinSpreads()(own, spreads[row * partsEach + k % partsEach]);
    }
    const Spread all = segments.reduce(own, shared, JoinSpreads());
    if (lane == 0) statistics[segment] = finishSegment<T>(args, segment, all);
  });
}

/** What a row is normalised by. The mean is in two parts, so that subtracting it from inputs far
 * from zero loses nothing. */
template <class T>
struct RowMap {
  T mean;
  T scale;
  T shift;
};

template <class T>
__device__ RowMap<T> rowMap(const ChannelNormArgs& args, int64_t channel,
                            const Statistics& statistics) {
  const double gamma =
      args.scale == nullptr ? 1 : double(static_cast<const T*>(args.scale)[channel]);
  const double beta =
      args.shift == nullptr ? 0 : double(static_cast<const T*>(args.shift)[channel]);
  const T near = T(statistics.mean);
  const double rest = near - near == 0 ? statistics.mean - double(near) : 0;
  const double scale = statistics.inverse * gamma;
  return {near, T(scale), T(beta - rest * scale)};
}

/** The segment of a row. */
__device__ int64_t segmentOf(const ChannelNormArgs& args, int64_t row) {
  return args.rowStep == 1 ? row / args.rows : row % args.channels;
}

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    normalizeParts(ChannelNormArgs args, RowParts parts, const Statistics* statistics) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const T slope = T(args.slopeBelowZero());
  // Zero times minus infinity is not 0.
  const bool cutsBelow = args.activation == VK_ACTIVATION_RELU;
  parts.forEach([&](int64_t part, int64_t row, int64_t lane) {
    if (part >= parts.count()) return;
    const RowMap<T> map = rowMap<T>(args, row % args.channels, statistics[segmentOf(args, row)]);
    parts.forEachElement(part, lane, [&](int64_t at) {
      const T value = fma(input[at] - map.mean, map.scale, map.shift);
      output[at] = value < 0 ? (cutsBelow ? T(0) : value * slope) : value;
    });
  });
}

/** A row of the gradient: what the forward pass normalised it by. */
template <class T>
struct GradientRow {
  RowMap<T> map;
  T inverse;
  T slope;

  __device__ GradientRow(const ChannelNormArgs& args, int64_t row)
      : inverse(static_cast<const T*>(args.inverseDeviation)[segmentOf(args, row)]),
        slope(T(args.slopeBelowZero())) {
    const T mean = static_cast<const T*>(args.mean)[segmentOf(args, row)];
    map = rowMap<T>(args, row % args.channels, {double(mean), double(inverse)});
  }
  /** The gradient before the activation. */
  __device__ T gradient(T g, T centred) const {
    return fma(centred, map.scale, map.shift) > 0 ? g : g * slope;
  }
};

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    sumParts(ChannelNormArgs args, RowParts parts, Sums* sums) {
  VK_SHARED(Sums, shared, kLineThreads);
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  parts.forEach([&](int64_t part, int64_t row, int64_t lane) {
    Sums own{0, 0};
    if (part < parts.count()) {
      const GradientRow<T> map(args, row);
      // No lane has more than some dozens of elements.
      T gradient = 0, product = 0;
      parts.forEachElement(part, lane, [&](int64_t at) {
        const T centred = input[at] - map.map.mean;
        const T g = map.gradient(outputGradient[at], centred);
        gradient += g;
        product = fma(g, centred, product);
      });
      own = {double(gradient), double(product) * double(map.inverse)};
    }
    const Sums all = parts.reduce(own, shared, Plus());
    if (lane == 0) sums[part] = all;
  });
}

/** Of the normalised values: each row's sums times its channel's scale. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    sumSegments(ChannelNormArgs args, Lines segments, int64_t partsEach, const Sums* partSums,
                Sums* segmentSums) {
  VK_SHARED(Sums, shared, kLineThreads);
  segments.forEach([&](int64_t segment, int64_t lane) {
    Sums own{0, 0};
    for (int64_t k = lane; k < segments.size(); k += segments.lanes()) {
      const int64_t row = args.memoryRow(segment, k / partsEach);
      const Sums part = partSums[row * partsEach + k % partsEach];
      const double gamma = args.scale == nullptr
                               ? 1
                               : double(static_cast<const T*>(args.scale)[row % args.channels]);
      own = Plus()(own, Sums{gamma * part.first, gamma * part.second});
    }
    const Sums all = segments.reduce(own, shared, Plus());
    if (lane == 0) segmentSums[segment] = all;
  });
}

/** The gradients of scale and shift: over the batch. */
template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    sumChannels(ChannelNormArgs args, Lines channels, int64_t partsEach, const Sums* partSums) {
  VK_SHARED(Sums, shared, kLineThreads);
  channels.forEach([&](int64_t channel, int64_t lane) {
    Sums own{0, 0};
    for (int64_t k = lane; k < channels.size(); k += channels.lanes()) {
      const int64_t row = k / partsEach * args.channels + channel;
      own = Plus()(own, partSums[row * partsEach + k % partsEach]);
    }
    const Sums all = channels.reduce(own, shared, Plus());
    if (lane != 0) return;
    if (args.scaleGradient != nullptr) static_cast<T*>(args.scaleGradient)[channel] = T(all.second);
    if (args.shiftGradient != nullptr) static_cast<T*>(args.shiftGradient)[channel] = T(all.first);
  });
}

template <class T>
__global__ void __launch_bounds__(kLineThreads, 1)
    inputGradient(ChannelNormArgs args, RowParts parts, const Sums* segmentSums) {
  const T* const input = static_cast<const T*>(args.input);
  const T* const outputGradient = static_cast<const T*>(args.outputGradient);
  T* const gradient = static_cast<T*>(args.inputGradient);
  parts.forEach([&](int64_t part, int64_t row, int64_t lane) {
    if (part >= parts.count()) return;
    const GradientRow<T> map(args, row);
    T constant = 0, ofCentred = 0;
    if (!args.given) {
      const Sums sums = segmentSums[segmentOf(args, row)];
      const double inverse = double(map.inverse);
      const double share = inverse / double(args.rows * args.length);
      constant = T(-share * sums.first);
      ofCentred = T(-share * inverse * sums.second);
    }
    parts.forEachElement(part, lane, [&](int64_t at) {
      const T centred = input[at] - map.map.mean;
      const T direct = map.gradient(outputGradient[at], centred) * map.map.scale;
      // Given statistics do not depend on the input.
      gradient[at] = args.given ? direct : direct + fma(centred, ofCentred, constant);
    });
  });
}

struct ForwardMemory {
  ForwardMemory(const ChannelNormArgs& args, void* base)
      : carver(base),
        statistics(carver.take<Statistics>(args.segments)),
        spreads(carver.take<Spread>(args.given ? 0 : measuredParts(args).count())) {}
  Carver carver;
  Statistics* statistics;
  Spread* spreads;
};

struct GradientMemory {
  GradientMemory(const ChannelNormArgs& args, void* base)
      : carver(base),
        parts(carver.take<Sums>(rowParts(args).count())),
        segments(carver.take<Sums>(args.segments)) {}
  Carver carver;
  Sums* parts;
  Sums* segments;
};

template <class T>
void forward(const ChannelNormArgs& args, Context& context, const Workspace& workspace) {
  const ForwardMemory memory(args, workspace.data);
  const RowParts measured = measuredParts(args);
  const bool onePiece = inOnePiece(args);
  // A batch without images has no parts, nor segments that are more than their saved statistics.
  const int64_t partsEach = args.given ? 0 : measured.perRow() * (onePiece ? 1 : args.rows);
  if (!args.given) {
    launch(context, measured.grid(), measureParts<T>, measured, static_cast<const T*>(args.input),
           memory.spreads);
  }
  const Lines segments(args.segments, partsEach, 1);
  launch(context, segments.grid(), finishSegments<T>, args, segments, onePiece, measured.perRow(),
         memory.spreads, memory.statistics);
  const RowParts parts = rowParts(args);
  launch(context, parts.grid(), normalizeParts<T>, args, parts, memory.statistics);
}

template <class T>
void gradient(const ChannelNormArgs& args, Context& context, const Workspace& workspace) {
  const GradientMemory memory(args, workspace.data);
  const RowParts parts = rowParts(args);
  launch(context, parts.grid(), sumParts<T>, args, parts, memory.parts);
  const Lines channels(args.channels, args.batch * parts.perRow(), 1);
  if (args.scaleGradient != nullptr || args.shiftGradient != nullptr) {
    launch(context, channels.grid(), sumChannels<T>, args, channels, parts.perRow(), memory.parts);
  }
  if (args.inputGradient == nullptr) return;
  const Lines segments(args.segments, args.rows * parts.perRow(), 1);
  if (!args.given) {
    launch(context, segments.grid(), sumSegments<T>, args, segments, parts.perRow(), memory.parts,
           memory.segments);
  }
  launch(context, parts.grid(), inputGradient<T>, args, parts, memory.segments);
}

}  // namespace

int64_t channelNormBytes(const ChannelNormArgs& args) {
  return ForwardMemory(args, nullptr).carver.bytes();
}

int64_t channelNormGradientBytes(const ChannelNormArgs& args) {
  return GradientMemory(args, nullptr).carver.bytes();
}

void channelNorm(const ChannelNormArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { forward<decltype(number)>(args, context, workspace); });
}

void channelNormGradient(const ChannelNormArgs& args, Context& context,
                         const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

}  // namespace vk::cuda
