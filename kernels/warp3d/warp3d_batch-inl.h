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

#include "warp3d/warp3d_ahead.h"
#include "warp3d/warp3d_ref.h"
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
    prefetch(frame, static_cast<const float*>(frame.args->moving), count);
    first[count++] = i;
  }

  /** Asks for voxels of some lanes: where rows are tilted the hardware sees no stream. Vectors
   * below one another have most lines in common, so their lanes take turns where it is for later.
   */
  HWY_INLINE void prefetch(const Frame& frame, const float* moving, int64_t k) const {
    if (frame.ahead != 0) {
      const float* const later = moving + frame.ahead;
      for (int64_t lane = k % kPrefetchStep; lane < kLanes; lane += kPrefetchStep) {
        __builtin_prefetch(later + offsets[k][lane], 0, 2);
      }
      return;
    }
    const Strides strides = stridesOf(frame);
    for (int64_t lane = 0; lane < kLanes; lane += kPrefetchStep) {
      const float* voxel = moving + offsets[k][lane];
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

/** voxelsAhead() of the middle of a chunk. */
HWY_INLINE int64_t chunkAhead(const Frame& frame, const Warp3dChunk& chunk) {
  if (frame.points != nullptr) return 0;
  const Warp3dSize& domain = frame.args->domainSize;
  const int64_t middle =
      (chunk.rows.begin + chunk.rows.end) / 2 * domain.x + (chunk.begin + chunk.end) / 2;
  return voxelsAhead(frame.size, chunk.slices, [&](int64_t slice, int64_t cell[3]) {
    double position[3];
    warp3dReferencePosition(*frame.args, slice * domain.y * domain.x + middle, position);
    for (int r = 0; r < 3; ++r) {
      const double last = double(frame.size[r] - 1);
      cell[r] = position[r] > 0 ? int64_t(position[r] < last ? position[r] : last) : 0;
    }
  });
}

/** Calls body(frame, row) for the rows of a chunk. */
template <class Body>
HWY_INLINE void forEachRow(const Warp3dArgs& args, const Warp3dChunk& chunk, Body&& body) {
  Frame frame = makeFrame(args);
  const int64_t ahead = chunkAhead(frame, chunk);
  for (int64_t z = chunk.slices.begin; z < chunk.slices.end; ++z) {
    for (int64_t y = chunk.rows.begin; y < chunk.rows.end; ++y) {
      body(frame, z * args.domainSize.y + y);
    }
    // What the first slice reads had to be asked for at once.
    frame.ahead = ahead;
  }
}

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
