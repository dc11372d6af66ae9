// The adjoint of the sampling with respect to the input. A slab of the input along z (or y, where z
// is short) is one chunk, which goes through the positions that reach it in their order: no two
// threads write to one voxel, and a voxel's sum is added up in the same order whatever the thread
// count.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "grid_sample/grid_sample_gradient_input_cpu.cpp"
#include "core/simd_begin.h"
#include "grid_sample/grid_sample_cells-inl.h"
#include "grid_sample/grid_sample_slabs.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Positions that are looked up together: few, so that they reach few slices where the grid is
 * tilted. */
constexpr int64_t kPieceVectors = kLanes < 4 ? 16 : 4;
constexpr int64_t kPiece = kPieceVectors * kLanes;
static_assert(kPiece % kGridSampleFewest == 0);

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
  for (int64_t i = 0; i < n; i += kLanes) {
    VecF coordinate[3];
    loadCoordinates<kAxes>(grid + kAxes * i, n - i < kLanes ? n - i : kLanes, coordinate);
    VecF slope;
    const VecF p = gridPosition(frame.axis[axis], args.padding, coordinate[axis], &slope);
    VecI cell;
    Sides sides;
    gridSides(frame.axis[axis], p, slope, &cell, &sides);
    reach = unite(
        reach, {hn::GetLane(hn::MinOfLanes(di, cell)), hn::GetLane(hn::MaxOfLanes(di, cell)) + 2});
  }
  return reach;
}

/** One value for each of the rows y, y + 1 of the slices z, z + 1. Of four lanes whatever the
 * instruction set. */
using Rows = float __attribute__((vector_size(16)));

/** The rows of a cell that lie in the slab, as bits. */
struct Image {
  float* voxels;
  Strides strides;

  HWY_INLINE void add(int64_t x, Rows value, uint32_t mask) const {
    float* at = voxels + x;
    if (HWY_LIKELY(mask == 15)) {
      at[0] += value[0];
      at[strides.y] += value[1];
      at[strides.z] += value[2];
      at[strides.z + strides.y] += value[3];
      return;
    }
    if ((mask & 1) != 0) at[0] += value[0];
    if ((mask & 2) != 0) at[strides.y] += value[1];
    if ((mask & 4) != 0) at[strides.z] += value[2];
    if ((mask & 8) != 0) at[strides.z + strides.y] += value[3];
  }
};

inline HWY_NOINLINE void addTaps(const GridSampleArgs& args, int axis, const PositionTaps& taps,
                                 Reach slab, float g, float* gradient) {
  const GridSampleTaps& tx = taps.axis[0];
  const GridSampleTaps& ty = taps.axis[1];
  const GridSampleTaps& tz = taps.axis[2];
  for (int c = 0; c < tz.count; ++c) {
    for (int b = 0; b < ty.count; ++b) {
      const int64_t index = axis == 2 ? tz.index[c] : ty.index[b];
      if (index < slab.begin || index >= slab.end) continue;
      float* row = gradient + (tz.index[c] * args.size[1] + ty.index[b]) * args.size[0];
      const double weight = tz.weight[c] * ty.weight[b];
      for (int a = 0; a < tx.count; ++a) {
        const double product = weight * tx.weight[a];
        if (product != 0) row[tx.index[a]] += float(product * double(g));
      }
    }
  }
}

/** Weights of the four rows for every lane, together. */
template <int kAxes, class Batch>
HWY_INLINE void rowWeights(const Batch& batch, int64_t vectors, float (*weights)[4]) {
  const F32 d;
  for (int64_t k = 0; k < vectors; ++k) {
    const VecF y0 = hn::Load(d, batch.weight[k][1][0]);
    const VecF y1 = hn::Load(d, batch.weight[k][1][1]);
    if constexpr (kAxes == 3) {
      const VecF z0 = hn::Load(d, batch.weight[k][2][0]);
      const VecF z1 = hn::Load(d, batch.weight[k][2][1]);
      hn::StoreInterleaved4(hn::Mul(y0, z0), hn::Mul(y1, z0), hn::Mul(y0, z1), hn::Mul(y1, z1), d,
                            weights[k * kLanes]);
    } else {
      hn::StoreInterleaved4(y0, y1, hn::Zero(d), hn::Zero(d), d, weights[k * kLanes]);
    }
  }
}

/** Adds what the n positions from `first` give to the slab, all channels. */
template <int kAxes, class Offset>
HWY_INLINE void addPiece(const GridFrame& frame, int axis, int64_t item, int64_t first, int64_t n,
                         Reach slab) {
  const GridSampleArgs& args = *frame.args;
  const float* grid =
      static_cast<const float*>(args.grid) + (item * args.positions() + first) * kAxes;
  GridBatch<kAxes, false, Offset, kPieceVectors> batch;
  batch.fill(frame, grid, n,
             static_cast<const float*>(args.gradient) + item * args.channels * args.volume());
  HWY_ALIGN float weights[kPiece][4];
  rowWeights<kAxes>(batch, (n + kLanes - 1) / kLanes, weights);
  // Bits of the rows whose index along the slab's axis is the cell's, and of the others.
  constexpr uint32_t kAll = kAxes == 3 ? 15u : 3u;
  const uint32_t near = (axis == 2 ? 3u : 5u) & kAll;
  const uint32_t far = kAll & ~near;
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const int64_t plane = item * args.channels + channel;
    const float* upstream =
        static_cast<const float*>(args.upstream) + plane * args.positions() + first;
    float* gradient = static_cast<float*>(args.gradient) + plane * args.volume();
    const Image image = {gradient, frame.strides};
    // Sums of one cell at x and at the next, kept while the positions stay in a cell or move on to
    // the one beside it: so a voxel is read and written once for a row of positions and not for
    // each, which would wait for the one before.
    Rows left = {};
    Rows right = {};
    int64_t at = 0;
    uint32_t mask = 0;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t k = i / kLanes;
      const int64_t lane = i % kLanes;
      const int32_t cell = batch.cell[axis][k][lane];
      const uint32_t reached = (cell >= slab.begin && cell < slab.end ? near : 0) |
                               (cell + 1 >= slab.begin && cell + 1 < slab.end ? far : 0);
      if (reached == 0) continue;
      const float g = upstream[i];
      if (HWY_UNLIKELY(!(g - g == 0))) {
        // Only to the taps, not to sides of weight 0.
        PositionTaps taps;
        positionTaps(args, grid + kAxes * i, &taps);
        addTaps(args, axis, taps, slab, g, gradient);
        continue;
      }
      const int64_t next = int64_t(batch.offsets[k][lane]);
      if (next != at || reached != mask) {
        image.add(at, left, mask);
        left = right;
        right = Rows{};
        if (next != at + 1 || reached != mask) {
          image.add(at + 1, left, mask);
          left = Rows{};
        }
        at = next;
        mask = reached;
      }
      Rows weight;
      __builtin_memcpy(&weight, weights[i], sizeof weight);
      left += weight * (g * batch.weight[k][0][0][lane]);
      right += weight * (g * batch.weight[k][0][1][lane]);
    }
    image.add(at, left, mask);
    image.add(at + 1, right, mask);
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
    for (int64_t k = 0; k < pieces; ++k) {
      const Reach& reach = reaches[item * pieces + k];
      if (reach.begin >= slab.end || reach.end <= slab.begin) continue;
      const Range piece = chunkRange(positions, kPiece, k);
      if (takesCells(args)) {
        addPiece<kAxes, Offset>(frame, axis, item, piece.begin, piece.end - piece.begin, slab);
      } else {
        addPieceByTaps<kAxes>(args, axis, item, piece.begin, piece.end - piece.begin, slab);
      }
    }
  });
}

}  // namespace

void gridSampleGradientInputCpu(const GridSampleArgs& args, Context& context,
                                const Workspace& workspace) {
  Reach* reaches = workspace.as<Reach>();
  const bool wide = args.volume() > INT32_MAX;
  if (args.axes == 3) {
    wide ? gradientInput<3, int64_t>(args, context, reaches)
         : gradientInput<3, uint32_t>(args, context, reaches);
  } else {
    wide ? gradientInput<2, int64_t>(args, context, reaches)
         : gradientInput<2, uint32_t>(args, context, reaches);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(gridSampleGradientInputCpu);

int64_t gridSampleGradientInputWorkspaceBytes(const GridSampleArgs& args) {
  return args.batch * chunkCount(args.positions(), kGridSampleFewest) * 2 *
         static_cast<int64_t>(sizeof(int32_t));
}

}  // namespace vk
#endif
