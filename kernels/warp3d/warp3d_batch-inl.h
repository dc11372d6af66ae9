// Work on a row is split in two: first the cells of up to 16 vectors are found and kept, then the
// image is read. One vector's chain from position to value is about 110 cycles long, more than the
// processor looks ahead; apart, the two halves overlap with themselves. Included once an
// instruction set.
#if defined(VK_WARP3D_BATCH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_WARP3D_BATCH_INL
#undef VK_WARP3D_BATCH_INL
#else
#define VK_WARP3D_BATCH_INL
#endif

#include "warp3d/warp3d_sample-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Lanes from one prefetch to the next. */
constexpr int64_t kPrefetchStep = 4;

/** Vectors of voxels whose cells are safe to load: in the interior of the moving image, or clamped.
 */
template <class Offset>
struct Batch {
  HWY_ALIGN Offset offsets[kBatchVectors][kLanes];
  HWY_ALIGN float fraction[kBatchVectors][3][kLanes];
  int64_t first[kBatchVectors];
  int64_t count = 0;

  HWY_INLINE void add(const Frame& frame, const Cells& cells, int64_t i) {
    const F32 d;
    cellOffsets(frame, cells, offsets[count]);
    hn::Store(cells.fx, d, fraction[count][0]);
    hn::Store(cells.fy, d, fraction[count][1]);
    hn::Store(cells.fz, d, fraction[count][2]);
    prefetch(frame, offsets[count]);
    first[count++] = i;
  }

  /** Asks for the voxels of some lanes: where rows are tilted the hardware sees no stream. */
  HWY_INLINE static void prefetch(const Frame& frame, const Offset* at) {
    const Strides strides = stridesOf(frame);
    const float* moving = static_cast<const float*>(frame.args->moving);
    for (int64_t lane = 0; lane < kLanes; lane += kPrefetchStep) {
      const float* voxel = moving + at[lane];
      __builtin_prefetch(voxel);
      __builtin_prefetch(voxel + strides.y);
      __builtin_prefetch(voxel + strides.z);
      __builtin_prefetch(voxel + strides.z + strides.y);
    }
  }

  /** Only the fractions are filled in. */
  HWY_INLINE Cells cells(int64_t k) const {
    const F32 d;
    const I32 di;
    return {hn::Load(d, fraction[k][0]),
            hn::Load(d, fraction[k][1]),
            hn::Load(d, fraction[k][2]),
            hn::Zero(di),
            hn::Zero(di),
            hn::Zero(di)};
  }
};

/** Whether any of n voxels is in a mask. */
HWY_INLINE bool anyInMask(const uint8_t* mask, int64_t n) {
  uint8_t any = 0;
  for (int64_t k = 0; k < n; ++k) any = uint8_t(any | mask[k]);
  return any != 0;
}

/** Finds the cells of the voxels [begin, end) of a row, at most kBatchVoxels. Whole vectors in the
 * interior go into the batch, and to interior(cells, i); vectors with no voxel in the mask (null:
 * all are) to masked(i, n); others to border(cells, i, n). */
template <bool kDense, bool kPoints, class Offset, class Interior, class Border, class Masked>
HWY_INLINE void collect(const Frame& frame, const Row& row, int64_t begin, int64_t end,
                        bool wantsInterior, const uint8_t* mask, const Interior& interior,
                        const Border& border, const Masked& masked, Batch<Offset>* batch) {
  const Starts starts(row, begin, (end - begin + kLanes - 1) / kLanes);
  for (int64_t i = begin, vector = 0; i < end; i += kLanes, ++vector) {
    const int64_t n = end - i < kLanes ? end - i : kLanes;
    if (mask != nullptr && !anyInMask(mask + i, n)) {
      masked(i, n);
      continue;
    }
    const Cells cells = cellsOf<kDense, kPoints>(frame, row, starts, vector, i, n);
    if (!wantsInterior || n < kLanes || HWY_UNLIKELY(!allInterior(frame, cells))) {
      border(cells, i, n);
    } else {
      batch->add(frame, cells, i);
      interior(cells, i);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
