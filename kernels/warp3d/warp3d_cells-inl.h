// Where the samples of one vector of output voxels lie: the cell (floor of the position) and the
// fraction within it. Included by the warp3d kernels once an instruction set.
#if defined(VK_WARP3D_CELLS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_WARP3D_CELLS_INL
#undef VK_WARP3D_CELLS_INL
#else
#define VK_WARP3D_CELLS_INL
#endif

#include <hwy/highway.h>

#include "warp3d/warp3d.h"
#include "warp3d/warp3d_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using I32 = hn::Rebind<int32_t, F32>;
using VecF = hn::Vec<F32>;
using VecI = hn::Vec<I32>;

constexpr int64_t kLanes = HWY_LANES(float);

/** Adding this to |v| < 2^22 leaves floor-free integer bits in the mantissa: a conversion that,
 * unlike a cast, is monotonic up to where it saturates, and costs one addition. */
constexpr float kRoundMagic = 12582912.0f;
constexpr int32_t kRoundMagicBits = 0x4B400000;

/** Cell indices are whole voxels, fractions in [0, 1]. */
struct Cells {
  VecF fx, fy, fz;
  VecI x, y, z;
};

/** What stays the same over a call. */
struct Frame {
  const Warp3dArgs* args;
  int64_t size[3];           // of the moving image
  int64_t volume;            // voxels of it
  int64_t domainCount;       // stride of the displacement's components
  VecF stepX, stepY, stepZ;  // lane number times the map's first column
  VecF displacement[9];
  const float* u;  // null when there is none
  const float* points;
  int64_t ahead;  // voxelsAhead(), or 0
};

HWY_INLINE Frame makeFrame(const Warp3dArgs& args) {
  const F32 d;
  Frame frame;
  frame.args = &args;
  frame.size[0] = args.movingSize.x;
  frame.size[1] = args.movingSize.y;
  frame.size[2] = args.movingSize.z;
  frame.volume = args.movingSize.count();
  frame.domainCount = args.domainSize.count();
  const VecF lane = hn::Iota(d, 0);
  frame.stepX = hn::Mul(lane, hn::Set(d, float(args.indexMap[0])));
  frame.stepY = hn::Mul(lane, hn::Set(d, float(args.indexMap[4])));
  frame.stepZ = hn::Mul(lane, hn::Set(d, float(args.indexMap[8])));
  for (int k = 0; k < 9; ++k) frame.displacement[k] = hn::Set(d, float(args.displacementMap[k]));
  frame.u = static_cast<const float*>(args.displacement);
  frame.points = static_cast<const float*>(args.points);
  frame.ahead = 0;
  return frame;
}

/** Loads the first n of a vector, the rest zero; never touches what lies behind. */
HWY_INLINE VecF loadFirst(const float* from, int64_t n) {
  const F32 d;
  if (HWY_LIKELY(n == kLanes)) return hn::LoadU(d, from);
  HWY_ALIGN float buffer[kLanes] = {};
  for (int64_t k = 0; k < n; ++k) buffer[k] = from[k];
  return hn::Load(d, buffer);
}

HWY_INLINE void storeFirst(VecF v, float* to, int64_t n) {
  const F32 d;
  if (HWY_LIKELY(n == kLanes)) {
    hn::StoreU(v, d, to);
    return;
  }
  HWY_ALIGN float buffer[kLanes];
  hn::Store(v, d, buffer);
  for (int64_t k = 0; k < n; ++k) to[k] = buffer[k];
}

/** Vectors of output voxels whose cells are found together. */
constexpr int64_t kBatchVectors = 16;
constexpr int64_t kBatchVoxels = kBatchVectors * kLanes;

/** One row of the output grid. */
struct Row {
  int64_t number;
  double start[3];  // index_map of its first voxel
  double step[3];
  const float* u;  // its displacements, x component

  HWY_INLINE Row(const Frame& frame, int64_t row) : number(row), u(nullptr) {
    const Warp3dArgs& args = *frame.args;
    const double iy = double(row % args.domainSize.y);
    const double iz = double(row / args.domainSize.y);
    for (int r = 0; r < 3; ++r) {
      const double* map = args.indexMap + 4 * r;
      start[r] = map[1] * iy + map[2] * iz + map[3];
      step[r] = map[0];
    }
    if (frame.u != nullptr) u = frame.u + row * args.domainSize.x;
  }
};

/** Where the map takes the first voxels of consecutive vectors: found in f64, so that what is left
 * to f32 is small and the result is good to about 1e-6 voxels however far from the origin. */
struct Starts {
  /** Of one lane each, a piece of a row has so many. */
  static constexpr int64_t kMost = 64;
  HWY_ALIGN float fraction[3][kMost];
  /** Less kRoundMagicBits. */
  HWY_ALIGN int32_t cell[3][kMost];

  HWY_INLINE Starts(const Row& row, int64_t first, int64_t vectors) {
    const hn::ScalableTag<double> d;
    const hn::Rebind<float, decltype(d)> df;
    const hn::Rebind<int32_t, decltype(d)> di;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    const auto far = hn::Set(d, 2.0 * double(kWarp3dFar));
    for (int64_t k = 0; k < vectors; k += lanes) {
      const auto voxel =
          hn::MulAdd(hn::Iota(d, double(k)), hn::Set(d, double(kLanes)), hn::Set(d, double(first)));
      for (int r = 0; r < 3; ++r) {
        auto start = hn::Add(hn::Mul(hn::Set(d, row.step[r]), voxel), hn::Set(d, row.start[r]));
        start = hn::IfThenElse(hn::Lt(start, far), start, far);
        start = hn::IfThenElse(hn::Gt(start, hn::Neg(far)), start, hn::Neg(far));
        const auto whole = hn::Floor(start);
        hn::Store(hn::DemoteTo(df, hn::Sub(start, whole)), df, fraction[r] + k);
        hn::Store(hn::Sub(hn::DemoteTo(di, whole), hn::Set(di, kRoundMagicBits)), di, cell[r] + k);
      }
    }
  }
};

HWY_INLINE void gridCell(float start, int32_t startCell, VecF offset, VecI* cell, VecF* fraction) {
  const F32 d;
  const I32 di;
  const VecF relative = hn::Add(hn::Set(d, start), offset);
  const VecF whole = hn::Floor(relative);
  *fraction = hn::Sub(relative, whole);
  *cell = hn::Add(hn::BitCast(di, hn::Add(whole, hn::Set(d, kRoundMagic))), hn::Set(di, startCell));
}

/** Cells of the voxels [ix, ix + n) of a row, the vector after so many from the starts. */
template <bool kDense>
HWY_INLINE Cells gridCells(const Frame& frame, const Row& row, const Starts& starts, int64_t vector,
                           int64_t ix, int64_t n) {
  VecF offsetX = frame.stepX;
  VecF offsetY = frame.stepY;
  VecF offsetZ = frame.stepZ;
  if (kDense) {
    const VecF ux = loadFirst(row.u + ix, n);
    const VecF uy = loadFirst(row.u + ix + frame.domainCount, n);
    const VecF uz = loadFirst(row.u + ix + 2 * frame.domainCount, n);
    const VecF* m = frame.displacement;
    offsetX = hn::MulAdd(m[0], ux, hn::MulAdd(m[1], uy, hn::MulAdd(m[2], uz, offsetX)));
    offsetY = hn::MulAdd(m[3], ux, hn::MulAdd(m[4], uy, hn::MulAdd(m[5], uz, offsetY)));
    offsetZ = hn::MulAdd(m[6], ux, hn::MulAdd(m[7], uy, hn::MulAdd(m[8], uz, offsetZ)));
  }
  Cells cells;
  gridCell(starts.fraction[0][vector], starts.cell[0][vector], offsetX, &cells.x, &cells.fx);
  gridCell(starts.fraction[1][vector], starts.cell[1][vector], offsetY, &cells.y, &cells.fy);
  gridCell(starts.fraction[2][vector], starts.cell[2][vector], offsetZ, &cells.z, &cells.fz);
  return cells;
}

/** Positions in f64, for lists of points and for nearest neighbours, which must fall on the same
 * side of a tie as ITK's. */
struct ExactCells {
  HWY_ALIGN int32_t cell[3][kLanes];
  HWY_ALIGN float fraction[3][kLanes];
  HWY_ALIGN int32_t nearest[3][kLanes];
};

/** first: the first voxel of the row, or the first point, of this vector. */
HWY_INLINE void exactCells(const Frame& frame, int64_t row, int64_t first, int64_t n,
                           ExactCells* cells) {
  const Warp3dArgs& args = *frame.args;
  HWY_ALIGN float c[3][kLanes] = {};
  HWY_ALIGN float u[3][kLanes] = {};
  for (int r = 0; r < 3; ++r) {
    if (frame.points != nullptr) {
      for (int64_t k = 0; k < n; ++k) c[r][k] = frame.points[r * frame.domainCount + first + k];
    }
    if (frame.u != nullptr) {
      const float* from = frame.u + r * frame.domainCount + row * args.domainSize.x + first;
      for (int64_t k = 0; k < n; ++k) u[r][k] = from[k];
    }
  }
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const hn::Rebind<int32_t, decltype(d)> di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto far = hn::Set(d, 2.0 * double(kWarp3dFar));
  const double iy = double(row % args.domainSize.y);
  const double iz = double(row / args.domainSize.y);
  for (int64_t k = 0; k < kLanes; k += lanes) {
    auto cx = hn::Iota(d, double(first + k));
    auto cy = hn::Set(d, iy);
    auto cz = hn::Set(d, iz);
    if (frame.points != nullptr) {
      cx = hn::PromoteTo(d, hn::Load(df, c[0] + k));
      cy = hn::PromoteTo(d, hn::Load(df, c[1] + k));
      cz = hn::PromoteTo(d, hn::Load(df, c[2] + k));
    }
    const auto ux = hn::PromoteTo(d, hn::Load(df, u[0] + k));
    const auto uy = hn::PromoteTo(d, hn::Load(df, u[1] + k));
    const auto uz = hn::PromoteTo(d, hn::Load(df, u[2] + k));
    for (int r = 0; r < 3; ++r) {
      const double* map = args.indexMap + 4 * r;
      auto p =
          hn::Add(hn::Add(hn::Add(hn::Mul(hn::Set(d, map[0]), cx), hn::Mul(hn::Set(d, map[1]), cy)),
                          hn::Mul(hn::Set(d, map[2]), cz)),
                  hn::Set(d, map[3]));
      if (frame.u != nullptr) {
        const double* m = args.displacementMap + 3 * r;
        p = hn::Add(p,
                    hn::Add(hn::Add(hn::Mul(hn::Set(d, m[0]), ux), hn::Mul(hn::Set(d, m[1]), uy)),
                            hn::Mul(hn::Set(d, m[2]), uz)));
      }
      p = hn::IfThenElse(hn::Lt(hn::Abs(p), far), p, far);  // NaN goes far, too
      const auto whole = hn::Floor(p);
      hn::Store(hn::DemoteTo(di, whole), di, cells->cell[r] + k);
      hn::Store(hn::DemoteTo(df, hn::Sub(p, whole)), df, cells->fraction[r] + k);
      hn::Store(hn::DemoteTo(di, hn::Floor(hn::Add(p, hn::Set(d, 0.5)))), di,
                cells->nearest[r] + k);
    }
  }
}

HWY_INLINE Cells toCells(const ExactCells& exact) {
  const F32 d;
  const I32 di;
  return {hn::Load(d, exact.fraction[0]), hn::Load(d, exact.fraction[1]),
          hn::Load(d, exact.fraction[2]), hn::Load(di, exact.cell[0]),
          hn::Load(di, exact.cell[1]),    hn::Load(di, exact.cell[2])};
}

template <bool kDense, bool kPoints>
HWY_INLINE Cells cellsOf(const Frame& frame, const Row& row, const Starts& starts, int64_t vector,
                         int64_t first, int64_t n) {
  if (kPoints) {
    ExactCells exact;
    exactCells(frame, row.number, first, n, &exact);
    return toCells(exact);
  }
  return gridCells<kDense>(frame, row, starts, vector, first, n);
}

/** True for lanes with 0 <= index <= last on every axis. */
HWY_INLINE hn::Mask<I32> within(VecI x, VecI y, VecI z, const int32_t last[3]) {
  const I32 di;
  const auto below = hn::Or(hn::Or(x, y), z);
  const auto above =
      hn::Or(hn::Or(hn::Sub(hn::Set(di, last[0]), x), hn::Sub(hn::Set(di, last[1]), y)),
             hn::Sub(hn::Set(di, last[2]), z));
  return hn::Gt(hn::Or(below, above), hn::Set(di, -1));
}

/** The nearest voxels of the cells, halves up. */
HWY_INLINE VecI nearestOf(VecI cell, VecF fraction) {
  const F32 d;
  const I32 di;
  const auto up = hn::Ge(fraction, hn::Set(d, 0.5f));
  return hn::Add(cell, hn::IfThenElseZero(hn::RebindMask(di, up), hn::Set(di, 1)));
}

/** What is left to say of cells that are not all in the interior, for CONSTANT and CLAMP. */
struct Clamped {
  Cells cells;                           // every lane safe to load
  hn::Mask<F32> sampled;                 // otherwise the fill value
  hn::Mask<F32> movedX, movedY, movedZ;  // clamped on this axis: no slope
};

HWY_INLINE void clampAxis(VecI* cell, VecF* fraction, int64_t size, hn::Mask<F32> sampled,
                          hn::Mask<F32>* moved) {
  const F32 d;
  const I32 di;
  const VecI i = hn::IfThenElseZero(hn::RebindMask(di, sampled), *cell);
  const VecI last = hn::Set(di, int32_t(size) - 2);
  const auto high = hn::Gt(i, last);
  const auto low = hn::Lt(i, hn::Zero(di));
  *cell = hn::Max(hn::Min(i, last), hn::Zero(di));
  VecF f = hn::IfThenElse(hn::RebindMask(d, high), hn::Set(d, 1.0f), *fraction);
  *fraction = hn::IfThenZeroElse(hn::RebindMask(d, low), f);
  *moved = hn::RebindMask(d, hn::Or(low, high));
}

HWY_INLINE hn::Mask<I32> insideMask(const Frame& frame, const Cells& cells) {
  const int32_t last[3] = {int32_t(frame.size[0] - 1), int32_t(frame.size[1] - 1),
                           int32_t(frame.size[2] - 1)};
  return within(nearestOf(cells.x, cells.fx), nearestOf(cells.y, cells.fy),
                nearestOf(cells.z, cells.fz), last);
}

/** Lanes that have a position at all: not NaN, not absurdly far. */
HWY_INLINE hn::Mask<I32> positionMask(const Cells& cells) {
  const I32 di;
  const VecI shift = hn::Set(di, int32_t(kWarp3dFar));
  const int32_t last = int32_t(2 * kWarp3dFar);
  const int32_t lasts[3] = {last, last, last};
  return within(hn::Add(cells.x, shift), hn::Add(cells.y, shift), hn::Add(cells.z, shift), lasts);
}

HWY_INLINE Clamped clampCells(const Frame& frame, const Cells& cells) {
  const F32 d;
  Clamped clamped;
  clamped.cells = cells;
  clamped.sampled = hn::RebindMask(
      d, frame.args->border == VK_BORDER_CONSTANT ? insideMask(frame, cells) : positionMask(cells));
  Cells& c = clamped.cells;
  clampAxis(&c.x, &c.fx, frame.size[0], clamped.sampled, &clamped.movedX);
  clampAxis(&c.y, &c.fy, frame.size[1], clamped.sampled, &clamped.movedY);
  clampAxis(&c.z, &c.fz, frame.size[2], clamped.sampled, &clamped.movedZ);
  return clamped;
}

/** The cells of a vector as arrays, for lanes that go the slow way one by one. */
struct CellLanes {
  HWY_ALIGN int32_t cell[3][kLanes];
  HWY_ALIGN float fraction[3][kLanes];

  explicit HWY_INLINE CellLanes(const Cells& cells) {
    const F32 d;
    const I32 di;
    hn::Store(cells.x, di, cell[0]);
    hn::Store(cells.y, di, cell[1]);
    hn::Store(cells.z, di, cell[2]);
    hn::Store(cells.fx, d, fraction[0]);
    hn::Store(cells.fy, d, fraction[1]);
    hn::Store(cells.fz, d, fraction[2]);
  }
  HWY_INLINE void position(int64_t lane, double p[3]) const {
    for (int r = 0; r < 3; ++r) p[r] = double(cell[r][lane]) + double(fraction[r][lane]);
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
