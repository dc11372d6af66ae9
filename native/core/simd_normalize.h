// The SIMD kernels of `group_norm` and `batch_norm`, and the moments that `layer_norm` takes too.
// Included after core/simd_begin.h, once an instruction set.
#include "core/normalize.h"
#include "core/simd_math.h"
#include "registry/normalization.h"

#if defined(VK_CORE_SIMD_NORMALIZE_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CORE_SIMD_NORMALIZE_H
#undef VK_CORE_SIMD_NORMALIZE_H
#else
#define VK_CORE_SIMD_NORMALIZE_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Elements that are summed in f32 before f64 takes over: they stay in the first-level cache. */
constexpr int64_t kNormRun = 4096;

/** Where f32 has no room for the squares, or a value is NaN or infinite. */
HWY_ATTR inline Moments momentsInF64(const float* x, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += double(x[i]);
  const double mean = sum / double(count);
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) squares += (double(x[i]) - mean) * (double(x[i]) - mean);
  return {double(count), mean, squares};
}

/** Of a run: first a mean in f32, then the deviations from it, which also say how far it is off. */
HWY_ATTR inline Moments momentsOfRun(const float* x, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    sum0 = hn::Add(sum0, hn::LoadU(d, x + i));
    sum1 = hn::Add(sum1, hn::LoadU(d, x + i + lanes));
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (int64_t rest = i; rest < count; ++rest) sum += x[rest];
  const float near = sum / float(count);

  const auto centre = hn::Set(d, near);
  auto deviation0 = hn::Zero(d);
  auto deviation1 = hn::Zero(d);
  auto squares0 = hn::Zero(d);
  auto squares1 = hn::Zero(d);
  for (i = 0; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto a = hn::Sub(hn::LoadU(d, x + i), centre);
    const auto b = hn::Sub(hn::LoadU(d, x + i + lanes), centre);
    deviation0 = hn::Add(deviation0, a);
    deviation1 = hn::Add(deviation1, b);
    squares0 = hn::MulAdd(a, a, squares0);
    squares1 = hn::MulAdd(b, b, squares1);
  }
  double deviation = double(hn::GetLane(hn::SumOfLanes(d, hn::Add(deviation0, deviation1))));
  double squares = double(hn::GetLane(hn::SumOfLanes(d, hn::Add(squares0, squares1))));
  for (; i < count; ++i) {
    const float difference = x[i] - near;
    deviation += double(difference);
    squares += double(difference) * double(difference);
  }
  if (!(squares < 1e37)) return momentsInF64(x, count);
  return {double(count), double(near) + deviation / double(count),
          squares - deviation * deviation / double(count)};
}

HWY_ATTR inline Moments momentsOf(const float* x, int64_t count) {
  Moments moments;
  for (int64_t run = 0; run < count; run += kNormRun) {
    moments.add(momentsOfRun(x + run, count - run < kNormRun ? count - run : kNormRun));
  }
  return moments;
}

/** For every segment: measure(segment, piece) for its pieces, collect(total, segment, piece,
 * partial) in their order, state = finish(segment, total), and apply(segment, piece, state) for its
 * pieces. `partials` has room for the pieces of a segment that all threads work on together. */
template <class Total, class Partial, class Measure, class Collect, class Finish, class Apply>
HWY_ATTR void forEachSegment(const SegmentSchedule& schedule, Context& context, Partial* partials,
                             Measure&& measure, Collect&& collect, Finish&& finish, Apply&& apply) {
  const RowPieces& pieces = schedule.pieces();
  if (!schedule.together()) {
    parallelFor(context, schedule.tasks(), [&](int64_t task) HWY_ATTR {
      const Range range = schedule.segmentsOf(task);
      for (int64_t segment = range.begin; segment < range.end; ++segment) {
        Total total{};
        for (int64_t part = 0; part < pieces.tasks(); ++part) {
          pieces.forEach(part, [&](const RowPiece& piece) HWY_ATTR {
            collect(total, segment, piece, measure(segment, piece));
          });
        }
        const auto state = finish(segment, total);
        for (int64_t part = 0; part < pieces.tasks(); ++part) {
          pieces.forEach(part,
                         [&](const RowPiece& piece) HWY_ATTR { apply(segment, piece, state); });
        }
      }
    });
    return;
  }
  for (int64_t segment = 0; segment < schedule.segments(); ++segment) {
    parallelFor(context, pieces.tasks(), [&](int64_t task) HWY_ATTR {
      pieces.forEach(task, [&](const RowPiece& piece)
                               HWY_ATTR { partials[piece.index] = measure(segment, piece); });
    });
    Total total{};
    for (int64_t task = 0; task < pieces.tasks(); ++task) {
      pieces.forEach(task, [&](const RowPiece& piece)
                               HWY_ATTR { collect(total, segment, piece, partials[piece.index]); });
    }
    const auto state = finish(segment, total);
    parallelFor(context, pieces.tasks(), [&](int64_t task) HWY_ATTR {
      pieces.forEach(task, [&](const RowPiece& piece) HWY_ATTR { apply(segment, piece, state); });
    });
  }
}

/** What a row is normalised by. The mean is in two parts, so that subtracting it from inputs far
 * from zero loses nothing. */
struct RowMap {
  float mean;
  float scale;
  float shift;
};

HWY_ATTR inline RowMap rowMap(const ChannelNormArgs& args, int64_t memoryRow, double mean,
                              double inverse) {
  const int64_t channel = memoryRow % args.channels;
  const double gamma =
      args.scale == nullptr ? 1 : double(static_cast<const float*>(args.scale)[channel]);
  const double beta =
      args.shift == nullptr ? 0 : double(static_cast<const float*>(args.shift)[channel]);
  const float near = float(mean);
  const double rest = near - near == 0 ? mean - double(near) : 0;
  return {near, float(inverse * gamma), float(beta - rest * inverse * gamma)};
}

struct Statistics {
  double mean;
  double inverse;
};

/** Of a segment, from its moments or from those given; updates the running ones. */
HWY_ATTR inline Statistics finishSegment(const ChannelNormArgs& args, int64_t segment,
                                         const Moments& moments) {
  float* const runningMean = static_cast<float*>(args.runningMean);
  float* const runningVariance = static_cast<float*>(args.runningVariance);
  Statistics statistics;
  if (args.given) {
    statistics.mean = double(runningMean[segment]);
    statistics.inverse = 1 / __builtin_sqrt(double(runningVariance[segment]) + args.epsilon);
  } else {
    statistics.mean = moments.mean;
    statistics.inverse = 1 / __builtin_sqrt(moments.variance() + args.epsilon);
    if (runningMean != nullptr && moments.count > 0) {
      const double unbiased = moments.count > 1 ? moments.squares / (moments.count - 1) : 0;
      const double keep = 1 - args.momentum;
      runningMean[segment] =
          float(keep * double(runningMean[segment]) + args.momentum * moments.mean);
      runningVariance[segment] =
          float(keep * double(runningVariance[segment]) + args.momentum * unbiased);
    }
  }
  if (args.savedMean != nullptr) {
    static_cast<float*>(args.savedMean)[segment] = float(statistics.mean);
  }
  if (args.savedInverse != nullptr) {
    static_cast<float*>(args.savedInverse)[segment] = float(statistics.inverse);
  }
  return statistics;
}

HWY_ATTR inline void normalizePiece(const ChannelNormArgs& args, int64_t segment,
                                    const RowPiece& piece, const Statistics& statistics,
                                    bool streams) {
  const hn::ScalableTag<float> d;
  const int64_t row = args.memoryRow(segment, piece.row);
  const RowMap map = rowMap(args, row, statistics.mean, statistics.inverse);
  const float* const x = static_cast<const float*>(args.input) + row * args.length + piece.begin;
  float* const y = static_cast<float*>(args.output) + row * args.length + piece.begin;
  const auto mean = hn::Set(d, map.mean);
  const auto scale = hn::Set(d, map.scale);
  const auto shift = hn::Set(d, map.shift);
  const auto slope = hn::Set(d, float(args.slopeBelowZero()));
  // Zero times minus infinity is not 0.
  const bool cutsBelow = args.activation == VK_ACTIVATION_RELU;
  const auto body = [&](int64_t i, auto vector) HWY_ATTR {
    const auto value = hn::MulAdd(hn::Sub(vector.load(x + i), mean), scale, shift);
    const auto below = cutsBelow ? hn::Zero(d) : hn::Mul(value, slope);
    vector.store(hn::IfThenElse(hn::Lt(value, hn::Zero(d)), below, value), y + i);
  };
  if (streams) {
    forEachStreamedVector(d, y, piece.count, body);
  } else {
    forEachVector(d, piece.count, body);
  }
}

HWY_ATTR inline void normalizeChannels(const ChannelNormArgs& args, Context& context,
                                       const Workspace& workspace) {
  const int64_t bytes = args.batch * args.channels * args.length * int64_t{sizeof(float)};
  const bool streams = args.input != args.output && bytes >= kStreamedBytes;
  forEachSegment<Moments>(
      SegmentSchedule(args.segments, args.rows, args.length), context, workspace.as<Moments>(),
      [&](int64_t segment, const RowPiece& piece) HWY_ATTR {
        const int64_t at = args.memoryRow(segment, piece.row) * args.length + piece.begin;
        const float* const input = static_cast<const float*>(args.input);
        return args.given ? Moments() : momentsOf(input + at, piece.count);
      },
      [](Moments& total, int64_t, const RowPiece&, const Moments& moments)
          HWY_ATTR { total.add(moments); },
      [&](int64_t segment, const Moments& total)
          HWY_ATTR { return finishSegment(args, segment, total); },
      [&](int64_t segment, const RowPiece& piece, const Statistics& statistics)
          HWY_ATTR { normalizePiece(args, segment, piece, statistics, streams); });
}

/** The gradient before the activation: g, or below zero slope g. */
template <class D, class V>
HWY_ATTR HWY_INLINE V throughActivation(D d, V g, V centred, V scale, V shift, V slope) {
  const V value = hn::MulAdd(centred, scale, shift);
  return hn::IfThenElse(hn::Gt(value, hn::Zero(d)), g, hn::Mul(g, slope));
}

struct GradientRow {
  RowMap map;
  float inverse;
  const float* x;
  const float* g;
  float* out;
};

HWY_ATTR inline GradientRow gradientRow(const ChannelNormArgs& args, int64_t segment,
                                        const RowPiece& piece) {
  const int64_t row = args.memoryRow(segment, piece.row);
  const int64_t at = row * args.length + piece.begin;
  const float mean = static_cast<const float*>(args.mean)[segment];
  const float inverse = static_cast<const float*>(args.inverseDeviation)[segment];
  return {rowMap(args, row, double(mean), double(inverse)), inverse,
          static_cast<const float*>(args.input) + at,
          static_cast<const float*>(args.outputGradient) + at,
          args.inputGradient == nullptr ? nullptr : static_cast<float*>(args.inputGradient) + at};
}

HWY_ATTR inline GradientSums gradientSumsOfPiece(const ChannelNormArgs& args, int64_t segment,
                                                 const RowPiece& piece) {
  const hn::ScalableTag<float> d;
  const GradientRow row = gradientRow(args, segment, piece);
  const auto mean = hn::Set(d, row.map.mean);
  const auto scale = hn::Set(d, row.map.scale);
  const auto shift = hn::Set(d, row.map.shift);
  const auto slope = hn::Set(d, float(args.slopeBelowZero()));
  GradientSums sums;
  for (int64_t run = 0; run < piece.count; run += kNormRun) {
    const int64_t count = piece.count - run < kNormRun ? piece.count - run : kNormRun;
    auto gradient = hn::Zero(d);
    auto product = hn::Zero(d);
    forEachVector(d, count, [&](int64_t i, auto vector) HWY_ATTR {
      const auto centred = hn::Sub(vector.load(row.x + run + i), mean);
      // Lanes beyond the end have a gradient of 0.
      const auto g =
          throughActivation(d, vector.load(row.g + run + i), centred, scale, shift, slope);
      gradient = hn::Add(gradient, g);
      product = hn::MulAdd(g, centred, product);
    });
    sums.gradient += double(hn::GetLane(hn::SumOfLanes(d, gradient)));
    sums.product += double(hn::GetLane(hn::SumOfLanes(d, product)));
  }
  sums.product *= double(row.inverse);
  return sums;
}

HWY_ATTR inline void inputGradientOfPiece(const ChannelNormArgs& args, int64_t segment,
                                          const RowPiece& piece, const GradientSums& segmentSums) {
  const hn::ScalableTag<float> d;
  const GradientRow row = gradientRow(args, segment, piece);
  const auto mean = hn::Set(d, row.map.mean);
  const auto scale = hn::Set(d, row.map.scale);
  const auto shift = hn::Set(d, row.map.shift);
  const auto slope = hn::Set(d, float(args.slopeBelowZero()));
  // Given statistics do not depend on the input.
  if (args.given) {
    forEachVector(d, piece.count, [&](int64_t i, auto vector) HWY_ATTR {
      const auto centred = hn::Sub(vector.load(row.x + i), mean);
      const auto g = throughActivation(d, vector.load(row.g + i), centred, scale, shift, slope);
      vector.store(hn::Mul(g, scale), row.out + i);
    });
    return;
  }
  const double inverse = double(row.inverse);
  const double share = inverse / double(args.rows * args.length);
  const auto ofCentred = hn::Set(d, float(-share * inverse * segmentSums.product));
  const auto constant = hn::Set(d, float(-share * segmentSums.gradient));
  forEachVector(d, piece.count, [&](int64_t i, auto vector) HWY_ATTR {
    const auto centred = hn::Sub(vector.load(row.x + i), mean);
    const auto g = throughActivation(d, vector.load(row.g + i), centred, scale, shift, slope);
    vector.store(hn::MulAdd(g, scale, hn::MulAdd(centred, ofCentred, constant)), row.out + i);
  });
}

HWY_ATTR inline void channelNormGradient(const ChannelNormArgs& args, Context& context,
                                         const Workspace& workspace) {
  const int64_t allRows = args.batch * args.channels;
  GradientSums* const rowSums = workspace.as<GradientSums>();
  forEachSegment<GradientSums>(
      SegmentSchedule(args.segments, args.rows, args.length), context, rowSums + allRows,
      [&](int64_t segment, const RowPiece& piece)
          HWY_ATTR { return gradientSumsOfPiece(args, segment, piece); },
      [&](GradientSums& total, int64_t segment, const RowPiece& piece, const GradientSums& sums)
          HWY_ATTR {
            const int64_t row = args.memoryRow(segment, piece.row);
            if (piece.begin == 0) rowSums[row] = {};
            rowSums[row].add(sums);
            const double gamma =
                args.scale == nullptr
                    ? 1
                    : double(static_cast<const float*>(args.scale)[row % args.channels]);
            total.add({gamma * sums.gradient, gamma * sums.product});
          },
      [](int64_t, const GradientSums& total) HWY_ATTR { return total; },
      [&](int64_t segment, const RowPiece& piece, const GradientSums& total) HWY_ATTR {
        if (args.inputGradient != nullptr) inputGradientOfPiece(args, segment, piece, total);
      });
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    GradientSums sums;
    for (int64_t row = channel; row < allRows; row += args.channels) sums.add(rowSums[row]);
    if (args.scaleGradient != nullptr) {
      static_cast<float*>(args.scaleGradient)[channel] = float(sums.product);
    }
    if (args.shiftGradient != nullptr) {
      static_cast<float*>(args.shiftGradient)[channel] = float(sums.gradient);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
