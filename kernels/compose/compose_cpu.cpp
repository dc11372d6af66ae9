#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compose/compose_cpu.cpp"
#include "core/simd_begin.h"
#include "compose/compose.h"
#include "compose/field_sampler-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Lanes whose position is inside, as ITK has it: the nearest voxel exists. */
HWY_ATTR HWY_INLINE FieldMask insideField(const int64_t size[3], FieldVector x, float y, float z,
                                          const FieldVector delta[3]) {
  const FieldTag d;
  const FieldVector index[3] = {x, hn::Set(d, y), hn::Set(d, z)};
  auto inside = hn::FirstN(d, hn::Lanes(d));
  for (int axis = 0; axis < 3; ++axis) {
    // Compared on the side of delta, where nothing has been rounded away.
    const auto low = hn::Sub(hn::Set(d, -0.5f), index[axis]);
    const auto high = hn::Sub(hn::Set(d, float(size[axis]) - 0.5f), index[axis]);
    inside = hn::And(inside, hn::And(hn::Ge(delta[axis], low), hn::Lt(delta[axis], high)));
  }
  return inside;
}

HWY_ATTR void composeRow(const ComposeArgs& args, const InterleavedField& first, int64_t row) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.size[0], voxels = width * args.size[1] * args.size[2];
  const int64_t y = row % args.size[1], z = row / args.size[1];
  const RowDeltas deltas(args.indexMap, args.displacementMap, y, z);
  const float* second = static_cast<const float*>(args.second) + row * width;
  float* composed = static_cast<float*>(args.composed) + row * width;
  FieldCells cells;
  for (int64_t x0 = 0; x0 < width; x0 += lanes) {
    const bool whole = x0 + lanes <= width;
    const auto within = lanesWithin(width - x0);
    const auto x = hn::Iota(d, float(x0));
    FieldVector u[3], delta[3], value[3];
    for (int c = 0; c < 3; ++c) {
      const float* from = second + c * voxels + x0;
      u[c] = whole ? hn::LoadU(d, from) : hn::MaskedLoad(within, d, from);
    }
    deltas.at(x, u, delta);
    locateCells(first, x, float(y), float(z), delta, cells);
    prefetchNextRow(first, first.data, cells);
    sampleCells(first, cells, value);
    if (args.zeroOutside) {
      const auto inside = insideField(args.firstSize, x, float(y), float(z), delta);
      for (int c = 0; c < 3; ++c) value[c] = hn::IfThenElseZero(inside, value[c]);
    }
    for (int c = 0; c < 3; ++c) {
      float* to = composed + c * voxels + x0;
      if (whole) {
        hn::StoreU(hn::Add(u[c], value[c]), d, to);
      } else {
        hn::BlendedStore(hn::Add(u[c], value[c]), within, d, to);
      }
    }
  }
}

void composeCpu(const ComposeArgs& args, Context& context, const Workspace& workspace) {
  Carver carver(workspace.data);
  const InterleavedField field(args.firstSize, carver);
  const float* first = static_cast<const float*>(args.first);
  const int64_t width = field.size[0], voxels = width * field.rows();
  parallelFor(context, chunkCount(field.rows(), kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(field.rows(), kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      interleaveRow(first + row * width, voxels, 1.0f, width, field.row(row));
    }
  });
  const int64_t rows = args.size[1] * args.size[2];
  parallelFor(context, chunkCount(rows, kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) composeRow(args, field, row);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(composeCpu);

int64_t composeCpuWorkspaceBytes(const ComposeArgs& args) {
  Carver carver(nullptr);
  InterleavedField(args.firstSize, carver);
  return carver.bytes();
}

}  // namespace vk
#endif
