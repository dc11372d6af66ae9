// The sums of the voxels that a block is adding samples to: a ring of the input's slices that are
// not complete, small enough to stay in the second-level cache. Included once an instruction set.
//
// Voxels are kept twice, once as the upper and once as the lower row of a cell, side by side: the
// four corners of a cell in one slice are then one vector of four. The rows are added to each other
// when a slice is complete.
#if defined(VK_GRID_SAMPLE_RING_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_GRID_SAMPLE_RING_INL
#undef VK_GRID_SAMPLE_RING_INL
#else
#define VK_GRID_SAMPLE_RING_INL
#endif

#include "core/simd_quad.h"
#include "grid_sample/grid_sample_blocks.h"
#include "grid_sample/grid_sample_cells-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** The widest vector. */
constexpr int64_t kRingVector = 16;

/** Of so many lanes one asks for its cell. */
constexpr int64_t kPrefetchEach = 5;

/** Of two floats a and b: a, a, b, b. */
HWY_INLINE Quad eachTwice(const float* two) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  const __m128 pair = _mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(two)));
  return _mm_unpacklo_ps(pair, pair);
#else
  return Quad{two[0], two[0], two[1], two[1]};
#endif
}

/** a, b, a, b. */
HWY_INLINE Quad bothTwice(const float* two) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return _mm_castpd_ps(_mm_loaddup_pd(reinterpret_cast<const double*>(two)));
#else
  return Quad{two[0], two[1], two[0], two[1]};
#endif
}

/** Cells and the weights of their sides along x, y, z. */
struct GridCells {
  VecI cell[3];
  VecF weight[3][2];
};

class SliceRing {
 public:
  /** `memory` has as many floats as floatsFor() the box says. */
  HWY_INLINE SliceRing(const GridSampleBox& box, float* memory)
      : box_(box), stride_(strideOf(box)), lowest_(box.begin[2]) {
    const F32 d;
    const int64_t before = zerosBefore(box);
    cells_ = memory + before;
    // The first slice is there twice, after the last one, too: so the second slice of a cell always
    // lies behind the first.
    const int64_t count = before + 2 * stride_ * (box.window + 1);
    for (int64_t i = 0; i < count; i += kLanes) hn::StoreU(hn::Zero(d), d, memory + i);
  }

  static HWY_INLINE int64_t floatsFor(const GridSampleBox& box) {
    return zerosBefore(box) + 2 * strideOf(box) * (box.window + 1) + kGridSampleSlack;
  }

  /** Gives byte offsets of the cells from cells(), or false if one does not lie in the box, or in
   * slices that the ring has no room for. */
  HWY_INLINE bool offsetsOf(const VecI cell[3], int32_t* offsets) const {
    const I32 di;
    const hn::Rebind<uint32_t, F32> du;
    const auto from = [&](int r, int32_t begin) HWY_ATTR {
      return hn::BitCast(du, hn::Sub(cell[r], hn::Set(di, begin)));
    };
    const auto below = [&](auto index, int32_t size)
                           HWY_ATTR { return hn::Lt(index, hn::Set(du, uint32_t(size - 1))); };
    const auto x = from(0, box_.begin[0]);
    const auto y = from(1, box_.begin[1]);
    const auto z = from(2, lowest_);
    const auto within =
        hn::And(hn::And(below(x, box_.size[0]), below(y, box_.size[1])), below(z, heldSlices()));
    if (HWY_UNLIKELY(!hn::AllTrue(du, within))) return false;
    // Modulo the window: what is below it becomes very large when it is taken off.
    const auto place = hn::Add(z, hn::Set(du, uint32_t(head_)));
    const auto ring = hn::Min(place, hn::Sub(place, hn::Set(du, uint32_t(box_.window))));
    const auto row = hn::Add(hn::Mul(y, hn::Set(du, uint32_t(box_.size[0]))), x);
    const auto index = hn::Add(hn::Mul(ring, hn::Set(du, uint32_t(stride_))), row);
    hn::Store(hn::BitCast(di, hn::ShiftLeft<3>(index)), di, offsets);
    return true;
  }

  HWY_INLINE char* cells() const { return reinterpret_cast<char*>(cells_); }
  /** Bytes from a cell to the one in the next slice. */
  HWY_INLINE int64_t besideBytes() const { return 2 * stride_ * int64_t{sizeof(float)}; }

  /** Asks for the cells of some lanes. */
  HWY_INLINE void prefetch(const int32_t* offsets) const {
    for (int64_t lane = 0; lane < kLanes; lane += kPrefetchEach) {
      __builtin_prefetch(cells() + offsets[lane], 1);
      __builtin_prefetch(cells() + besideBytes() + offsets[lane], 1);
    }
  }

  /** A voxel in the box and the window. */
  HWY_INLINE float* voxel(int64_t x, int64_t y, int64_t z) const {
    const int64_t ring = (z - lowest_ + head_) % box_.window;
    return cells_ + 2 * (ring * stride_ + (y - box_.begin[1]) * box_.size[0] + x - box_.begin[0]);
  }

  /** Writes the slices below `end` to the sums of the box and makes room for as many. */
  HWY_INLINE void completeTo(int32_t end, float* sums) {
    for (; lowest_ < end; ++lowest_) {
      float* const slice = cells_ + 2 * stride_ * head_;
      float* const to = sums + (lowest_ - box_.begin[2]) * box_.slice();
      if (head_ == 0) {
        takeRows<true>(slice, to);
      } else {
        takeRows<false>(slice, to);
      }
      head_ = head_ + 1 == box_.window ? 0 : head_ + 1;
    }
  }

 private:
  /** Cells of a slice: whole vectors, so that no two slices share one. */
  static HWY_INLINE int64_t strideOf(const GridSampleBox& box) {
    return roundUp(box.slice(), kRingVector);
  }
  /** Zeros, as if a row lay before the first. */
  static HWY_INLINE int64_t zerosBefore(const GridSampleBox& box) {
    return roundUp(2 * box.size[0], kRingVector);
  }

  /** Slices from the lowest that is not complete: not all that there is room for lie in the box. */
  HWY_INLINE int32_t heldSlices() const {
    const int32_t left = box_.begin[2] + box_.size[2] - lowest_;
    return left < box_.window ? left : box_.window;
  }

  /** Adds lower rows to the upper ones of the cells below, and clears both. The last row of a slice
   * has no cells: its lower row is what the first one lies below. */
  template <bool kTwice>
  HWY_INLINE void takeRows(float* slice, float* to) const {
    const F32 d;
    const int64_t row = 2 * int64_t{box_.size[0]};
    const int64_t copy = 2 * stride_ * box_.window;
    const int64_t count = box_.slice();
    for (int64_t i = 0; i < count; i += kLanes) {
      VecF upper, lower, rest;
      hn::LoadInterleaved2(d, slice + 2 * i, upper, rest);
      hn::LoadInterleaved2(d, slice + 2 * i - row, rest, lower);
      VecF sum = hn::Add(upper, lower);
      if (kTwice) {
        hn::LoadInterleaved2(d, slice + copy + 2 * i, upper, rest);
        hn::LoadInterleaved2(d, slice + copy + 2 * i - row, rest, lower);
        sum = hn::Add(sum, hn::Add(upper, lower));
      }
      hn::StoreU(sum, d, to + i);
    }
    for (int64_t i = 0; i < 2 * stride_; i += kLanes) {
      hn::StoreU(hn::Zero(d), d, slice + i);
      if (kTwice) hn::StoreU(hn::Zero(d), d, slice + copy + i);
    }
  }

  const GridSampleBox box_;
  const int64_t stride_;
  float* cells_;
  /** The lowest slice that is not complete, and its place. */
  int32_t lowest_;
  int32_t head_ = 0;
};

/** Vectors of samples that wait to be added to the ring: lane by lane, since a sum that overlaps
 * one stored just before by half would wait until that has left the processor. */
struct RingBatch {
  /** More would not stay in the first-level cache together with what they are added to. */
  static constexpr int64_t kVectors = 8;

  HWY_ALIGN int32_t offsets[kVectors][kLanes];
  HWY_ALIGN float alongX[kVectors][2][kLanes];
  /** Products of the weights along z and y: of one slice's two rows, then of the other's. */
  HWY_ALIGN float rows[kVectors][2][kLanes][2];
  /** The first position of a vector, and how many it has. */
  int64_t first[kVectors];
  int64_t lanes[kVectors];
  int64_t count = 0;

  HWY_INLINE bool full() const { return count == kVectors; }

  /** false, and nothing is added, if a cell is not within the ring. */
  HWY_INLINE bool add(const SliceRing& ring, const GridCells& at, int64_t position, int64_t n) {
    const F32 d;
    if (HWY_UNLIKELY(!ring.offsetsOf(at.cell, offsets[count]))) return false;
    for (int side = 0; side < 2; ++side) {
      hn::Store(at.weight[0][side], d, alongX[count][side]);
      hn::StoreInterleaved2(hn::Mul(at.weight[2][side], at.weight[1][0]),
                            hn::Mul(at.weight[2][side], at.weight[1][1]), d, rows[count][side][0]);
    }
    ring.prefetch(offsets[count]);
    first[count] = position;
    lanes[count++] = n;
    return true;
  }

  /** Adds all samples to the ring. notFinite(position, value) takes those that may go to no voxel
   * of weight 0. */
  template <class NotFinite>
  HWY_INLINE void addTo(const SliceRing& ring, const float* upstream, const NotFinite& notFinite) {
    const F32 d;
    HWY_ALIGN float values[kVectors][kLanes][2];
    for (int64_t k = 0; k < count; ++k) {
      VecF g = loadFirst(upstream + first[k], lanes[k]);
      const auto finite = hn::Eq(hn::Sub(g, g), hn::Zero(d));
      if (HWY_UNLIKELY(!hn::AllTrue(d, finite))) {
        for (int64_t i = first[k]; i < first[k] + lanes[k]; ++i) {
          if (!(upstream[i] - upstream[i] == 0)) notFinite(i, upstream[i]);
        }
        g = hn::IfThenElseZero(finite, g);
      }
      hn::StoreInterleaved2(hn::Mul(g, hn::Load(d, alongX[k][0])),
                            hn::Mul(g, hn::Load(d, alongX[k][1])), d, values[k][0]);
    }
    if (HWY_LIKELY(full())) {
      addLanes(ring, values, kVectors);
    } else {
      addLanes(ring, values, count);
    }
    count = 0;
  }

 private:
  HWY_INLINE void addLanes(const SliceRing& ring, const float (*values)[kLanes][2],
                           int64_t vectors) const {
    char* const cells = ring.cells();
    char* const beside = cells + ring.besideBytes();
    for (int64_t turn = 0; turn < kLanes; ++turn) {
      // Even lanes, then odd ones.
      const int64_t twice = 2 * turn;
      const int64_t lane = twice < kLanes ? twice : (twice - kLanes) | 1;
      for (int64_t k = 0; k < vectors; ++k) {
        const uint64_t at = uint32_t(offsets[k][lane]);
        const Quad along = eachTwice(values[k][lane]);
        float* const cell0 = reinterpret_cast<float*>(cells + at);
        float* const cell1 = reinterpret_cast<float*>(beside + at);
        const Quad sum0 = quadMulAdd(along, bothTwice(rows[k][0][lane]), quadAt(cell0));
        const Quad sum1 = quadMulAdd(along, bothTwice(rows[k][1][lane]), quadAt(cell1));
        storeQuad(sum0, cell0);
        storeQuad(sum1, cell1);
      }
    }
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
