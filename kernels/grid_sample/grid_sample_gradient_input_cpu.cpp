// The adjoint of the sampling with respect to the input, in 3D block by block of the grid. Where
// that is too rough, in 2D and for other modes, a slab of the input along z (or y, where z is
// short) is one chunk, which goes through the positions that reach it in one order: no two threads
// write to one voxel, and a voxel's sum is added up in the same order whatever the thread count.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "grid_sample/grid_sample_gradient_input_cpu.cpp"
#include "core/simd_begin.h"
#include <algorithm>

#include "grid_sample/grid_sample_blocks-inl.h"
#include "grid_sample/grid_sample_slabs.h"
#include "warp3d/warp3d_scatter-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Positions that a slab looks at or not together: of those that do not reach it only one axis is
 * looked up. */
constexpr int64_t kPieceVectors = 16;
constexpr int64_t kPiece = kPieceVectors * kLanes;
static_assert(kPiece % kGridSampleFewest == 0);

/** So far ahead the grid is asked for. */
constexpr int64_t kAhead = 8 * kLanes;

HWY_INLINE int64_t reachCount(const GridSampleArgs& args) {
  return args.batch * chunkCount(args.positions(), kPiece);
}

/** Indices along the slab's axis: [begin, end). */
struct Reach {
  int32_t begin;
  int32_t end;
};

HWY_INLINE Reach unite(Reach a, Reach b) {
  return {a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

HWY_INLINE Reach reachOf(const GridSampleTaps& taps) {
  Reach reach = {INT32_MAX, 0};
  for (int k = 0; k < taps.count; ++k) {
    const int32_t index = int32_t(taps.index[k]);
    reach = unite(reach, {index, index + 1});
  }
  return reach;
}

/** What the n positions at `grid` reach of the slab's axis. */
template <int kAxes>
HWY_INLINE Reach reachOfPiece(const GridFrame& frame, int axis, const float* grid, int64_t n) {
  const I32 di;
  const GridSampleArgs& args = *frame.args;
  Reach reach = {INT32_MAX, 0};
  if (!takesCells(args)) {
    for (int64_t k = 0; k < n; ++k) {
      reach = unite(reach, reachOf(gridSampleTaps(double(grid[kAxes * k + axis]), args.size[axis],
                                                  args.mode, args.padding, args.alignCorners)));
    }
    return reach;
  }
  VecI low = hn::Set(di, INT32_MAX);
  VecI high = hn::Zero(di);
  for (int64_t i = 0; i < n; i += kLanes) {
    VecF coordinate[3];
    prefetchGrid<kAxes>(grid + kAxes * (i + 2 * kAhead));
    loadCoordinates<kAxes>(grid + kAxes * i, n - i < kLanes ? n - i : kLanes, coordinate);
    VecF slope;
    const VecF p = gridPosition(frame.axis[axis], args.padding, coordinate[axis], &slope);
    VecI cell;
    Sides sides;
    gridSides(frame.axis[axis], p, slope, &cell, &sides);
    low = hn::Min(low, cell);
    high = hn::Max(high, cell);
  }
  return {hn::GetLane(hn::MinOfLanes(di, low)), hn::GetLane(hn::MaxOfLanes(di, high)) + 2};
}

inline HWY_NOINLINE void addTaps(const GridSampleArgs& args, int axis, const PositionTaps& taps,
                                 Reach slab, float g, float* gradient) {
  forEachTap(taps, [&](int64_t x, int64_t y, int64_t z, double weight) HWY_ATTR {
    const int64_t index = axis == 2 ? z : y;
    if (index < slab.begin || index >= slab.end) return;
    gradient[(z * args.size[1] + y) * args.size[0] + x] += float(weight * double(g));
  });
}

/** What one chunk adds to. */
struct SlabSums {
  const GridFrame& frame;
  int axis;
  int64_t item;
  ScatterSlab slab;

  HWY_INLINE SlabSums(const GridFrame& f, int slabAxis, int64_t n, Reach reach)
      : frame(f), axis(slabAxis), item(n), slab() {
    const GridSampleArgs& args = *f.args;
    const int64_t slice = args.size[0] * args.size[1];
    slab = axis == 2 ? ScatterSlab{reach.begin, reach.end, slice, args.size[0], f.strides.y}
                     : ScatterSlab{reach.begin, reach.end, args.size[0], slice, f.strides.z};
  }

  HWY_INLINE Reach reach() const { return {slab.begin, slab.end}; }
};

/** Adds a batch to all channels. */
template <int kAxes, class Batch>
HWY_INLINE void addBatch(const SlabSums& sums, Batch& batch) {
  const GridSampleArgs& args = *sums.frame.args;
  const float* grid = static_cast<const float*>(args.grid) + sums.item * args.positions() * kAxes;
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const int64_t plane = sums.item * args.channels + channel;
    const float* upstream = static_cast<const float*>(args.upstream) + plane * args.positions();
    float* gradient = static_cast<float*>(args.gradient) + plane * args.volume();
    batch.addTo(
        sums.slab, gradient,
        [&](int64_t first, int64_t n) HWY_ATTR { return loadFirst(upstream + first, n); },
        [&](int64_t position, float g) HWY_ATTR {
          PositionTaps taps;
          positionTaps(args, grid + kAxes * position, &taps);
          addTaps(args, sums.axis, taps, sums.reach(), g, gradient);
        });
  }
  batch.count = 0;
}

/** Puts the vectors of the n positions from `first` that reach the slab into the batch. */
template <int kAxes, class Batch>
HWY_INLINE void addPiece(const SlabSums& sums, int64_t first, int64_t n, Batch& batch) {
  const GridFrame& frame = sums.frame;
  const GridSampleArgs& args = *frame.args;
  const I32 di;
  const float* grid =
      static_cast<const float*>(args.grid) + (sums.item * args.positions() + first) * kAxes;
  const float* gradient =
      static_cast<const float*>(args.gradient) + sums.item * args.channels * args.volume();
  const float* upstream =
      static_cast<const float*>(args.upstream) + sums.item * args.channels * args.positions();
  for (int64_t i = 0; i < n; i += kLanes) {
    const int64_t lanes = n - i < kLanes ? n - i : kLanes;
    VecF coordinate[3];
    prefetchGrid<kAxes>(grid + kAxes * (i + kAhead));
    loadCoordinates<kAxes>(grid + kAxes * i, lanes, coordinate);
    const auto axisAt = [&](int r) HWY_ATTR {
      VecF scale;
      const VecF p = gridPosition(frame.axis[r], args.padding, coordinate[r], &scale);
      VecI cell;
      Sides sides;
      gridSides(frame.axis[r], p, scale, &cell, &sides);
      return ScatterAxis{cell, {sides.weight[0], sides.weight[1]}};
    };
    const bool byZ = kAxes == 3 && sums.axis == 2;
    const ScatterAxis along = axisAt(byZ ? 2 : 1);
    const auto reaches = hn::And(hn::Lt(along.cell, hn::Set(di, sums.slab.end)),
                                 hn::Gt(along.cell, hn::Set(di, sums.slab.begin - 2)));
    if (hn::AllFalse(di, reaches)) continue;
    __builtin_prefetch(upstream + first + i);
    const ScatterAxis x = axisAt(0);
    const ScatterAxis other = kAxes == 2 ? x : axisAt(byZ ? 1 : 2);  // in 2D not looked at
    batch.add(sums.slab, x, along, other, first + i, lanes, gradient);
    if (batch.full()) addBatch<kAxes>(sums, batch);
  }
}

template <int kAxes>
HWY_INLINE void addPieceByTaps(const GridSampleArgs& args, int axis, int64_t item, int64_t first,
                               int64_t n, Reach slab) {
  for (int64_t i = first; i < first + n; ++i) {
    PositionTaps taps;
    positionTaps(args, static_cast<const float*>(args.grid) + (item * args.positions() + i) * kAxes,
                 &taps);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const int64_t plane = item * args.channels + channel;
      addTaps(args, axis, taps, slab,
              static_cast<const float*>(args.upstream)[plane * args.positions() + i],
              static_cast<float*>(args.gradient) + plane * args.volume());
    }
  }
}

HWY_INLINE void clearSlab(const GridSampleArgs& args, int axis, int64_t item, Reach slab) {
  const int64_t below = axis == 2 ? args.size[0] * args.size[1] : args.size[0];
  const int64_t above = args.channels * (axis == 2 ? 1 : args.size[2]);
  const int64_t stride = below * args.size[axis];
  float* gradient = static_cast<float*>(args.gradient) + item * args.channels * args.volume();
  for (int64_t k = 0; k < above; ++k) {
    float* out = gradient + k * stride + slab.begin * below;
    for (int64_t i = 0; i < (slab.end - slab.begin) * below; ++i) out[i] = 0;
  }
}

template <int kAxes, class Offset>
void gradientInput(const GridSampleArgs& args, Context& context, Reach* reaches) {
  const int axis = gridSampleSlabAxis(args);
  const int64_t slabSize = gridSampleSlab(args);
  const int64_t positions = args.positions();
  const int64_t pieces = chunkCount(positions, kPiece);
  constexpr int64_t kPiecesAChunk = 128;
  parallelFor(context, chunkCount(args.batch * pieces, kPiecesAChunk), [&](int64_t chunk) HWY_ATTR {
    const GridFrame frame(args);
    const Range range = chunkRange(args.batch * pieces, kPiecesAChunk, chunk);
    for (int64_t k = range.begin; k < range.end; ++k) {
      const Range piece = chunkRange(positions, kPiece, k % pieces);
      reaches[k] = reachOfPiece<kAxes>(
          frame, axis,
          static_cast<const float*>(args.grid) + (k / pieces * positions + piece.begin) * kAxes,
          piece.end - piece.begin);
    }
  });
  const int64_t slabs = chunkCount(args.size[axis], slabSize);
  parallelFor(context, args.batch * slabs, [&](int64_t chunk) HWY_ATTR {
    const GridFrame frame(args);
    const int64_t item = chunk / slabs;
    const Range range = chunkRange(args.size[axis], slabSize, chunk % slabs);
    const Reach slab = {int32_t(range.begin), int32_t(range.end)};
    clearSlab(args, axis, item, slab);
    const SlabSums sums(frame, axis, item, slab);
    ScatterBatch<kAxes == 3 ? 4 : 2, Offset> batch;
    for (int64_t k = 0; k < pieces; ++k) {
      const Reach& reach = reaches[item * pieces + k];
      if (reach.begin >= slab.end || reach.end <= slab.begin) continue;
      const Range piece = chunkRange(positions, kPiece, k);
      if (takesCells(args)) {
        addPiece<kAxes>(sums, piece.begin, piece.end - piece.begin, batch);
      } else {
        addPieceByTaps<kAxes>(args, axis, item, piece.begin, piece.end - piece.begin, slab);
      }
    }
    addBatch<kAxes>(sums, batch);
  });
}

void gradientBySlabs(const GridSampleArgs& args, Context& context, const Workspace& workspace) {
  Reach* const reaches = WorkspaceLayout(workspace.data).take<Reach>(reachCount(args));
  const bool wide = args.volume() > INT32_MAX;
  if (args.axes == 3) {
    wide ? gradientInput<3, int64_t>(args, context, reaches)
         : gradientInput<3, uint32_t>(args, context, reaches);
  } else {
    wide ? gradientInput<2, int64_t>(args, context, reaches)
         : gradientInput<2, uint32_t>(args, context, reaches);
  }
}

}  // namespace

void gridSampleGradientInputCpu(const GridSampleArgs& args, Context& context,
                                const Workspace& workspace) {
  if (gridSampleTakesBlocks(args) && gradientByBlocks<false>(args, context, workspace)) return;
  gradientBySlabs(args, context, workspace);
}

// In grid_sample_gradient_grid_cpu.cpp.
void gridSampleGradientGridCpu(const GridSampleArgs& args, Context& context, const Workspace&);

void gridSampleGradientsCpu(const GridSampleArgs& args, Context& context,
                            const Workspace& workspace) {
  if (args.channels > 1) {
    gridSampleGradientInputCpu(args, context, workspace);
  } else if (gridSampleTakesBlocks(args) && gradientByBlocks<true>(args, context, workspace)) {
    // The grid was read, and its cells were found, once for both.
    return;
  } else {
    gradientBySlabs(args, context, workspace);
  }
  GridSampleArgs grid = args;
  grid.gradient = args.gradientGrid;
  gridSampleGradientGridCpu(grid, context, workspace);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(gridSampleGradientInputCpu);
VK_SIMD_TABLE(gridSampleGradientsCpu);

int64_t gridSampleGradientInputWorkspaceBytes(const GridSampleArgs& args) {
  WorkspaceLayout slabs(nullptr);
  slabs.take<int32_t>(2 * args.batch * chunkCount(args.positions(), kGridSampleFewest));
  WorkspaceLayout blocks(nullptr);
  if (gridSampleTakesBlocks(args)) {
    static_cast<void>(GridSampleBlockMemory(args, GridSampleBlocks(args), blocks));
  }
  return std::max(slabs.bytes(), blocks.bytes());
}

}  // namespace vk
#endif
