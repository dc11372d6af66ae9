// Where linear samples lie: a cell of the input that is safe to load, and for each axis the weights
// of its two sides, which are 0 where the side is not a tap. So there is one formula for the
// interior and for every padding. Included by the grid_sample kernels once an instruction set.
#if defined(VK_GRID_SAMPLE_CELLS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_GRID_SAMPLE_CELLS_INL
#undef VK_GRID_SAMPLE_CELLS_INL
#else
#define VK_GRID_SAMPLE_CELLS_INL
#endif

#include "grid_sample/grid_sample.h"
#include "grid_sample/grid_sample_chunks.h"
#include "grid_sample/grid_sample_math.h"
#include "warp3d/warp3d_ahead.h"
#include "warp3d/warp3d_linear-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Vectors whose cells are found together, before the input is read. */
constexpr int64_t kGridVectors = 16;

/** What stays the same along one axis. */
struct GridAxis {
  int64_t size;
  float scale, shift;
  float last;
  /** With zeros what lies further out has no taps. */
  float beyond;
  float low, span;  // of the reflection
};

struct GridFrame {
  const GridSampleArgs* args;
  GridAxis axis[3];
  Strides strides;

  explicit HWY_INLINE GridFrame(const GridSampleArgs& a) : args(&a), axis(), strides() {
    for (int r = 0; r < 3; ++r) {
      const int64_t size = a.size[r];
      const double last = double(size - 1);
      axis[r] = {size,
                 float(a.alignCorners ? 0.5 * last : 0.5 * double(size)),
                 float(0.5 * last),
                 float(last),
                 float(last) + 2.0f,
                 a.alignCorners ? 0.0f : -0.5f,
                 float(a.alignCorners ? last : double(size))};
    }
    strides = {a.size[1] > 1 ? a.size[0] : 0, a.size[2] > 1 ? a.size[0] * a.size[1] : 0};
  }
};

/** The two sides of the cell on one axis; slopes are by the grid's coordinate. */
struct Sides {
  VecF weight[2];
  VecF slope[2];
};

/** Position of a coordinate with the padding applied, and the derivative by the coordinate. NaN
 * becomes 0, or with zeros lies outside. */
HWY_INLINE VecF gridPosition(const GridAxis& axis, vk_sampling_padding padding, VecF coordinate,
                             VecF* slope) {
  const F32 d;
  VecF p = hn::MulAdd(coordinate, hn::Set(d, axis.scale), hn::Set(d, axis.shift));
  *slope = hn::Set(d, axis.scale);
  const VecF zero = hn::Zero(d);
  const VecF last = hn::Set(d, axis.last);
  if (padding == VK_SAMPLING_ZEROS) {
    p = hn::IfThenElse(hn::Gt(p, hn::Set(d, -2.0f)), p, hn::Set(d, -2.0f));
    return hn::Min(p, hn::Set(d, axis.beyond));
  }
  if (padding == VK_SAMPLING_REFLECTION) {
    const VecF low = hn::Set(d, axis.low);
    const VecF span = hn::Set(d, axis.span);
    const VecF distance = hn::Abs(hn::Sub(p, low));
    const VecF flips = hn::Floor(hn::Div(distance, span));
    const VecF rest = hn::NegMulAdd(flips, span, distance);
    const VecF half = hn::Mul(flips, hn::Set(d, 0.5f));
    const auto odd = hn::Ne(half, hn::Floor(half));
    *slope = hn::IfThenElse(hn::Lt(p, low), hn::Neg(*slope), *slope);
    *slope = hn::IfThenElse(odd, hn::Neg(*slope), *slope);
    p = hn::Add(low, hn::IfThenElse(odd, hn::Sub(span, rest), rest));
  }
  // NaN, also that of a reflection about one point, is not within either.
  const auto within = hn::And(hn::Gt(p, zero), hn::Lt(p, last));
  *slope = hn::IfThenElseZero(within, *slope);
  return hn::IfThenElse(within, p, hn::IfThenElseZero(hn::Ge(p, last), last));
}

/** Of an integer that is far from the limits, for which ConvertTo() would look. */
HWY_INLINE VecI wholeNumber(VecF whole) {
#if HWY_TARGET == HWY_AVX3
  return VecI{_mm512_cvttps_epi32(whole.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VecI{_mm256_cvttps_epi32(whole.raw)};
#else
  return hn::ConvertTo(I32(), whole);
#endif
}

HWY_INLINE void gridSides(const GridAxis& axis, VecF p, VecF slope, VecI* cell, Sides* sides) {
  const F32 d;
  const I32 di;
  const VecF whole = hn::Floor(p);
  const VecF f = hn::Sub(p, whole);
  const VecI c = wholeNumber(whole);
  const VecF one = hn::Set(d, 1.0f);
  *sides = {{hn::Sub(one, f), f}, {hn::Neg(slope), slope}};
  const VecI last = hn::Set(di, int32_t(axis.size) - 2);
  *cell = c;
  const auto low = hn::Lt(c, hn::Zero(di));
  const auto high = hn::Gt(c, last);
  if (HWY_LIKELY(hn::AllFalse(di, hn::Or(low, high)))) return;
  // Beside the input one tap is left, which takes the other side of the cell that is moved in.
  const auto beside0 = hn::RebindMask(d, hn::Eq(c, hn::Set(di, -1)));
  const auto beside1 = hn::RebindMask(d, hn::Eq(c, hn::Set(di, int32_t(axis.size) - 1)));
  const auto inside = hn::RebindMask(d, hn::Not(hn::Or(low, high)));
  VecF w0 = hn::IfThenElseZero(inside, sides->weight[0]);
  VecF w1 = hn::IfThenElseZero(inside, sides->weight[1]);
  VecF s0 = hn::IfThenElseZero(inside, sides->slope[0]);
  VecF s1 = hn::IfThenElseZero(inside, sides->slope[1]);
  w0 = hn::IfThenElse(beside0, f, w0);
  s0 = hn::IfThenElse(beside0, slope, s0);
  if (axis.size == 1) {
    w0 = hn::IfThenElse(beside1, sides->weight[0], w0);
    s0 = hn::IfThenElse(beside1, sides->slope[0], s0);
  } else {
    w1 = hn::IfThenElse(beside1, sides->weight[0], w1);
    s1 = hn::IfThenElse(beside1, sides->slope[0], s1);
  }
  *sides = {{w0, w1}, {s0, s1}};
  *cell = hn::Max(hn::Min(c, last), hn::Zero(di));
}

/** Cells and sides of a vector on every axis. */
template <int kAxes>
struct PaddedCells {
  VecI cell[3];
  Sides sides[3];

  HWY_INLINE PaddedCells(const GridFrame& frame, const VecF coordinate[3]) {
    for (int r = 0; r < kAxes; ++r) {
      VecF scale;
      const VecF p = gridPosition(frame.axis[r], frame.args->padding, coordinate[r], &scale);
      gridSides(frame.axis[r], p, scale, &cell[r], &sides[r]);
    }
  }
};

/** Asks for the coordinates of the vector at `grid`. */
template <int kAxes>
HWY_INLINE void prefetchGrid(const float* grid) {
  const char* at = reinterpret_cast<const char*>(grid);
  for (int64_t k = 0; k < kAxes * kLanes * int64_t{sizeof(float)}; k += 64) {
    __builtin_prefetch(at + k);
  }
}

/** Coordinates of n positions, x, y, z apart; lanes beyond them repeat the first one. */
template <int kAxes>
HWY_INLINE void loadCoordinates(const float* grid, int64_t n, VecF coordinate[3]) {
  const F32 d;
  HWY_ALIGN float padded[kAxes * kLanes];
  if (HWY_UNLIKELY(n < kLanes)) {
    for (int64_t k = 0; k < kAxes * kLanes; ++k) padded[k] = grid[k < kAxes * n ? k : k % kAxes];
    grid = padded;
  }
  if constexpr (kAxes == 3) {
#if HWY_TARGET == HWY_AVX3
    // Two permutations for each of x, y and z.
    const __m512 a = _mm512_loadu_ps(grid);
    const __m512 b = _mm512_loadu_ps(grid + 16);
    const __m512 c = _mm512_loadu_ps(grid + 32);
    const auto pick = [&](__m512i first, __m512i then) HWY_ATTR {
      return VecF{_mm512_permutex2var_ps(_mm512_permutex2var_ps(a, first, b), then, c)};
    };
    coordinate[0] = pick(_mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
    coordinate[1] = pick(_mm512_setr_epi32(1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
    coordinate[2] = pick(_mm512_setr_epi32(2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
#else
    hn::LoadInterleaved3(d, grid, coordinate[0], coordinate[1], coordinate[2]);
#endif
  } else {
    hn::LoadInterleaved2(d, grid, coordinate[0], coordinate[1]);
  }
}

/** Asks for what lies `ahead` voxels from the cells of some lanes, as the hardware sees no stream
 * where rows are tilted; into the second-level cache, as a tile's would not all stay in the first.
 * Vectors below one another have most lines in common, so their lanes take turns. */
template <class Offset>
HWY_INLINE void prefetchCells(const float* image, int64_t ahead, const Offset* offsets,
                              int64_t vector) {
  constexpr int64_t kEach = 4;
  const Offset* const turn = offsets + vector % kEach;
  for (int64_t lane = 0; lane < kLanes; lane += kEach) {
    __builtin_prefetch(image + ahead + turn[lane], 0, 2);
  }
}

/** Cells of a tile: of pieces of rows below one another, whose cells have most lines in common. */
template <int kAxes, bool kSlopes, class Offset, int64_t kVectors = kGridVectors>
struct GridBatch {
  HWY_ALIGN Offset offsets[kVectors][kLanes];
  HWY_ALIGN float weight[kVectors][kAxes][2][kLanes];
  HWY_ALIGN float slope[kSlopes ? kVectors : 1][kAxes][2][kLanes];
  /** The first position of a vector, and how many it has. */
  int64_t first[kVectors];
  int64_t lanes[kVectors];

  /** Vector k has the n positions from `position`. */
  HWY_INLINE void put(int64_t k, const GridFrame& frame, const float* grid, int64_t position,
                      int64_t n) {
    VecF coordinate[3];
    loadCoordinates<kAxes>(grid + kAxes * position, n, coordinate);
    put(k, frame, PaddedCells<kAxes>(frame, coordinate), position, n);
  }

  HWY_INLINE void put(int64_t k, const GridFrame& frame, const PaddedCells<kAxes>& cells,
                      int64_t position, int64_t n) {
    const F32 d;
    const I32 di;
    const GridSampleArgs& args = *frame.args;
    const VecI* const at = cells.cell;
    first[k] = position;
    lanes[k] = n;
    for (int r = 0; r < kAxes; ++r) {
      const Sides& sides = cells.sides[r];
      for (int side = 0; side < 2; ++side) {
        hn::Store(sides.weight[side], d, weight[k][r][side]);
        if constexpr (kSlopes) hn::Store(sides.slope[side], d, slope[k][r][side]);
      }
    }
    if constexpr (sizeof(Offset) == 4) {
      VecI row = at[1];
      if constexpr (kAxes == 3) {
        row = hn::Add(hn::Mul(at[2], hn::Set(di, int32_t(args.size[1]))), row);
      }
      const VecI voxel = hn::Add(hn::Mul(row, hn::Set(di, int32_t(args.size[0]))), at[0]);
      const hn::Rebind<uint32_t, F32> du;
      hn::Store(hn::BitCast(du, voxel), du, offsets[k]);
    } else {
      HWY_ALIGN int32_t cell[3][kLanes] = {};
      for (int r = 0; r < kAxes; ++r) hn::Store(at[r], di, cell[r]);
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        offsets[k][lane] =
            (cell[2][lane] * args.size[1] + cell[1][lane]) * args.size[0] + cell[0][lane];
      }
    }
  }
};

/** voxelsAhead() of the middle of a chunk. */
template <int kAxes>
HWY_INLINE int64_t chunkAhead(const GridFrame& frame, const GridSampleRows& rows,
                              const GridSampleChunk& chunk, const float* grid) {
  if (kAxes == 2) return 0;
  const int64_t* const size = frame.args->size;
  const int64_t middle = (chunk.rows.begin + chunk.rows.end) / 2 * rows.width +
                         (chunk.columns.begin + chunk.columns.end) / 2;
  return voxelsAhead(size, chunk.slices, [&](int64_t slice, int64_t cell[3]) HWY_ATTR {
    GridBatch<kAxes, false, int64_t, 1> batch;
    batch.put(0, frame, grid, slice * rows.height * rows.width + middle, 1);
    const int64_t row = batch.offsets[0][0] / size[0];
    cell[0] = batch.offsets[0][0] % size[0];
    cell[1] = row % size[1];
    cell[2] = row / size[1];
  });
}

/** Calls body(batch, count, ahead) for the tiles of a chunk; `image` is the item's first channel.
 */
template <int kAxes, bool kSlopes, class Offset, class Body>
HWY_INLINE void forEachTile(const GridFrame& frame, const GridSampleChunks& chunks,
                            const GridSampleChunk& chunk, const float* grid, const float* image,
                            Body&& body) {
  // What the first slice reads has to be asked for at once: the far side of the cells.
  const int64_t farSide = kAxes == 3 ? frame.strides.z : frame.strides.y;
  const int64_t known = chunkAhead<kAxes>(frame, chunks, chunk, grid);
  int64_t ahead = farSide;
  for (int64_t z = chunk.slices.begin; z < chunk.slices.end; ++z) {
    for (int64_t y = chunk.rows.begin; y < chunk.rows.end; y += kGridTileRows) {
      const int64_t left = chunk.rows.end - y;
      const int64_t rows = left < kGridTileRows ? left : kGridTileRows;
      const int64_t columns = kGridVectors / rows * kLanes;
      for (int64_t x = chunk.columns.begin; x < chunk.columns.end; x += columns) {
        GridBatch<kAxes, kSlopes, Offset> batch;
        const int64_t end = x + columns < chunk.columns.end ? x + columns : chunk.columns.end;
        // The tile beside it comes next, or the first one of the rows below, or of the next slice.
        const int64_t below = y + kGridTileRows < chunk.rows.end
                                  ? kGridTileRows
                                  : chunks.height - (y - chunk.rows.begin);
        const int64_t next =
            end < chunk.columns.end ? columns : below * chunks.width - (x - chunk.columns.begin);
        int64_t k = 0;
        for (int64_t i = x; i < end; i += kLanes) {
          for (int64_t row = 0; row < rows; ++row, ++k) {
            const int64_t position = (z * chunks.height + y + row) * chunks.width + i;
            prefetchGrid<kAxes>(grid + kAxes * (position + next));
            batch.put(k, frame, grid, position, end - i < kLanes ? end - i : kLanes);
            prefetchCells(image, ahead, batch.offsets[k], k);
          }
        }
        body(batch, k, ahead);
      }
    }
    ahead = known != 0 ? known : farSide;
  }
}

/** Calls body(position) for all of a chunk. */
template <class Body>
HWY_INLINE void forEachPosition(const GridSampleChunks& chunks, const GridSampleChunk& chunk,
                                Body&& body) {
  for (int64_t z = chunk.slices.begin; z < chunk.slices.end; ++z) {
    for (int64_t y = chunk.rows.begin; y < chunk.rows.end; ++y) {
      const int64_t row = (z * chunks.height + y) * chunks.width;
      for (int64_t x = chunk.columns.begin; x < chunk.columns.end; ++x) body(row + x);
    }
  }
}

/** The taps of one position, whatever the mode. */
struct PositionTaps {
  GridSampleTaps axis[3];
};

inline HWY_NOINLINE void positionTaps(const GridSampleArgs& args, const float* coordinates,
                                      PositionTaps* taps) {
  for (int r = 0; r < args.axes; ++r) {
    taps->axis[r] = gridSampleTaps(double(coordinates[r]), args.size[r], args.mode, args.padding,
                                   args.alignCorners);
  }
  if (args.axes == 2) taps->axis[2] = {1, {0}, {1}, {0}};
}

/** Calls body(x, y, z, weight) for the taps with a weight. */
template <class Body>
HWY_INLINE void forEachTap(const PositionTaps& taps, Body&& body) {
  const GridSampleTaps& tx = taps.axis[0];
  const GridSampleTaps& ty = taps.axis[1];
  const GridSampleTaps& tz = taps.axis[2];
  for (int c = 0; c < tz.count; ++c) {
    for (int b = 0; b < ty.count; ++b) {
      const double row = tz.weight[c] * ty.weight[b];
      for (int a = 0; a < tx.count; ++a) {
        const double weight = row * tx.weight[a];
        if (weight != 0) body(tx.index[a], ty.index[b], tz.index[c], weight);
      }
    }
  }
}

/** Whether cells of two voxels along x can be loaded, and the mode is linear. */
HWY_INLINE bool takesCells(const GridSampleArgs& args) {
  return args.mode == VK_SAMPLING_LINEAR && args.size[0] > 1;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
