// Values of a block of tiles of stride 2 along y and x. Included after core/simd_begin.h, once an
// instruction set.
//
// Tiles share a ninth of their input along such an axis, so each channel is read anew for each
// block, to memory that stays in the second-level cache. Inputs between those of the outer taps are
// values as they are: they are not stored again along z and y.
#include "conv3d/conv3d_winograd.h"
#include "conv3d/conv3d_winograd_tiles-inl.h"
#include "core/parallel.h"

#if defined(VK_CONV3D_WINOGRAD_STRIDED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_STRIDED_INL_H
#undef VK_CONV3D_WINOGRAD_STRIDED_INL_H
#else
#define VK_CONV3D_WINOGRAD_STRIDED_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Reads and transforms the input of one task, tiles of Z x 4 x 4 outputs. */
template <int Z, int M, int StrideZ>
class WinogradStridedValues {
  static_assert(M == 4);
  static constexpr int kPlanes = winogradValues(Z, StrideZ);
  static constexpr int kRows = winogradValues(M, 2);
  static constexpr int kSlice = kRows * kRows;
  /** Values that are sums along an axis, the first ones. */
  static constexpr int kPlaneSums = winogradSums(Z, StrideZ);
  static constexpr int kRowSums = winogradSums(M, 2);
  /** Inputs from a tile to the next. */
  static constexpr int kPlaneStep = Z * StrideZ;
  static constexpr int kStep = 2 * M;

 public:
  /** Scratch memory is taken from `scratch`. */
  HWY_ATTR WinogradStridedValues(const Conv3dArgs& args, const WinogradTiling& tiling,
                                 const WinogradTask& task, Range channels, float*& scratch)
      : args_(args),
        tiling_(tiling),
        task_(task),
        channels_(channels),
        apart_(tiling.alongZFloats),
        planeFloats_(kStep * kStep * apart_) {
    const auto take = [&scratch](int64_t floats) {
      float* const piece = scratch;
      scratch += floats;
      return piece;
    };
    planes_ = take(kPlanes * planeFloats_);
    alongZ_ = take(kPlaneSums * planeFloats_);
    alongY_ = take(kRowSums * kStep * apart_);
    line_ = take(tiling.lineFloats);
    inVoxels_ = args.inSize[0] * args.inSize[1] * args.inSize[2];
    input_ = static_cast<const float*>(args.input) +
             (task.image * args.groups + task.group) * args.inChannels * inVoxels_;
    column_ = task.count[2] + 1;
    rows_ = kStep * task.count[1] + kRows - kStep;
    firstX_ = kStep * task.first[2] - args.paddingBegin[2];
    const int64_t columns = kStep * task.count[2] + kRows - kStep;
    inside_ = {firstX_ < 0 ? -firstX_ : 0,
               args.inSize[2] - firstX_ < columns ? args.inSize[2] - firstX_ : columns};
    if (inside_.begin > columns) inside_.begin = columns;
    if (inside_.end < inside_.begin) inside_.end = inside_.begin;
  }

  /** Nothing is read before it is transformed. */
  HWY_ATTR int64_t expect(int64_t) { return 0; }
  HWY_ATTR void read(int64_t) {}

  /** Values of `count` planes of tiles. */
  HWY_ATTR void transform(int64_t first, int64_t count, float* values) {
    const int64_t planeTiles = task_.count[1] * task_.count[2];
    for (int64_t channel = channels_.begin; channel < channels_.end; ++channel) {
      for (int64_t plane = 0; plane < count; ++plane) {
        for (int k = 0; k < kPlanes; ++k) {
          dealPlane(channel, kPlaneStep * (first + plane) + k, planes_ + k * planeFloats_);
        }
        if constexpr (kPlaneSums > 0) transformAlongZ();
        for (int a = 0; a < kPlanes; ++a) {
          const float* const from = a < kPlaneSums
                                        ? alongZ_ + a * planeFloats_
                                        : planes_ + between(a - kPlaneSums, StrideZ) * planeFloats_;
          transformAlongY(from);
          transformAlongX(from,
                          values + a * kSlice * tiling_.valueFloats + channel * tiling_.blockTiles +
                              plane * planeTiles,
                          tiling_.blockTiles - plane * planeTiles);
        }
      }
    }
  }

 private:
  static constexpr int64_t kLineFloats = 16;
  /** So many planes ahead the input is asked for. */
  static constexpr int64_t kPlanesAhead = 2;

  static HWY_ATTR int64_t lanes() { return static_cast<int64_t>(hn::Lanes(WinogradTag())); }
  /** Of a tile's inputs, number i of those that are values. */
  static constexpr int between(int i, int stride) { return stride == 1 ? i : 2 * i + 1; }

  /** From the first voxel of the task's tiles, which may lie outside; null if the row does. */
  HWY_ATTR const float* rowAt(int64_t channel, int64_t plane, int64_t row) const {
    const int64_t z = plane - args_.paddingBegin[0];
    const int64_t y = kStep * task_.first[1] + row - args_.paddingBegin[1];
    if (z < 0 || z >= args_.inSize[0] || y < 0 || y >= args_.inSize[1]) return nullptr;
    return input_ + channel * inVoxels_ + (z * args_.inSize[1] + y) * args_.inSize[2] + firstX_;
  }

  /** A plane to [row modulo 8][column modulo 8][tile]. */
  HWY_ATTR HWY_NOINLINE void dealPlane(int64_t channel, int64_t plane, float* to) const {
    for (int64_t row = 0; row < rows_; ++row) {
      const float* const later = rowAt(channel, plane + kPlanesAhead, row);
      for (int64_t x = inside_.begin; later != nullptr && x < inside_.end; x += kLineFloats) {
        __builtin_prefetch(later + x, 0, 2);
      }
      fillLine(rowAt(channel, plane, row));
      dealLine(to + row % kStep * kStep * apart_ + row / kStep * column_);
    }
  }

  HWY_ATTR HWY_INLINE void fillLine(const float* row) const {
    const WinogradTag d;
    const int64_t columns = kStep * task_.count[2] + kRows - kStep;
    const Range inside = row != nullptr ? inside_ : Range{columns, columns};
    int64_t x = 0;
    for (; x < inside.begin; ++x) line_[x] = 0;
    for (; x + lanes() <= inside.end; x += lanes()) hn::StoreU(hn::LoadU(d, row + x), d, line_ + x);
    for (; x < inside.end; ++x) line_[x] = row[x];
    for (; x < columns; ++x) line_[x] = 0;
  }

  /** With rubbish beyond the last tile, which the next row overwrites. */
  HWY_ATTR HWY_INLINE void dealLine(float* to) const {
    const int64_t width = task_.count[2];
    for (int64_t x = 0; x < width; x += lanes()) {
      const float* const from = line_ + kStep * x;
#if HWY_TARGET == HWY_SCALAR
      for (int i = 0; i < kStep; ++i) to[i * apart_ + x] = from[i];
#else
      const WinogradTag d;
      WinogradVec low[M], high[M];
      loadDealt<M>(from, low);
      loadDealt<M>(from + M * lanes(), high);
#pragma GCC unroll 4
      for (int i = 0; i < M; ++i) {
        hn::StoreU(hn::ConcatEven(d, high[i], low[i]), d, to + i * apart_ + x);
        hn::StoreU(hn::ConcatOdd(d, high[i], low[i]), d, to + (i + M) * apart_ + x);
      }
#endif
    }
    to[width] = line_[kStep * width];
  }

  HWY_ATTR HWY_NOINLINE void transformAlongZ() const {
    const WinogradTag d;
    for (int y = 0; y < kStep; ++y) {
      const int64_t tiles = (task_.count[1] + (y == 0 ? 1 : 0)) * column_;
      for (int x = 0; x < kStep; ++x) {
        const int64_t region = (y * kStep + x) * apart_;
        for (int64_t at = region; at < region + tiles; at += lanes()) {
          WinogradVec inputs[kPlaneSums], values[kPlaneSums];
#pragma GCC unroll 6
          for (int k = 0; k < kPlaneSums; ++k) {
            inputs[k] = hn::LoadU(d, planes_ + StrideZ * k * planeFloats_ + at);
          }
          if constexpr (StrideZ == 1) {
            transformInputs<Z>(inputs, 1, values);
          } else {
            transformOuter<Z>(inputs, 1, values);
          }
#pragma GCC unroll 6
          for (int a = 0; a < kPlaneSums; ++a) {
            hn::StoreU(values[a], d, alongZ_ + a * planeFloats_ + at);
          }
        }
      }
    }
  }

  HWY_ATTR HWY_NOINLINE void transformAlongY(const float* from) const {
    const WinogradTag d;
    for (int x = 0; x < kStep; ++x) {
      for (int64_t at = 0; at < task_.count[1] * column_; at += lanes()) {
        WinogradVec inputs[kRowSums], values[kRowSums];
#pragma GCC unroll 5
        for (int i = 0; i < kRowSums; ++i) {
          inputs[i] = hn::LoadU(
              d, from + (2 * i % kStep * kStep + x) * apart_ + 2 * i / kStep * column_ + at);
        }
        transformOuter<M>(inputs, 1, values);
#pragma GCC unroll 5
        for (int b = 0; b < kRowSums; ++b) {
          hn::StoreU(values[b], d, alongY_ + (b * kStep + x) * apart_ + at);
        }
      }
    }
  }

  /** To values at `to` and on, with rubbish beyond the last tile while there is `room`. */
  HWY_ATTR HWY_NOINLINE void transformAlongX(const float* plane, float* to, int64_t room) const {
    forEachTileVector(
        task_.count[1], task_.count[2], [&](int64_t at, int64_t tile, auto order) HWY_ATTR {
          for (int b = 0; b < kRows; ++b) {
            const float* const rows = b < kRowSums
                                          ? alongY_ + b * kStep * apart_
                                          : plane + between(b - kRowSums, 2) * kStep * apart_;
            transformVectors(rows + at, to + b * kRows * tiling_.valueFloats + tile, room - tile,
                             order);
          }
        });
  }

  template <class Order>
  HWY_ATTR HWY_INLINE void transformVectors(const float* from, float* to, int64_t room,
                                            Order order) const {
    const WinogradTag d;
    WinogradVec inputs[kRowSums], values[kRows];
#pragma GCC unroll 5
    for (int i = 0; i < kRowSums; ++i) {
      inputs[i] = hn::LoadU(d, from + 2 * i % kStep * apart_ + 2 * i / kStep);
    }
    transformOuter<M>(inputs, 1, values);
#pragma GCC unroll 4
    for (int i = 0; i < M; ++i) {
      values[kRowSums + i] = hn::LoadU(d, from + between(i, 2) * apart_);
    }
#pragma GCC unroll 9
    for (int e = 0; e < kRows; ++e) {
      float* const place = to + e * tiling_.valueFloats;
      // With three planes the values lie beyond the second-level cache: the next channel's place is
      // asked for.
      __builtin_prefetch(place + tiling_.blockTiles, 1, 2);
      storeTiles(order(values[e]), place, room);
    }
  }

  const Conv3dArgs& args_;
  const WinogradTiling& tiling_;
  const WinogradTask& task_;
  Range channels_;
  /** Floats from one column of a tile's inputs to the next, and of a plane. */
  int64_t apart_;
  int64_t planeFloats_;
  const float* input_;
  int64_t inVoxels_;
  /** Tiles of a row with one more for what its last tile needs. */
  int64_t column_;
  /** Input rows of the task, of each plane. */
  int64_t rows_;
  /** Where its rows begin, and what of them lies inside. */
  int64_t firstX_;
  Range inside_;
  /** A tile's planes of one channel, their sums along z, those of one along y, and an input row
   * with its padding. */
  float* planes_;
  float* alongZ_;
  float* alongY_;
  float* line_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
