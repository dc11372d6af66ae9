// Every voxel's fixed point is its own, so a vector of voxels iterates to its end while the part of
// the field it looks at is in cache. A lane that has converged keeps its value, so the result does
// not depend on its neighbours in the vector.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "invert/invert_cpu.cpp"
#include "core/simd_begin.h"
#include "compose/field_sampler-inl.h"
#include "invert/invert.h"

#ifndef VK_INVERT_LAYOUT
#define VK_INVERT_LAYOUT
namespace vk {

struct InvertPartial {
  double largest, sum;
  int64_t numbers, unconverged;
};

struct InvertLayout {
  InterleavedField field;
  int64_t rows, chunks;
  InvertPartial* partials;
  int64_t bytes;

  InvertLayout(const InvertArgs& args, Carver carver)
      : field(args.fieldSize, carver),
        rows(args.size[1] * args.size[2]),
        chunks(chunkCount(rows, kFieldRowsPerChunk)),
        partials(carver.take<InvertPartial>(chunks)),
        bytes(carver.bytes()) {}
};

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR void invertRow(const InvertArgs& args, const InterleavedField& field, int64_t row,
                        InvertPartial& partial) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.size[0], voxels = width * args.size[1] * args.size[2];
  const int64_t y = row % args.size[1], z = row / args.size[1];
  const RowDeltas deltas(args.indexMap, args.displacementMap, y, z);
  const auto tolerance = hn::Set(d, float(args.toleranceMm * args.toleranceMm));
  float* inverse = static_cast<float*>(args.inverse) + row * width;
  auto rowSum = hn::Zero(d), rowLargest = hn::Zero(d);
  FieldCells cells;
  for (int64_t x0 = 0; x0 < width; x0 += lanes) {
    const auto within = lanesWithin(width - x0);
    const auto x = hn::Iota(d, float(x0));
    FieldVector w[3] = {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    auto squares = hn::Zero(d);
    for (int32_t iteration = 0;; ++iteration) {
      FieldVector delta[3], u[3];
      deltas.at(x, w, delta);
      locateCells(field, x, float(y), float(z), delta, cells);
      if (iteration == 0) prefetchNextRow(field, field.data, cells);
      sampleCells(field, cells, u);
      squares = hn::Zero(d);
      for (int c = 0; c < 3; ++c) {
        const auto residual = hn::Add(u[c], w[c]);
        squares = hn::MulAdd(residual, residual, squares);
      }
      const auto moving = hn::And(within, hn::Gt(squares, tolerance));
      if (iteration == args.iterations || hn::AllFalse(d, moving)) break;
      for (int c = 0; c < 3; ++c) w[c] = hn::IfThenElse(moving, hn::Neg(u[c]), w[c]);
    }
    const auto number = hn::And(within, hn::Eq(squares, squares));
    const auto converged = hn::And(within, hn::Le(squares, tolerance));
    partial.numbers += static_cast<int64_t>(hn::CountTrue(d, number));
    partial.unconverged += static_cast<int64_t>(hn::CountTrue(d, within)) -
                           static_cast<int64_t>(hn::CountTrue(d, converged));
    const auto residual = hn::Sqrt(hn::IfThenElseZero(number, squares));
    rowSum = hn::Add(rowSum, residual);
    rowLargest = hn::Max(rowLargest, residual);
    for (int c = 0; c < 3; ++c) {
      const auto value = hn::IfThenElse(number, w[c], hn::NaN(d));
      if (x0 + lanes <= width) {
        hn::StoreU(value, d, inverse + c * voxels + x0);
      } else {
        hn::BlendedStore(value, within, d, inverse + c * voxels + x0);
      }
    }
  }
  partial.sum += double(hn::GetLane(hn::SumOfLanes(d, rowSum)));
  const double largest = double(hn::GetLane(hn::MaxOfLanes(d, rowLargest)));
  if (largest > partial.largest) partial.largest = largest;
}

void invertCpu(const InvertArgs& args, Context& context, const Workspace& workspace) {
  const InvertLayout layout(args, Carver(workspace.data));
  const InterleavedField& field = layout.field;
  const float* displacement = static_cast<const float*>(args.displacement);
  const int64_t width = field.size[0], voxels = width * field.rows();
  parallelFor(context, chunkCount(field.rows(), kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(field.rows(), kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      interleaveRow(displacement + row * width, voxels, 1.0f, width, field.row(row));
    }
  });
  parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(layout.rows, kFieldRowsPerChunk, chunk);
    InvertPartial partial{0, 0, 0, 0};
    for (int64_t row = range.begin; row < range.end; ++row) {
      invertRow(args, field, row, partial);
    }
    layout.partials[chunk] = partial;
  });
  if (args.report == nullptr) return;
  InvertPartial total{0, 0, 0, 0};
  for (int64_t chunk = 0; chunk < layout.chunks; ++chunk) {
    const InvertPartial& partial = layout.partials[chunk];
    if (partial.largest > total.largest) total.largest = partial.largest;
    total.sum += partial.sum;
    total.numbers += partial.numbers;
    total.unconverged += partial.unconverged;
  }
  args.report->max_residual_mm = total.largest;
  args.report->mean_residual_mm = total.numbers > 0 ? total.sum / double(total.numbers) : 0;
  args.report->unconverged = total.unconverged;
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(invertCpu);

int64_t invertCpuWorkspaceBytes(const InvertArgs& args) {
  return InvertLayout(args, Carver(nullptr)).bytes;
}

}  // namespace vk
#endif
