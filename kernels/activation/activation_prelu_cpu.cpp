#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "activation/activation_prelu_cpu.cpp"
#include "core/simd_begin.h"
#include "activation/activation.h"
#include "core/row_pieces.h"
#include "core/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

void preluCpu(const PreluArgs& args, Context& context, const Workspace&) {
  const float* const input = static_cast<const float*>(args.input);
  const float* const slopes = static_cast<const float*>(args.slope);
  float* const output = static_cast<float*>(args.output);
  const RowPieces pieces(args.batch * args.channels, args.length);
  parallelFor(context, pieces.tasks(), [&](int64_t task) HWY_ATTR {
    pieces.forEach(task, [&](const RowPiece& piece) HWY_ATTR {
      const hn::ScalableTag<float> d;
      const float* const x = input + piece.offset;
      float* const y = output + piece.offset;
      const auto slope = hn::Set(d, slopes[args.slopes == 1 ? 0 : piece.row % args.channels]);
      forEachVector(d, piece.count, [&](int64_t i, auto vector) HWY_ATTR {
        const auto value = vector.load(x + i);
        vector.store(hn::IfThenElse(hn::Lt(value, hn::Zero(d)), hn::Mul(value, slope), value),
                     y + i);
      });
    });
  });
}

/** Elements that are summed in f32, before f64 takes over. */
constexpr int64_t kRun = 4096;

void preluGradientCpu(const PreluArgs& args, Context& context, const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  const float* const slopes = static_cast<const float*>(args.slope);
  const float* const outputGradient = static_cast<const float*>(args.outputGradient);
  float* const output = static_cast<float*>(args.output);
  double* const sums = workspace.as<double>();
  const RowPieces pieces(args.batch * args.channels, args.length);
  parallelFor(context, pieces.tasks(), [&](int64_t task) HWY_ATTR {
    pieces.forEach(task, [&](const RowPiece& piece) HWY_ATTR {
      const hn::ScalableTag<float> d;
      const auto slope = hn::Set(d, slopes[args.slopes == 1 ? 0 : piece.row % args.channels]);
      double total = 0;
      for (int64_t run = 0; run < piece.count; run += kRun) {
        const int64_t count = piece.count - run < kRun ? piece.count - run : kRun;
        const int64_t begin = piece.offset + run;
        auto sum = hn::Zero(d);
        forEachVector(d, count, [&](int64_t i, auto vector) HWY_ATTR {
          const auto x = vector.load(input + begin + i);
          const auto g = vector.load(outputGradient + begin + i);
          const auto above = hn::Gt(x, hn::Zero(d));
          sum = hn::Add(sum, hn::IfThenZeroElse(above, hn::Mul(x, g)));
          if (output != nullptr) {
            const auto down = hn::IfThenElse(hn::IsNaN(x), x, hn::Mul(g, slope));
            vector.store(hn::IfThenElse(above, g, down), output + begin + i);
          }
        });
        total += double(hn::GetLane(hn::SumOfLanes(d, sum)));
      }
      sums[piece.index] = total;
    });
  });
  if (args.slopeGradient == nullptr) return;
  float* const slopeGradient = static_cast<float*>(args.slopeGradient);
  for (int64_t slope = 0; slope < args.slopes; ++slope) {
    double total = 0;
    for (int64_t row = slope; row < args.batch * args.channels; row += args.slopes) {
      total += pieces.sumOf(row, sums);
    }
    slopeGradient[slope] = float(total);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(preluCpu);
VK_SIMD_TABLE(preluGradientCpu);

int64_t preluGradientCpuWorkspaceBytes(const PreluArgs& args) {
  const RowPieces pieces(args.batch * args.channels, args.length);
  return pieces.count() * static_cast<int64_t>(sizeof(double));
}

}  // namespace vk
#endif
