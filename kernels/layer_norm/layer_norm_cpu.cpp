#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "layer_norm/layer_norm_cpu.cpp"
#include "core/simd_begin.h"
#include "layer_norm/layer_norm.h"
#include "core/simd_normalize.h"

#ifndef VK_LAYER_NORM_ONCE
#define VK_LAYER_NORM_ONCE
namespace vk {

/** How the sums over rows, one an element of a row, are dealt out: by blocks of elements, and where
 * rows are short by ranges of rows too. */
struct ColumnTasks {
  static constexpr int64_t kBlock = 256;
  int64_t blocks;
  int64_t ranges;
  int64_t rowsEach;

  explicit ColumnTasks(const LayerNormArgs& args)
      : blocks(chunkCount(args.length, kBlock)),
        ranges(args.length >= 4096 || args.rows < 256 ? 1 : 16),
        rowsEach(chunkCount(args.rows, ranges)) {}
};

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** Values of a row's elements, or the same for all where there are none. */
struct PerElement {
  const float* values;
  float otherwise;
  template <class D, class Vector>
  HWY_ATTR HWY_INLINE hn::Vec<D> load(D d, int64_t i, const Vector& vector) const {
    return values == nullptr ? hn::Set(d, otherwise) : vector.load(values + i);
  }
};

struct RowStatistics {
  float mean;
  float rest;
  float inverse;
};

void layerNormCpu(const LayerNormArgs& args, Context& context, const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  float* const output = static_cast<float*>(args.output);
  const PerElement scale{static_cast<const float*>(args.scale), 1.0f};
  const PerElement shift{static_cast<const float*>(args.shift), 0.0f};
  forEachSegment<Moments>(
      SegmentSchedule(args.rows, 1, args.length), context, workspace.as<Moments>(),
      [&](int64_t row, const RowPiece& piece)
          HWY_ATTR { return momentsOf(input + row * args.length + piece.begin, piece.count); },
      [](Moments& total, int64_t, const RowPiece&, const Moments& moments)
          HWY_ATTR { total.add(moments); },
      [&](int64_t row, const Moments& total) HWY_ATTR {
        const double mean = args.rootMeanSquare ? 0 : total.mean;
        const double square =
            total.variance() + (args.rootMeanSquare ? total.mean * total.mean : 0);
        const double inverse = 1 / __builtin_sqrt(square + args.epsilon);
        if (args.savedMean != nullptr) static_cast<float*>(args.savedMean)[row] = float(mean);
        if (args.savedInverse != nullptr) {
          static_cast<float*>(args.savedInverse)[row] = float(inverse);
        }
        // The mean in two parts, as in core/simd_normalize.h.
        const double rest = mean - double(float(mean));
        return RowStatistics{float(mean), float(-rest * inverse), float(inverse)};
      },
      [&](int64_t row, const RowPiece& piece, const RowStatistics& statistics) HWY_ATTR {
        const hn::ScalableTag<float> d;
        const float* const x = input + row * args.length + piece.begin;
        float* const y = output + row * args.length + piece.begin;
        const auto mean = hn::Set(d, statistics.mean);
        const auto rest = hn::Set(d, statistics.rest);
        const auto inverse = hn::Set(d, statistics.inverse);
        forEachVector(d, piece.count, [&](int64_t i, auto vector) HWY_ATTR {
          const auto normalized = hn::MulAdd(hn::Sub(vector.load(x + i), mean), inverse, rest);
          vector.store(hn::MulAdd(normalized, scale.load(d, piece.begin + i, vector),
                                  shift.load(d, piece.begin + i, vector)),
                       y + i);
        });
      });
}

namespace {

HWY_ATTR float meanOf(const LayerNormArgs& args, int64_t row) {
  return args.mean == nullptr ? 0.0f : static_cast<const float*>(args.mean)[row];
}

HWY_ATTR void inputGradient(const LayerNormArgs& args, Context& context, GradientSums* partials) {
  const float* const input = static_cast<const float*>(args.input);
  const float* const outputGradient = static_cast<const float*>(args.outputGradient);
  const float* const inverses = static_cast<const float*>(args.inverseDeviation);
  float* const result = static_cast<float*>(args.inputGradient);
  const PerElement scale{static_cast<const float*>(args.scale), 1.0f};
  forEachSegment<GradientSums>(
      SegmentSchedule(args.rows, 1, args.length), context, partials,
      [&](int64_t row, const RowPiece& piece) HWY_ATTR {
        const hn::ScalableTag<float> d;
        const int64_t begin = row * args.length + piece.begin;
        const auto mean = hn::Set(d, meanOf(args, row));
        GradientSums sums;
        for (int64_t run = 0; run < piece.count; run += kNormRun) {
          const int64_t count = piece.count - run < kNormRun ? piece.count - run : kNormRun;
          auto sum = hn::Zero(d);
          auto product = hn::Zero(d);
          forEachVector(d, count, [&](int64_t i, auto vector) HWY_ATTR {
            const auto centred = hn::Sub(vector.load(input + begin + run + i), mean);
            const auto g = hn::Mul(vector.load(outputGradient + begin + run + i),
                                   scale.load(d, piece.begin + run + i, vector));
            sum = hn::Add(sum, g);
            product = hn::MulAdd(g, centred, product);
          });
          sums.gradient += double(hn::GetLane(hn::SumOfLanes(d, sum)));
          sums.product += double(hn::GetLane(hn::SumOfLanes(d, product)));
        }
        return sums;
      },
      [](GradientSums& total, int64_t, const RowPiece&, const GradientSums& sums)
          HWY_ATTR { total.add(sums); },
      [](int64_t, const GradientSums& total) HWY_ATTR { return total; },
      [&](int64_t row, const RowPiece& piece, const GradientSums& total) HWY_ATTR {
        const hn::ScalableTag<float> d;
        const int64_t begin = row * args.length + piece.begin;
        const double inverse = double(inverses[row]);
        const double share = inverse / double(args.length);
        const auto mean = hn::Set(d, meanOf(args, row));
        const auto ofGradient = hn::Set(d, inverses[row]);
        const auto ofCentred = hn::Set(d, float(-share * inverse * inverse * total.product));
        const auto constant =
            hn::Set(d, args.rootMeanSquare ? 0.0f : float(-share * total.gradient));
        forEachVector(d, piece.count, [&](int64_t i, auto vector) HWY_ATTR {
          const auto centred = hn::Sub(vector.load(input + begin + i), mean);
          const auto g = hn::Mul(vector.load(outputGradient + begin + i),
                                 scale.load(d, piece.begin + i, vector));
          vector.store(hn::MulAdd(g, ofGradient, hn::MulAdd(centred, ofCentred, constant)),
                       result + begin + i);
        });
      });
}

/** Sums over a range of rows for a block of elements; f32 for a few rows, f64 beyond. */
HWY_ATTR void columnSums(const LayerNormArgs& args, Range rows, int64_t block, double* products,
                         double* sums) {
  constexpr int64_t kRows = 32;
  const hn::ScalableTag<float> d;
  const Range columns = chunkRange(args.length, ColumnTasks::kBlock, block);
  const int64_t count = columns.end - columns.begin;
  for (int64_t i = 0; i < count; ++i) products[i] = sums[i] = 0;
  HWY_ALIGN float product[ColumnTasks::kBlock];
  HWY_ALIGN float sum[ColumnTasks::kBlock];
  for (int64_t first = rows.begin; first < rows.end; first += kRows) {
    const int64_t last = first + kRows < rows.end ? first + kRows : rows.end;
    for (int64_t i = 0; i < count; ++i) product[i] = sum[i] = 0;
    for (int64_t row = first; row < last; ++row) {
      const int64_t at = row * args.length + columns.begin;
      const auto mean = hn::Set(d, meanOf(args, row));
      const auto inverse = hn::Set(d, static_cast<const float*>(args.inverseDeviation)[row]);
      forEachVector(d, count, [&](int64_t i, auto vector) HWY_ATTR {
        const auto x = vector.load(static_cast<const float*>(args.input) + at + i);
        const auto g = vector.load(static_cast<const float*>(args.outputGradient) + at + i);
        const auto normalized = hn::Mul(hn::Sub(x, mean), inverse);
        vector.store(hn::MulAdd(g, normalized, vector.load(product + i)), product + i);
        vector.store(hn::Add(g, vector.load(sum + i)), sum + i);
      });
    }
    for (int64_t i = 0; i < count; ++i) {
      products[i] += double(product[i]);
      sums[i] += double(sum[i]);
    }
  }
}

HWY_ATTR void scaleAndShiftGradient(const LayerNormArgs& args, Context& context, double* partials) {
  const ColumnTasks tasks(args);
  // Products of a range, then its sums.
  parallelFor(context, tasks.blocks * tasks.ranges, [&](int64_t task) HWY_ATTR {
    const int64_t range = task / tasks.blocks;
    double* const products =
        partials + range * 2 * args.length + task % tasks.blocks * ColumnTasks::kBlock;
    columnSums(args, chunkRange(args.rows, tasks.rowsEach, range), task % tasks.blocks, products,
               products + args.length);
  });
  for (int64_t i = 0; i < args.length; ++i) {
    double product = 0;
    double sum = 0;
    for (int64_t range = 0; range < tasks.ranges; ++range) {
      product += partials[range * 2 * args.length + i];
      sum += partials[(range * 2 + 1) * args.length + i];
    }
    if (args.scaleGradient != nullptr) static_cast<float*>(args.scaleGradient)[i] = float(product);
    if (args.shiftGradient != nullptr) static_cast<float*>(args.shiftGradient)[i] = float(sum);
  }
}

}  // namespace

void layerNormGradientCpu(const LayerNormArgs& args, Context& context, const Workspace& workspace) {
  // First, as the input's gradient may take the place of what it reads.
  if (args.scaleGradient != nullptr || args.shiftGradient != nullptr) {
    scaleAndShiftGradient(args, context, workspace.as<double>());
  }
  if (args.inputGradient != nullptr) inputGradient(args, context, workspace.as<GradientSums>());
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(layerNormCpu);
VK_SIMD_TABLE(layerNormGradientCpu);

int64_t layerNormCpuWorkspaceBytes(const LayerNormArgs& args) {
  const SegmentSchedule schedule(args.rows, 1, args.length);
  return schedule.together() ? schedule.pieces().count() * int64_t{sizeof(Moments)} : 0;
}

int64_t layerNormGradientCpuWorkspaceBytes(const LayerNormArgs& args) {
  const SegmentSchedule schedule(args.rows, 1, args.length);
  const int64_t pieces =
      schedule.together() ? schedule.pieces().count() * int64_t{sizeof(GradientSums)} : 0;
  const bool wantsSums = args.scaleGradient != nullptr || args.shiftGradient != nullptr;
  const int64_t sums =
      wantsSums ? ColumnTasks(args).ranges * 2 * args.length * int64_t{sizeof(double)} : 0;
  return pieces > sums ? pieces : sums;
}

}  // namespace vk
#endif
