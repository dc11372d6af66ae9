#include "lncc/lncc_layout.h"

#include <algorithm>
#include <cstring>

#include "core/scratch.h"
#include "core/parallel.h"

namespace vk {
namespace {

/** The sums along z of a tile should stay in a core's second-level cache. */
constexpr int64_t kCacheDoubles = 64 * 1024;
constexpr int64_t kTileSlices = 48;

int64_t firstCounted(const uint8_t* row, int64_t width) {
  int64_t x = 0;
  for (uint64_t eight; x + 8 <= width; x += 8) {
    std::memcpy(&eight, row + x, 8);
    if (eight != 0) break;
  }
  while (x < width && row[x] == 0) ++x;
  return x;
}

int64_t endCounted(const uint8_t* row, int64_t width) {
  int64_t end = width;
  for (uint64_t eight; end >= 8; end -= 8) {
    std::memcpy(&eight, row + end - 8, 8);
    if (eight != 0) break;
  }
  while (end > 0 && row[end - 1] == 0) --end;
  return end;
}

}  // namespace

LnccLayout lnccLayout(const LnccArgs& args, const LnccBox& box, void* memory) {
  LnccLayout layout{};
  const int64_t* size = box.size;
  const int64_t ry = args.radius[1];
  layout.box = box;
  layout.rowStride = roundUp(size[0], 16);
  layout.rowLeft = roundUp(args.radius[0] + 1, 8);
  layout.rowLength = layout.rowLeft + layout.rowStride + roundUp(args.radius[0], 8);

  const int64_t rowDoubles = kLnccSums * layout.rowStride;
  const int64_t cachedRows = kCacheDoubles / rowDoubles - 2 * ry;
  const int64_t rows = std::max<int64_t>({cachedRows, 2 * ry, 8});
  layout.tilesY = chunkCount(size[1], rows);
  layout.tileRows = chunkCount(size[1], layout.tilesY);
  layout.tilesY = chunkCount(size[1], layout.tileRows);
  const int64_t slices = std::max<int64_t>(kTileSlices, 4 * args.radius[2]);
  layout.tilesZ = chunkCount(size[2], slices);
  layout.tileSlices = chunkCount(size[2], layout.tilesZ);
  layout.tilesZ = chunkCount(size[2], layout.tileSlices);
  layout.momentChunks = chunkCount(args.size[0] * args.size[1] * args.size[2], kLnccMomentChunk);

  // At least what any smaller box takes, since the plan does not look at the mask.
  layout.rowsAt = std::min(rowDoubles * size[1],
                           std::max(kCacheDoubles, rowDoubles * std::max(4 * ry, 8 + 2 * ry)));
  layout.rowsAt = roundUp(layout.rowsAt, 8);
  layout.scratchDoubles = layout.rowsAt + kLnccSums * layout.rowLength;

  WorkspaceLayout parts(memory);
  layout.sliceBoxes = parts.take<LnccSliceBox>(args.size[2]);
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

LnccBox lnccWholeImage(const LnccArgs& args) {
  return {{0, 0, 0}, {args.size[0], args.size[1], args.size[2]}};
}

LnccSliceBox lnccSliceBox(const LnccArgs& args, int64_t z) {
  LnccSliceBox box{{args.size[0], args.size[1]}, {0, 0}};
  for (int64_t y = 0; y < args.size[1]; ++y) {
    const uint8_t* row = args.mask + (z * args.size[1] + y) * args.size[0];
    const int64_t first = firstCounted(row, args.size[0]);
    if (first == args.size[0]) continue;
    box.begin[0] = std::min(box.begin[0], first);
    box.end[0] = std::max(box.end[0], endCounted(row, args.size[0]));
    box.begin[1] = std::min(box.begin[1], y);
    box.end[1] = y + 1;
  }
  return box;
}

LnccBox lnccMaskBox(const LnccArgs& args, const LnccLayout& layout) {
  int64_t begin[3] = {args.size[0], args.size[1], args.size[2]};
  int64_t end[3] = {0, 0, 0};
  for (int64_t z = 0; z < args.size[2]; ++z) {
    const LnccSliceBox& slice = layout.sliceBoxes[z];
    if (slice.end[1] == 0) continue;
    for (int axis = 0; axis < 2; ++axis) {
      begin[axis] = std::min(begin[axis], slice.begin[axis]);
      end[axis] = std::max(end[axis], slice.end[axis]);
    }
    begin[2] = std::min(begin[2], z);
    end[2] = z + 1;
  }
  LnccBox box;
  for (int axis = 0; axis < 3; ++axis) {
    box.begin[axis] = begin[axis];
    box.size[axis] = std::max<int64_t>(0, end[axis] - begin[axis]);
  }
  return box;
}

void lnccClearOutside(const LnccArgs& args, const LnccBox& box, int64_t z) {
  const int64_t width = args.size[0];
  float* slice = static_cast<float*>(args.gradient) + z * width * args.size[1];
  const auto clear = [&](int64_t begin, int64_t end) {
    if (end > begin) std::memset(slice + begin, 0, size_t(end - begin) * sizeof(float));
  };
  if (z < box.begin[2] || z >= box.begin[2] + box.size[2]) {
    clear(0, width * args.size[1]);
    return;
  }
  // What lies between the box's part of one row and that of the next is one run.
  int64_t done = 0;
  for (int64_t y = box.begin[1]; y < box.begin[1] + box.size[1]; ++y) {
    clear(done, y * width + box.begin[0]);
    done = y * width + box.begin[0] + box.size[0];
  }
  clear(done, width * args.size[1]);
}

int64_t lnccCpuWorkspaceBytes(const LnccArgs& args) {
  if (args.size[0] * args.size[1] * args.size[2] == 0) return 0;
  return lnccLayout(args, lnccWholeImage(args), nullptr).bytes;
}

}  // namespace vk
