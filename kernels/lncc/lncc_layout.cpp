#include "lncc/lncc_layout.h"

#include <algorithm>

#include "core/scratch.h"

namespace vk {
namespace {

/** The sums along z of a tile should stay in a core's second-level cache. */
constexpr int64_t kCacheBytes = 512 * 1024;
constexpr int64_t kTileSlices = 48;

int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

LnccLayout lnccLayout(const LnccArgs& args, void* memory) {
  LnccLayout layout{};
  const int64_t* size = args.size;
  layout.rowStride = roundUp(size[0], 16);
  layout.rowLeft = roundUp(args.radius[0] + 1, 8);
  layout.rowLength = layout.rowLeft + layout.rowStride + roundUp(args.radius[0], 8);

  const int64_t rowBytes = kLnccSums * layout.rowStride * int64_t(sizeof(double));
  const int64_t cachedRows = kCacheBytes / rowBytes - 2 * args.radius[1];
  const int64_t rows = std::max<int64_t>({cachedRows, 2 * args.radius[1], 8});
  layout.tilesY = (size[1] + rows - 1) / rows;
  layout.tileRows = (size[1] + layout.tilesY - 1) / layout.tilesY;
  layout.tilesY = (size[1] + layout.tileRows - 1) / layout.tileRows;
  const int64_t slices = std::max<int64_t>(kTileSlices, 4 * args.radius[2]);
  layout.tilesZ = (size[2] + slices - 1) / slices;
  layout.tileSlices = (size[2] + layout.tilesZ - 1) / layout.tilesZ;
  layout.tilesZ = (size[2] + layout.tileSlices - 1) / layout.tileSlices;
  layout.momentChunks = chunkCount(size[0] * size[1] * size[2], kLnccMomentChunk);

  const int64_t bufferRows = std::min(size[1], layout.tileRows + 2 * args.radius[1]);
  layout.rowsAt = kLnccSums * bufferRows * layout.rowStride;
  layout.scratchDoubles = layout.rowsAt + kLnccSums * layout.rowLength;

  WorkspaceLayout parts(memory);
  layout.moments = parts.take<LnccMoments>(layout.momentChunks);
  layout.partials = parts.take<LnccPartial>(layout.tilesY * layout.tilesZ);
  layout.reachX = parts.take<double>(layout.rowStride);
  layout.inverseReachX = parts.take<double>(layout.rowStride);
  layout.scratch = parts.take<double>(layout.scratchDoubles * args.threads);
  if (args.gradient != nullptr) {
    layout.coefficients =
        parts.take<float>(kLnccCoefficients * layout.rowStride * size[1] * size[2]);
  }
  layout.bytes = parts.bytes();
  for (int64_t x = 0; memory != nullptr && x < layout.rowStride; ++x) {
    const int64_t begin = std::max<int64_t>(0, x - args.radius[0]);
    const int64_t end = std::min(size[0], x + args.radius[0] + 1);
    layout.reachX[x] = double(std::max<int64_t>(1, end - begin));
    layout.inverseReachX[x] = 1 / layout.reachX[x];
  }
  return layout;
}

int64_t lnccCpuWorkspaceBytes(const LnccArgs& args) {
  if (args.size[0] * args.size[1] * args.size[2] == 0) return 0;
  return lnccLayout(args, nullptr).bytes;
}

}  // namespace vk
