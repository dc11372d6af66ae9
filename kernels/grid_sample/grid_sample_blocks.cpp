#include "grid_sample/grid_sample_blocks.h"

#include <algorithm>

namespace vk {
namespace {

/** Positions along x of a block, whole rows mostly: pieces of rows are read more slowly. */
constexpr int64_t kColumns = 256;
/** Positions of a slice of a block, about: the more, the less the boxes overlap, but what a slice
 * reaches should stay in the second-level cache. */
constexpr int64_t kSlicePositions = 3584;
constexpr int64_t kSlices = 40;
/** Where there are fewer blocks, they get thinner, but not below this. */
constexpr int64_t kEnoughBlocks = 16;
constexpr int64_t kThinnest = 16;
constexpr int64_t kWidestVector = 16;
/** Voxels; larger ones would cost more than they save. */
constexpr int64_t kLargestBox = int64_t{1} << 21;
/** Floats of a ring, at most. */
constexpr int64_t kLargestRing = int64_t{1} << 20;
/** Blocks at once; their sums should stay in the third-level cache. */
constexpr int64_t kFewest = 4;
constexpr int64_t kMost = 64;

}  // namespace

GridSampleBlocks::GridSampleBlocks(const GridSampleArgs& args)
    : GridSampleRows(args), planes(args.batch * args.channels) {
  columns = roundUp(evenShare(width, kColumns), kWidestVector);
  pieces = chunkCount(width, columns);
  rows = evenShare(height, kSlicePositions / std::min(columns, width));
  bands = chunkCount(height, rows);
  const int64_t wanted = chunkCount(kEnoughBlocks, std::max<int64_t>(planes * bands * pieces, 1));
  slices = std::min(evenShare(depth, kSlices),
                    std::max(chunkCount(depth, wanted), std::min(kThinnest, depth)));
  groups = chunkCount(depth, slices);
  // Six times what a grid needs that covers the input evenly, and then some: enough for one that
  // bends by 12 voxels within 100.
  const double scale =
      std::max(1.0, double(args.volume()) / double(std::max<int64_t>(args.positions(), 1)));
  const int64_t positions = std::min(columns, width) * rows * slices;
  boxVoxels = std::min(
      {int64_t(6 * scale * double(positions)) + int64_t{16384}, args.volume(), kLargestBox});
  atOnce = std::min(std::clamp<int64_t>(2 * args.threads, kFewest, kMost), planes * perItem());
  rings = std::min<int64_t>(args.threads, atOnce);
  const int64_t slice = roundUp(args.size[0] * args.size[1], kWidestVector);
  ringFloats = std::min(kLargestRing, 2 * slice * (args.size[2] + 2) + kGridSampleSlack);
}

bool gridSampleTakesBlocks(const GridSampleArgs& args) {
  return args.type == VK_F32 && args.axes == 3 && args.mode == VK_SAMPLING_LINEAR &&
         args.size[0] > 1 && args.size[1] > 1 && args.size[2] > 1 && args.volume() <= INT32_MAX &&
         args.positions() > 0 && args.batch > 0;
}

GridSampleBlockMemory::GridSampleBlockMemory(const GridSampleArgs& args,
                                             const GridSampleBlocks& blocks,
                                             WorkspaceLayout& layout)
    : boxes(layout.take<GridSampleBox>(args.batch * blocks.perItem())),
      lowest(layout.take<int32_t>(args.batch * blocks.perItem() * (blocks.slices + 1))),
      written(layout.take<uint8_t>(blocks.planes * args.size[2])),
      sums(layout.take<float>(blocks.atOnce * (blocks.boxVoxels + kGridSampleSlack))),
      rings(layout.take<float>(blocks.rings * blocks.ringFloats)) {}

}  // namespace vk
