#include "warp3d/warp3d.h"

namespace vk {
namespace {

constexpr int64_t kPoints = 16384;
constexpr int64_t kSmallSlice = 16384;
constexpr int64_t kBandVoxels = 6144;
/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kEnoughTasks = 64;

/** Of a large slice a chunk is one band of rows, with the same band of further slices: the moving
 * voxels that two slices share are still in the second-level cache when they are read again. */
int64_t bandRows(const Warp3dSize& size) {
  const int64_t most = kBandVoxels / size.x;
  return most > 0 ? chunkCount(size.y, chunkCount(size.y, most)) : 1;
}

int64_t bandSlices(const Warp3dSize& size) {
  return chunkCount(chunkCount(size.y, bandRows(size)) * size.z, kEnoughTasks);
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
  return chunkCount(size.y, bandRows(size)) * chunkCount(size.z, bandSlices(size));
}

Warp3dChunk warp3dChunkAt(const Warp3dArgs& args, int64_t chunk) {
  const Warp3dSize& size = args.domainSize;
  if (args.points != nullptr) {
    const Range points = chunkRange(size.x, kPoints, chunk);
    return {{0, 1}, {0, 1}, points.begin, points.end};
  }
  const int64_t slices = slicesTogether(size);
  if (slices > 0) return {chunkRange(size.z, slices, chunk), {0, size.y}, 0, size.x};
  const int64_t bands = chunkCount(size.y, bandRows(size));
  return {chunkRange(size.z, bandSlices(size), chunk / bands),
          chunkRange(size.y, bandRows(size), chunk % bands), 0, size.x};
}

}  // namespace vk
