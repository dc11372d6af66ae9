#include "grid_sample/grid_sample_chunks.h"

#include <algorithm>

namespace vk {
namespace {

/** Rows whose last vector is partly empty are put together up to here. */
constexpr int64_t kShortRow = 64;
constexpr int64_t kWidestVector = 16;
/** Positions of a slice of a chunk, about, and the least of a chunk. */
constexpr int64_t kBandPositions = 6144;
/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kEnoughTasks = 64;

bool isShort(int64_t row) { return row < kShortRow && row % kWidestVector != 0; }

}  // namespace

GridSampleRows::GridSampleRows(const GridSampleArgs& args)
    : width(args.gridSize[0]), height(args.gridSize[1]), depth(args.gridSize[2]) {
  for (int i = 0; i < 2 && isShort(width); ++i) {
    width *= height;
    height = depth;
    depth = 1;
  }
}

GridSampleChunks::GridSampleChunks(const GridSampleArgs& args)
    : GridSampleRows(args),
      bandColumns(0),
      pieces(0),
      bandRows(0),
      bands(0),
      groupSlices(0),
      groups(0),
      batch(args.positions() == 0 ? 0 : args.batch) {
  if (batch == 0) return;
  const int64_t rows = std::max<int64_t>(kBandPositions / width / kGridTileRows, 1) * kGridTileRows;
  bandRows = std::min(rows, height);
  bands = chunkCount(height, bandRows);
  pieces = chunkCount(width, std::max(kBandPositions / bandRows, kWidestVector));
  bandColumns = chunkCount(chunkCount(width, pieces), kWidestVector) * kWidestVector;
  pieces = chunkCount(width, bandColumns);
  const int64_t least = std::min(chunkCount(kBandPositions, bandRows * bandColumns), depth);
  groupSlices = std::clamp(chunkCount(batch * pieces * bands * depth, kEnoughTasks), least, depth);
  groups = chunkCount(depth, groupSlices);
}

}  // namespace vk
