#include "gaussian/gaussian_tiles.h"

#include <algorithm>

#include "core/scratch.h"
#include "gaussian/gaussian_math.h"
#include "core/parallel.h"

namespace vk {
namespace {

/** What one tile reads and writes should stay in a core's second-level cache. */
constexpr int64_t kCacheBytes = 512 * 1024;

double weightSum(const GaussianArgs& args, int axis, const GaussianTaps& taps) {
  double sum = 0;
  for (int64_t t = 0; t < taps.count; ++t) {
    sum += gaussianWeight(args.sigma[axis], args.offset[axis], taps, t);
  }
  return sum;
}

double weightInside(const GaussianArgs& args, int axis, const GaussianTaps& taps, int64_t output) {
  double sum = 0;
  for (int64_t t = 0; t < taps.count; ++t) {
    const int64_t index = taps.first + args.factor[axis] * output + t;
    if (index < 0 || index >= args.size[axis]) continue;
    sum += gaussianWeight(args.sigma[axis], args.offset[axis], taps, t);
  }
  return sum;
}

void fillBand(const GaussianArgs& args, int axis, const GaussianTaps& taps, int64_t output,
              double whole, GaussianBands& bands) {
  const int64_t size = args.size[axis];
  const int64_t first = taps.first + args.factor[axis] * output;
  const bool clamp = args.border == VK_GAUSSIAN_CLAMP;
  const int64_t begin = std::clamp<int64_t>(first, 0, clamp ? size - 1 : size);
  const int64_t end = std::clamp<int64_t>(first + taps.count, clamp ? 1 : 0, size);
  bands.begin[output] = begin;
  bands.end[output] = std::max(begin, end);
  float* weights = bands.weights + output * bands.taps;
  // Taps outside a clamped border add up on its outermost voxel.
  double sum = 0;
  for (int64_t t = 0; t < taps.count; ++t) {
    const int64_t index = first + t;
    const double weight = gaussianWeight(args.sigma[axis], args.offset[axis], taps, t) / whole;
    if (clamp) {
      sum += weight;
      const bool foldsOn =
          (index < 0 && t + 1 < taps.count) || (index >= size - 1 && t + 1 < taps.count);
      if (foldsOn) continue;
      weights[std::clamp<int64_t>(index, 0, size - 1) - begin] = static_cast<float>(sum);
      sum = 0;
    } else if (index >= 0 && index < size) {
      weights[index - begin] = static_cast<float>(weight);
    }
  }
}

GaussianBands layOutBands(const GaussianArgs& args, int axis, WorkspaceLayout& layout, bool fill) {
  const GaussianTaps taps = gaussianTaps(args.sigma[axis], args.offset[axis]);
  const int64_t outputs = args.outputSize[axis];
  GaussianBands bands;
  bands.taps = std::min(taps.count, args.size[axis]);
  bands.begin = layout.take<int64_t>(outputs);
  bands.end = layout.take<int64_t>(outputs);
  bands.weights = layout.take<float>(outputs * bands.taps);
  if (!fill) return bands;
  const double whole = weightSum(args, axis, taps);
  for (int64_t j = 0; j < outputs; ++j) {
    const double inside =
        args.border == VK_GAUSSIAN_RENORMALISED ? weightInside(args, axis, taps, j) : whole;
    fillBand(args, axis, taps, j, inside > 0 ? inside : whole, bands);
  }
  return bands;
}

GaussianRow layOutRow(const GaussianArgs& args, int64_t rowStride, WorkspaceLayout& layout,
                      bool fill) {
  const GaussianTaps taps = gaussianTaps(args.sigma[0], args.offset[0]);
  const int64_t factor = args.factor[0];
  const int64_t outputs = args.outputSize[0];
  GaussianRow row;
  row.taps = taps.count;
  row.left = std::max<int64_t>(0, -taps.first);
  row.length =
      std::max(row.left + rowStride, row.left + taps.first + factor * (outputs - 1) + taps.count);
  row.phaseStride = roundUp((row.length + factor - 1) / factor, 16);
  row.weights = layout.take<float>(taps.count);
  row.tapOffset = layout.take<int64_t>(taps.count);
  row.scale = args.border == VK_GAUSSIAN_RENORMALISED ? layout.take<float>(outputs) : nullptr;
  if (!fill) return row;
  const double whole = weightSum(args, 0, taps);
  for (int64_t t = 0; t < taps.count; ++t) {
    const int64_t at = row.left + taps.first + t;
    row.weights[t] =
        static_cast<float>(gaussianWeight(args.sigma[0], args.offset[0], taps, t) / whole);
    row.tapOffset[t] = at % factor * row.phaseStride + at / factor;
  }
  if (row.scale != nullptr) {
    for (int64_t j = 0; j < outputs; ++j) {
      const double inside = weightInside(args, 0, taps, j);
      row.scale[j] = inside > 0 ? static_cast<float>(whole / inside) : 1.0f;
    }
  }
  return row;
}

}  // namespace

GaussianTiles gaussianTiles(const GaussianArgs& args, void* memory) {
  WorkspaceLayout layout(memory);
  GaussianTiles tiles{};
  tiles.rowStride = roundUp(args.size[0], 16);
  tiles.x = layOutRow(args, tiles.rowStride, layout, memory != nullptr);
  tiles.y = layOutBands(args, 1, layout, memory != nullptr);
  tiles.z = layOutBands(args, 2, layout, memory != nullptr);

  const int64_t kinds = args.mask != nullptr ? 2 : 1;
  const int64_t slices =
      tiles.z.taps + (kGaussianBlock - 1) * args.factor[2] + kGaussianBlock * kinds;
  const int64_t cachedRows = kCacheBytes / (slices * tiles.rowStride * 4);
  // No smaller than what keeps the rows shared by two tiles a minor part.
  const int64_t wanted =
      std::max((cachedRows - tiles.y.taps) / args.factor[1] + 1, 2 * tiles.y.taps);
  tiles.tileRows = std::min(roundUp(std::max<int64_t>(wanted, 8), kGaussianBlock),
                            roundUp(args.outputSize[1], kGaussianBlock));
  tiles.tilesY = (args.outputSize[1] + tiles.tileRows - 1) / tiles.tileRows;
  tiles.tileRows = roundUp((args.outputSize[1] + tiles.tilesY - 1) / tiles.tilesY, kGaussianBlock);
  tiles.tilesY = (args.outputSize[1] + tiles.tileRows - 1) / tiles.tileRows;
  // Enough tiles to keep every thread busy, few enough that the slices they share do not matter.
  // The sums of a voxel do not depend on its tile, so this may look at the thread count.
  const int64_t cuts = std::max<int64_t>(
      1, 8 * int64_t(args.threads) / std::max<int64_t>(1, tiles.tilesY * args.channels));
  tiles.tileSlices = std::max<int64_t>(
      2 * kGaussianBlock, roundUp((args.outputSize[2] + cuts - 1) / cuts, kGaussianBlock));
  tiles.tilesZ = (args.outputSize[2] + tiles.tileSlices - 1) / tiles.tileSlices;

  tiles.bufferRows = std::min(args.size[1], args.factor[1] * (tiles.tileRows - 1) + tiles.y.taps);
  const int64_t bufferFloats = kinds * kGaussianBlock * tiles.bufferRows * tiles.rowStride;
  tiles.linearAt = bufferFloats;
  tiles.dealtAt = tiles.linearAt + kGaussianBlock * roundUp(tiles.x.length, 16);
  tiles.totalAt = tiles.dealtAt + (args.factor[0] > 1 ? args.factor[0] * tiles.x.phaseStride : 0);
  tiles.scratchFloats = tiles.totalAt + roundUp(args.outputSize[0], 16);
  tiles.scratch = layout.take<float>(tiles.scratchFloats * args.threads);
  tiles.bytes = layout.bytes();
  return tiles;
}

int64_t gaussianCpuWorkspaceBytes(const GaussianArgs& args) {
  if (args.size[0] * args.size[1] * args.size[2] * args.channels == 0) return 0;
  return gaussianTiles(args, nullptr).bytes;
}

}  // namespace vk
