// The adjoint of linear interpolation: adds weighted values to the voxels of their cells, of which
// those in one slab count. Neighbours along x are added as pairs. A pair that overlaps the one
// stored just before it by half would wait until that store has left the processor, so the samples
// of a batch are taken in an order that puts a whole batch between two that lie side by side.
// Included once an instruction set.
#if defined(VK_WARP3D_SCATTER_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_WARP3D_SCATTER_INL
#undef VK_WARP3D_SCATTER_INL
#else
#define VK_WARP3D_SCATTER_INL
#endif

#include "core/simd_quad.h"
#include "warp3d/warp3d_linear-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** The indices [begin, end) of one axis, y or z, and strides in voxels. */
struct ScatterSlab {
  int32_t begin, end;
  int64_t stride;
  /** Of the other of y and z, and to its second neighbour: 0 where it has one voxel. */
  int64_t otherStride, beside;

  HWY_INLINE int32_t afterFirst() const { return end - begin > 1 ? begin + 1 : begin; }
  HWY_INLINE int32_t beforeLast() const { return end - begin > 1 ? end - 2 : begin; }
  /** Whether the rows of a cell are never the same one. */
  HWY_INLINE bool rowsDiffer() const { return end - begin > 1 && beside != 0; }
};

/** Cell and weights of its two sides along one axis. */
struct ScatterAxis {
  VecI cell;
  VecF weight[2];
};

/** kRows: rows of a cell, 4 or in 2D 2. */
template <int kRows, class Offset>
struct ScatterBatch {
  static constexpr int64_t kVectors = 32;
  /** Rows on one side along the slab's axis. */
  static constexpr int kBeside = kRows / 2;
  static constexpr int kQuads = kRows / 2;
  /** Two voxels of one row; a Quad has those of two rows. */
  using Pair = float __attribute__((vector_size(8)));

  /** Of the rows on either side along the slab's axis. */
  HWY_ALIGN Offset offsets[2][kVectors][kLanes];
  HWY_ALIGN float weights[kVectors][kQuads][kLanes][4];
  /** The number of the vector's first sample, and how many it has. */
  int64_t first[kVectors];
  int64_t lanes[kVectors];
  int64_t count = 0;

  HWY_INLINE bool full() const { return count == kVectors; }

  /** Adds a vector of samples; `along` is the slab's axis, `other` is left out in 2D. */
  HWY_INLINE void add(const ScatterSlab& slab, const ScatterAxis& x, const ScatterAxis& along,
                      const ScatterAxis& other, int64_t firstSample, int64_t n,
                      const float* image) {
    const F32 d;
    const I32 di;
    // What lies outside the slab goes into it with weight 0, beside the other row.
    const VecI next = hn::Add(along.cell, hn::Set(di, 1));
    const VecI low = hn::Set(di, slab.begin);
    const VecI high = hn::Set(di, slab.end - 1);
    const VecI within[2] = {
        hn::IfThenElse(hn::Lt(along.cell, low), hn::Set(di, slab.afterFirst()),
                       hn::Min(along.cell, high)),
        hn::IfThenElse(hn::Gt(next, high), hn::Set(di, slab.beforeLast()), hn::Max(next, low))};
    const VecI indices[2] = {along.cell, next};
    VecF rows[kRows];
    for (int side = 0; side < 2; ++side) {
      const VecI index = indices[side];
      const VecF weight =
          hn::IfThenElseZero(hn::RebindMask(d, hn::Eq(index, within[side])), along.weight[side]);
      setOffsets(slab, x.cell, within[side], other.cell, offsets[side][count]);
      for (int row = 0; row < kBeside; ++row) {
        rows[side * kBeside + row] = kRows == 4 ? hn::Mul(weight, other.weight[row]) : weight;
      }
      for (int64_t lane = 0; lane < kLanes; lane += 4) {
        const float* voxel = image + offsets[side][count][lane];
        __builtin_prefetch(voxel, 1);
        if (kRows == 4) __builtin_prefetch(voxel + slab.beside, 1);
      }
    }
    for (int quad = 0; quad < kQuads; ++quad) {
      const VecF* w = rows + 2 * quad;
      hn::StoreInterleaved4(hn::Mul(w[0], x.weight[0]), hn::Mul(w[0], x.weight[1]),
                            hn::Mul(w[1], x.weight[0]), hn::Mul(w[1], x.weight[1]), d,
                            weights[count][quad][0]);
    }
    first[count] = firstSample;
    lanes[count++] = n;
  }

  /** Adds the samples to the image. upstream(first, n) gives the values of a vector;
   * notFinite(sample, value) takes those that may go to no voxel of weight 0. */
  template <class Upstream, class NotFinite>
  HWY_INLINE void addTo(const ScatterSlab& slab, float* image, const Upstream& upstream,
                        const NotFinite& notFinite) const {
    const F32 d;
    HWY_ALIGN float values[kVectors][kLanes];
    for (int64_t k = 0; k < count; ++k) {
      const VecF g = upstream(first[k], lanes[k]);
      const auto finite = hn::Eq(hn::Sub(g, g), hn::Zero(d));
      hn::Store(hn::IfThenElseZero(finite, g), d, values[k]);
      if (HWY_LIKELY(hn::AllTrue(d, finite))) continue;
      HWY_ALIGN float all[kLanes];
      hn::Store(g, d, all);
      for (int64_t lane = 0; lane < lanes[k]; ++lane) {
        if (!(all[lane] - all[lane] == 0)) notFinite(first[k] + lane, all[lane]);
      }
    }
    if (HWY_LIKELY(slab.rowsDiffer())) {
      addQuads(slab, values, image);
    } else {
      addPairs(slab, values, image);
    }
  }

 private:
  HWY_INLINE float* rowOf(const ScatterSlab& slab, float* image, int64_t k, int64_t lane,
                          int row) const {
    return image + offsets[row / kBeside][k][lane] + row % kBeside * slab.beside;
  }

  /** Two rows at once. All rows of a cell are read before one is written: the two slices may lie a
   * multiple of 4096 bytes apart, and a load that agrees with a store in flight in the lower 12
   * bits of the address is taken for one of the same bytes. */
  HWY_INLINE void addQuads(const ScatterSlab& slab, const float (*values)[kLanes],
                           float* image) const {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      for (int64_t k = 0; k < count; ++k) {
        Quad sums[kQuads];
        for (int quad = 0; quad < kQuads; ++quad) {
          sums[quad] = quadAt(rowOf(slab, image, k, lane, 2 * quad),
                              rowOf(slab, image, k, lane, 2 * quad + 1));
        }
        for (int quad = 0; quad < kQuads; ++quad) {
          Quad weight;
          __builtin_memcpy(&weight, weights[k][quad][lane], sizeof weight);
          storeQuad(sums[quad] + weight * values[k][lane], rowOf(slab, image, k, lane, 2 * quad),
                    rowOf(slab, image, k, lane, 2 * quad + 1));
        }
      }
    }
  }

  /** Row by row, which may be the same one. */
  HWY_INLINE void addPairs(const ScatterSlab& slab, const float (*values)[kLanes],
                           float* image) const {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      for (int64_t k = 0; k < count; ++k) {
        for (int row = 0; row < kRows; ++row) {
          float* to = rowOf(slab, image, k, lane, row);
          Pair sum, weight;
          __builtin_memcpy(&sum, to, sizeof sum);
          __builtin_memcpy(&weight, weights[k][row / 2][lane] + row % 2 * 2, sizeof weight);
          sum += weight * values[k][lane];
          __builtin_memcpy(to, &sum, sizeof sum);
        }
      }
    }
  }

  // Halves are moved as 8 bytes: put together from floats they would go through other registers.
  using Halves = double __attribute__((vector_size(16)));

  HWY_INLINE static Quad quadAt(const float* row0, const float* row1) {
    double half[2];
    __builtin_memcpy(&half[0], row0, sizeof(double));
    __builtin_memcpy(&half[1], row1, sizeof(double));
    const Halves halves = {half[0], half[1]};
    return reinterpret_cast<Quad>(halves);
  }

  HWY_INLINE static void storeQuad(Quad quad, float* row0, float* row1) {
    const Halves halves = reinterpret_cast<Halves>(quad);
    const double half[2] = {halves[0], halves[1]};
    __builtin_memcpy(row0, &half[0], sizeof(double));
    __builtin_memcpy(row1, &half[1], sizeof(double));
  }

  HWY_INLINE static void setOffsets(const ScatterSlab& slab, VecI x, VecI along, VecI other,
                                    Offset* to) {
    const I32 di;
    if constexpr (sizeof(Offset) == 4) {
      VecI voxel = hn::Add(hn::Mul(along, hn::Set(di, int32_t(slab.stride))), x);
      if (kRows == 4) {
        voxel = hn::Add(hn::Mul(other, hn::Set(di, int32_t(slab.otherStride))), voxel);
      }
      const hn::Rebind<uint32_t, F32> du;
      hn::Store(hn::BitCast(du, voxel), du, to);
    } else {
      HWY_ALIGN int32_t at[3][kLanes] = {};
      hn::Store(x, di, at[0]);
      hn::Store(along, di, at[1]);
      if (kRows == 4) hn::Store(other, di, at[2]);
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        to[lane] = Offset(at[1][lane] * slab.stride + at[2][lane] * slab.otherStride + at[0][lane]);
      }
    }
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
