#include "warp3d/warp3d.h"

namespace vk {
namespace {

constexpr int64_t kPoints = 16384;
constexpr int64_t kSmallSlice = 16384;
constexpr int64_t kBandVoxels = 6144;

/** Rows of a band: of a large slice a chunk is one band of rows, and the same band of the next
 * slice is the next chunk, so that the moving voxels two slices share are still in the second-level
 * cache when they are read again. */
int64_t bandRows(const Warp3dSize& size) {
  const int64_t rows = kBandVoxels / size.x;
  return rows > 0 ? rows : 1;
}

/** Whole slices make a chunk where they are small. */
int64_t slicesTogether(const Warp3dSize& size) {
  const int64_t slice = size.x * size.y;
  return slice <= kSmallSlice ? kSmallSlice / slice : 0;
}

}  // namespace

int64_t warp3dChunks(const Warp3dArgs& args) {
  const Warp3dSize& size = args.domainSize;
  if (size.count() == 0) return 0;
  if (args.points != nullptr) return chunkCount(size.x, kPoints);
  const int64_t slices = slicesTogether(size);
  if (slices > 0) return chunkCount(size.z, slices);
  return chunkCount(size.y, bandRows(size)) * size.z;
}

Warp3dChunk warp3dChunkAt(const Warp3dArgs& args, int64_t chunk) {
  const Warp3dSize& size = args.domainSize;
  if (args.points != nullptr) {
    const Range points = chunkRange(size.x, kPoints, chunk);
    return {0, 1, points.begin, points.end};
  }
  const int64_t slices = slicesTogether(size);
  if (slices > 0) {
    const Range range = chunkRange(size.z, slices, chunk);
    return {range.begin * size.y, range.end * size.y, 0, size.x};
  }
  const int64_t z = chunk % size.z;
  const Range rows = chunkRange(size.y, bandRows(size), chunk / size.z);
  return {z * size.y + rows.begin, z * size.y + rows.end, 0, size.x};
}

}  // namespace vk
