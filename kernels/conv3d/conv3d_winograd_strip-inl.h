// Values of a strip of tiles with channels in the lanes, for the gradient of weights in Winograd's
// domain. Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_winograd-inl.h"
#include "conv3d/conv3d_winograd.h"
#include "conv3d/conv3d_winograd_weights.h"
#include "core/parallel.h"

#if defined(VK_CONV3D_WINOGRAD_STRIP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_STRIP_INL_H
#undef VK_CONV3D_WINOGRAD_STRIP_INL_H
#else
#define VK_CONV3D_WINOGRAD_STRIP_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kStripLanes = static_cast<int>(hn::MaxLanes(WinogradTag()));

/** `Outputs` upstreams of a tile to values: the transposed transformSums. */
template <int Outputs>
HWY_ATTR HWY_INLINE void transformUpstreams(const WinogradVec* u, WinogradVec* values) {
  const WinogradTag d;
  if constexpr (Outputs == 1) {
    values[0] = u[0];
  } else {
    static_assert(Outputs == 4);
    const WinogradVec even = hn::Add(u[0], u[2]);
    const WinogradVec odd = hn::Add(u[1], u[3]);
    values[0] = u[0];
    values[1] = hn::Add(even, odd);
    values[2] = hn::Sub(even, odd);
    const auto at = [&](float x) HWY_ATTR {
      const WinogradVec point = hn::Set(d, x);
      const WinogradVec square = hn::Set(d, x * x);
      return hn::MulAdd(point, hn::MulAdd(square, u[3], u[1]), hn::MulAdd(square, u[2], u[0]));
    };
    values[3] = at(0.5f);
    values[4] = at(-2.0f);
    values[5] = u[3];
  }
}

/** As many vectors as a vector has lanes, transposed: each step turns the number of vector and lane
 * by one bit. */
template <int Step = 1>
HWY_ATTR HWY_INLINE void transpose(WinogradVec* vectors) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (Step < kStripLanes) {
    const WinogradTag d;
    WinogradVec turned[kStripLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kStripLanes / 2; ++i) {
      const WinogradVec a = vectors[2 * i], b = vectors[2 * i + 1];
      turned[i] = hn::ConcatEven(d, b, a);
      turned[i + kStripLanes / 2] = hn::ConcatOdd(d, b, a);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kStripLanes; ++i) vectors[i] = turned[i];
    transpose<2 * Step>(vectors);
  }
#else
  (void)vectors;
#endif
}

/** Channels of one image, and what lies outside of them. */
struct StripVolume {
  const float* data;
  const int64_t* size;
  const int64_t* padding;
  int64_t channels;
};

/** Transforms strips of tiles of Z x 4 x 4 upstreams, or of the inputs that those meet. */
template <int Z, bool Input>
class StripValues {
  static constexpr int kTile = 4;
  static constexpr int kPlanes = winogradValues(Z);
  static constexpr int kRows = winogradValues(kTile);
  /** What a tile reads along z, and along y and x. */
  static constexpr int kFromPlanes = Input ? kPlanes : Z;
  static constexpr int kFrom = Input ? kRows : kTile;

 public:
  StripValues(const WinogradWeightsTiling& tiling, const StripVolume& volume, const float* zeros,
              float* lines, float* columns, int64_t tileFloats)
      : t_(tiling),
        volume_(volume),
        zeros_(zeros),
        lines_(lines),
        columns_(columns),
        tileFloats_(tileFloats),
        valueFloats_(tiling.batchTiles * tileFloats) {}

  /** Values of tiles (z, y, x), (z, y, x + 1), ... to [value][tile][channel]. */
  HWY_ATTR void run(const int64_t* tile, int64_t tiles, float* values) {
    pointAt(tile);
    const int64_t first = kTile * tile[2] - volume_.padding[2];
    const int64_t end = first + kTile * tiles + kFrom - kTile;
    inside_.begin = first < 0 ? 0 : first;
    inside_.end = end < volume_.size[2] ? end : volume_.size[2];
    if (inside_.end < inside_.begin) inside_.end = inside_.begin;
    before_ = inside_.begin - first < end - first ? inside_.begin - first : end - first;
    for (int64_t c = 0; c < volume_.channels; c += kStripLanes) {
      const int64_t left = volume_.channels - c;
      const int count = left < kStripLanes ? static_cast<int>(left) : kStripLanes;
      for (int i = 0; i < count; ++i) transformLines(c + i, lines_ + i * t_.rowFloats);
      for (int ab = 0; ab < kPlanes * kRows; ++ab) {
        turn(lines_ + ab * t_.lineFloats, count, end - first);
        transformTiles(tiles, values + ab * kRows * valueFloats_ + c);
      }
    }
  }

 private:
  HWY_ATTR void pointAt(const int64_t* tile) {
    const int64_t voxels = volume_.size[0] * volume_.size[1] * volume_.size[2];
    for (int k = 0; k < kFromPlanes; ++k) {
      const int64_t z = Z * tile[0] + k - volume_.padding[0];
      for (int j = 0; j < kFrom; ++j) {
        const int64_t y = kTile * tile[1] + j - volume_.padding[1];
        const bool inside = z >= 0 && z < volume_.size[0] && y >= 0 && y < volume_.size[1];
        const int row = k * kFrom + j;
        rows_[row] = inside ? volume_.data + (z * volume_.size[1] + y) * volume_.size[2] : zeros_;
        steps_[row] = inside ? voxels : 0;
      }
    }
  }

  /** One channel along z and y, x in the lanes. */
  HWY_ATTR HWY_NOINLINE void transformLines(int64_t channel, float* to) const {
    const WinogradTag d;
    const float* rows[kFromPlanes * kFrom];
    int64_t steps[kFromPlanes * kFrom];
    for (int r = 0; r < kFromPlanes * kFrom; ++r) {
      steps[r] = steps_[r];
      rows[r] = rows_[r] + channel * steps_[r];
    }
    for (int64_t x = inside_.begin; x < inside_.end; x += kStripLanes, to += kStripLanes) {
      const int64_t rest = inside_.end - x;
      // The next channel's.
#pragma GCC unroll 4
      for (int r = 0; r < kFromPlanes * kFrom; ++r)
        __builtin_prefetch(rows[r] + steps[r] + x, 0, 2);
      WinogradVec alongZ[kPlanes * kFrom];
#pragma GCC unroll 6
      for (int j = 0; j < kFrom; ++j) {
        WinogradVec voxels[kFromPlanes], values[kPlanes];
#pragma GCC unroll 6
        for (int k = 0; k < kFromPlanes; ++k) voxels[k] = load(rows[k * kFrom + j] + x, rest);
        transform<Z>(voxels, values);
#pragma GCC unroll 6
        for (int a = 0; a < kPlanes; ++a) alongZ[a * kFrom + j] = values[a];
      }
      for (int a = 0; a < kPlanes; ++a) {
        WinogradVec values[kRows];
        transform<kTile>(alongZ + a * kFrom, values);
#pragma GCC unroll 6
        for (int b = 0; b < kRows; ++b) {
          hn::StoreU(values[b], d, to + (a * kRows + b) * t_.lineFloats);
        }
      }
    }
  }

  template <int Outputs>
  static HWY_ATTR HWY_INLINE void transform(const WinogradVec* from, WinogradVec* values) {
    if constexpr (Input) {
      transformInputs<Outputs>(from, 1, values);
    } else {
      transformUpstreams<Outputs>(from, values);
    }
  }

  /** The first `rest` lanes, and zeros. Only with masks does a load end there. */
  static HWY_ATTR HWY_INLINE WinogradVec load(const float* from, int64_t rest) {
    const WinogradTag d;
    if (rest >= kStripLanes) return hn::LoadU(d, from);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(rest)), d, from);
#else
    HWY_ALIGN float values[kStripLanes];
    for (int64_t i = 0; i < kStripLanes; ++i) values[i] = i < rest ? from[i] : 0;
    return hn::Load(d, values);
#endif
  }

  /** One value of `count` channels to columns [x][channel], zeros outside the volume. */
  HWY_ATTR HWY_NOINLINE void turn(const float* line, int count, int64_t width) const {
    const WinogradTag d;
    float* to = columns_;
    const auto zeroUntil = [&](int64_t x) HWY_ATTR {
      for (; to < columns_ + x * kStripLanes; to += kStripLanes) hn::StoreU(hn::Zero(d), d, to);
    };
    zeroUntil(before_);
    for (int64_t x = inside_.begin; x < inside_.end; x += kStripLanes, line += kStripLanes) {
      WinogradVec vectors[kStripLanes];
      if (count == kStripLanes) {
#pragma GCC unroll 16
        for (int c = 0; c < kStripLanes; ++c) vectors[c] = hn::LoadU(d, line + c * t_.rowFloats);
      } else {
        for (int c = 0; c < kStripLanes; ++c) {
          vectors[c] = c < count ? hn::LoadU(d, line + c * t_.rowFloats) : hn::Zero(d);
        }
      }
      transpose(vectors);
#pragma GCC unroll 16
      for (int i = 0; i < kStripLanes; ++i, to += kStripLanes) hn::StoreU(vectors[i], d, to);
    }
    zeroUntil(width);
  }

  /** Columns along x: values of a vector of channels of all tiles. */
  HWY_ATTR HWY_NOINLINE void transformTiles(int64_t tiles, float* to) const {
    const WinogradTag d;
    const float* from = columns_;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      WinogradVec voxels[kFrom], values[kRows];
#pragma GCC unroll 6
      for (int i = 0; i < kFrom; ++i) voxels[i] = hn::LoadU(d, from + i * kStripLanes);
      transform<kTile>(voxels, values);
#pragma GCC unroll 6
      for (int e = 0; e < kRows; ++e) hn::StoreU(values[e], d, to + e * valueFloats_);
      from += kTile * kStripLanes;
      to += tileFloats_;
    }
  }

  const WinogradWeightsTiling& t_;
  StripVolume volume_;
  const float* zeros_;
  float* lines_;
  float* columns_;
  int64_t tileFloats_;
  int64_t valueFloats_;
  /** Rows of the first channel, and how far apart its channels lie. */
  const float* rows_[kFromPlanes * kFrom];
  int64_t steps_[kFromPlanes * kFrom];
  /** Voxels of a row that lie in the strip, and columns before them. */
  Range inside_;
  int64_t before_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
