// Direct convolution: every product is summed where it belongs. Included after core/simd_begin.h,
// once an instruction set.
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

#if defined(VK_CONV3D_DIRECT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_DIRECT_INL_H
#undef VK_CONV3D_DIRECT_INL_H
#else
#define VK_CONV3D_DIRECT_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Runs one task. */
template <class Input>
class Direct {
 public:
  Direct(const Conv3dArgs& args, const Conv3dTiling& tiling, const Conv3dTask& task,
         const SumTiles& sumTiles, BandOf<Input>& band)
      : args_(args), tiling_(tiling), task_(task), sumTiles_(sumTiles), band_(band) {}

  HWY_ATTR void run() {
    for (int64_t i = 0; i < task_.planes; ++i) {
      band_.load(i);
      computePlane(task_.plane + i * tiling_.step[0]);
    }
  }

 private:
  HWY_ATTR void computePlane(int64_t z) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    const int64_t width = args_.outSize[2];
    // As one long row the band wastes what lies between its rows, row by row the end of each last
    // vector.
    const int64_t length = (task_.rows - 1) * tiling_.pitch + width;
    const bool joined = chunkCount(length, lanes) < task_.rows * chunkCount(width, lanes);
    const int64_t weightsEach = args_.inChannels * conv3dTaps(args_);
    const float* const weights =
        static_cast<const float*>(args_.packed) + task_.group * args_.outChannels * weightsEach;
    // Fetching is spread over the tiles.
    const int64_t rowTiles =
        chunkCount(chunkCount(joined ? length : width, lanes), mostVectors(kMostChannels));
    const int64_t runs =
        (joined ? 1 : task_.rows) * blockCount(task_.channelEnd - task_.channelBegin);
    fetchEach_ = chunkCount(band_.rowsToFetch(), runs * rowTiles);
    for (int64_t block = 0; block < blockCount(args_.outChannels); ++block) {
      const int64_t begin = blockBegin(args_.outChannels, block);
      const int64_t end = blockBegin(args_.outChannels, block + 1);
      if (begin < task_.channelBegin || begin >= task_.channelEnd) continue;
      Tile tile{};
      tile.channelFloats = tiling_.channelFloats;
      tile.channels = args_.inChannels;
      tile.taps = band_.taps();
      tile.tapCount = conv3dTaps(args_);
      tile.weights = weights + begin * weightsEach;
      Rows rows = rowsOf(args_, task_, z, task_.row, begin);
      rows.rowFloats *= tiling_.step[1];
      rows.pitch = tiling_.pitch;
      if (joined) {
        computeRun(tile, end - begin, 0, length, rows);
      } else {
        for (int64_t row = 0; row < task_.rows; ++row) {
          computeRun(tile, end - begin, row * tiling_.pitch, row * tiling_.pitch + width, rows);
        }
      }
    }
  }

  /** Output positions [begin, end), row pitch + x, of `channels` channels. */
  HWY_ATTR void computeRun(Tile& tile, int64_t channels, int64_t begin, int64_t end,
                           const Rows& rows) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    const int64_t vectors = chunkCount(end - begin, lanes);
    const int64_t tiles = chunkCount(vectors, mostVectors(channels));
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t from = i * vectors / tiles;
      const int64_t count = (i + 1) * vectors / tiles - from;
      const int64_t at = begin + from * lanes;
      tile.input = band_.data() + at;
      const int64_t stop = at + count * lanes < end ? at + count * lanes : end;
      band_.fetch(fetchEach_);
      computeTile(sumTiles_, tile, channels, count, at, stop, rows);
    }
  }

  const Conv3dArgs& args_;
  const Conv3dTiling& tiling_;
  const Conv3dTask& task_;
  const SumTiles& sumTiles_;
  BandOf<Input>& band_;
  /** Rows of the next plane to fetch with a tile. */
  int64_t fetchEach_ = 0;
};

/** The whole convolution, of the channels of `args`, with the sums of `sumTiles`. `inputOf(row)` is
 * what a task's rows come from; it may write to the `rowFloats` floats at `row`. */
template <class InputOf>
HWY_ATTR void convolveDirectly(const Conv3dArgs& args, int64_t rowFloats, const InputOf& inputOf,
                               const SumTiles& sumTiles, Context& context,
                               const Workspace& workspace) {
  const Conv3dTiling tiling = conv3dDirectTiling(args);
  if (tiling.tasks == 0) return;
  const int64_t slotCount = args.threads < tiling.tasks ? args.threads : tiling.tasks;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchFloats);
  int64_t* const taps = layout.take<int64_t>(slotCount * conv3dTaps(args));
  float* const rows = layout.take<float>(slotCount * rowFloats);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tiling.tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(args, tiling, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    BandOf band(args, tiling, task, scratch + slot * tiling.scratchFloats,
                taps + slot * conv3dTaps(args), inputOf(rows + slot * rowFloats));
    Direct(args, tiling, task, sumTiles, band).run();
    slots.release(slot);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
