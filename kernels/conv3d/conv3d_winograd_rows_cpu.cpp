#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_winograd_rows_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_winograd-inl.h"
#include "conv3d/conv3d_winograd_rows.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Output channels whose sums, six each, fit the registers. */
constexpr int kMostTogether = kRegisters == 32 ? 5 : 2;

/** Runs one task. */
class WinogradRows {
 public:
  HWY_ATTR WinogradRows(const Conv3dArgs& args, const WinogradRowsTiling& tiling,
                        const Conv3dTask& task, float* scratch, int64_t* taps)
      : args_(args),
        tiling_(tiling),
        task_(task),
        tiles_(chunkCount(task.rows, kWinogradRows)),
        bandTask_(wholeTiles(task)),
        band_(args, tiling.band, bandTask_, scratch, taps),
        values_(scratch +
                (tiling.scratchFloats - tiling.band.ring * tiling.planeFloats - kConv3dMostVoxels)),
        taps_(taps + conv3dTaps(args)),
        streams_(conv3dStreams(args)) {}

  HWY_ATTR void run() {
    int64_t transformed = 0;
    for (int64_t i = 0; i < task_.planes; ++i) {
      band_.load(i);
      const int64_t first = i * tiling_.band.stride[0];
      const int64_t end = first + (args_.kernel[0] - 1) * tiling_.band.dilation[0] + 1;
      for (int64_t p = transformed > first ? transformed : first; p < end; ++p) transform(p);
      transformed = end;
      setTaps(first);
      computePlane(task_.plane + i * tiling_.band.step[0]);
    }
    if (streams_) hwy::FlushStream();
  }

 private:
  static constexpr int kRows = static_cast<int>(kWinogradRows);
  static constexpr int kValues = static_cast<int>(kWinogradRowValues);

  static HWY_ATTR int64_t lanes() { return static_cast<int64_t>(hn::Lanes(WinogradTag())); }

  /** What lies beyond the last row of the task in its tile must be there. */
  static HWY_ATTR Conv3dTask wholeTiles(Conv3dTask task) {
    task.rows = chunkCount(task.rows, kWinogradRows) * kWinogradRows;
    return task;
  }

  /** Plane p of the band, counted from the first that the task needs. */
  HWY_ATTR void transform(int64_t p) {
    const WinogradTag d;
    const int64_t slot = p % tiling_.band.ring;
    for (int64_t c = 0; c < args_.inChannels; ++c) {
      const float* from =
          band_.data() + slot * tiling_.band.planeFloats + c * tiling_.band.channelFloats;
      float* to = values_ + slot * tiling_.planeFloats + c * tiling_.channelFloats;
      for (int64_t tile = 0; tile < tiles_; ++tile) {
        for (int64_t x = 0; x < tiling_.band.pitch; x += lanes()) {
          WinogradVec rows[kValues], values[kValues];
#pragma GCC unroll 6
          for (int k = 0; k < kValues; ++k) {
            rows[k] = hn::LoadU(d, from + k * tiling_.band.pitch + x);
          }
          transformInputs<kRows>(rows, 1, values);
#pragma GCC unroll 6
          for (int k = 0; k < kValues; ++k) {
            hn::StoreU(values[k], d, to + k * tiling_.valueFloats + x);
          }
        }
        from += kRows * tiling_.band.pitch;
        to += tiling_.pitch;
      }
    }
  }

  /** Where the taps of an output plane lie whose first input plane is `first`. */
  HWY_ATTR void setTaps(int64_t first) {
    int64_t* tap = taps_;
    for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
      const int64_t slot = (first + kz * tiling_.band.dilation[0]) % tiling_.band.ring;
      for (int64_t kx = 0; kx < args_.kernel[2]; ++kx) {
        *tap++ = slot * tiling_.planeFloats + kx * args_.dilation[2];
      }
    }
  }

  HWY_ATTR void computePlane(int64_t z) {
    const int64_t weightsEach = args_.inChannels * tiling_.taps * kValues;
    const int64_t block = winogradRowsBlock(args_);
    const float* const weights = static_cast<const float*>(args_.packed) +
                                 task_.group * roundUp(args_.outChannels, block) * weightsEach;
    const int64_t blocks = chunkCount(task_.channelEnd - task_.channelBegin, block);
    const int64_t fetchEach = chunkCount(band_.rowsToFetch(), tiles_ * blocks);
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      for (int64_t begin = task_.channelBegin; begin < task_.channelEnd; begin += block) {
        band_.fetch(fetchEach);
        Rows rows = rowsOf(args_, task_, z, task_.row + tile * kRows * tiling_.band.step[1], begin);
        rows.rowFloats *= tiling_.band.step[1];
        const int64_t left = task_.channelEnd - begin;
        const int channels = static_cast<int>(left < block ? left : block);
        if (block == 5) {
          computeBlock<5>(tile, channels, weights + begin * weightsEach, rows);
        } else {
          computeBlock<4>(tile, channels, weights + begin * weightsEach, rows);
        }
      }
    }
  }

  /** The rows of a tile, of `channels` channels of a block. */
  template <int Block, int First = 0>
  HWY_ATTR void computeBlock(int64_t index, int channels, const float* weights,
                             const Rows& rows) const {
    constexpr int kLeft = Block - First;
    constexpr int kTogether = kLeft < kMostTogether ? kLeft : kMostTogether;
    if (channels <= First) return;
    computeRows<Block, First, kTogether>(index, channels, weights, rows);
    if constexpr (kTogether < kLeft) {
      computeBlock<Block, First + kTogether>(index, channels, weights, rows);
    }
  }

  /** All that is stored are outputs: other stores would wait behind those that go past the caches,
   * and the products for them. */
  template <int Block, int First, int Together>
  HWY_ATTR HWY_NOINLINE void computeRows(int64_t index, int channels, const float* weights,
                                         const Rows& rows) const {
    const WinogradTag d;
    const int64_t left = task_.rows - index * kRows;
    const int64_t count = left < kRows ? left : kRows;
    const int64_t valueFloats = tiling_.valueFloats;
    const bool streams = streams_ && streamsInVectors(rows);
    for (int64_t x = 0; x < rows.width; x += lanes()) {
      WinogradVec sums[Together][kValues];
#pragma GCC unroll 5
      for (int c = 0; c < Together; ++c) {
#pragma GCC unroll 6
        for (int k = 0; k < kValues; ++k) sums[c][k] = hn::Zero(d);
      }
      const float* weight = weights;
      const float* channel = values_ + index * tiling_.pitch + x;
      for (int64_t i = 0; i < args_.inChannels; ++i, channel += tiling_.channelFloats) {
        for (int64_t t = 0; t < tiling_.taps; ++t, weight += kValues * Block) {
          const float* const input = channel + taps_[t];
#pragma GCC unroll 6
          for (int k = 0; k < kValues; ++k) {
            const WinogradVec value = hn::LoadU(d, input + k * valueFloats);
#pragma GCC unroll 5
            for (int c = 0; c < Together; ++c) {
              sums[c][k] = hn::MulAdd(value, hn::Set(d, weight[k * Block + First + c]), sums[c][k]);
            }
          }
        }
      }
#pragma GCC unroll 5
      for (int c = 0; c < Together; ++c) {
        if (First + c >= channels) break;
        WinogradVec outputs[kRows];
        transformSums<kRows>(sums[c], 1, outputs);
        finishVectors<kRows>(outputs, x, First + c, count, streams, rows);
      }
    }
  }

  const Conv3dArgs& args_;
  const WinogradRowsTiling& tiling_;
  const Conv3dTask& task_;
  int64_t tiles_;
  Conv3dTask bandTask_;
  Band band_;
  float* values_;
  int64_t* taps_;
  bool streams_;
};

HWY_ATTR void conv3dWinogradRowsCpu(const Conv3dArgs& args, Context& context,
                                    const Workspace& workspace) {
  const WinogradRowsTiling tiling(args);
  const int64_t tasks = tiling.band.tasks;
  if (tasks == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  const int64_t tapsEach = conv3dTaps(args) + tiling.taps;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchFloats);
  int64_t* const taps = layout.take<int64_t>(slotCount * tapsEach);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(args, tiling.band, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    WinogradRows(args, tiling, task, scratch + slot * tiling.scratchFloats, taps + slot * tapsEach)
        .run();
    slots.release(slot);
  });
}

/** Group by group and block by block: [input channel][kz][kx][value][output channel of the block],
 * with zeros for channels that the last block lacks. */
HWY_ATTR void conv3dWinogradRowsPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  constexpr int kValues = static_cast<int>(kWinogradRowValues);
  const int64_t width = args.kernel[2];
  const int64_t each = args.inChannels * args.kernel[0] * width;
  const int64_t block = winogradRowsBlock(args);
  const int64_t padded = roundUp(args.outChannels, block);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group, weights += args.outChannels * each * 3) {
    for (int64_t begin = 0; begin < padded; begin += block) {
      for (int64_t i = 0; i < each; ++i, packed += kValues * block) {
        for (int64_t c = 0; c < block; ++c) {
          double values[kValues] = {};
          if (begin + c < args.outChannels) {
            // Input channel and plane of the kernel, and its column.
            const float* const from =
                weights + ((begin + c) * each + i / width * width) * 3 + i % width;
            const double rows[] = {double(from[0]), double(from[width]), double(from[2 * width])};
            transformWeights<static_cast<int>(kWinogradRows)>(rows, 1, values, 1);
          }
          for (int k = 0; k < kValues; ++k) {
            packed[k * block + c] = static_cast<float>(values[k]);
          }
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dWinogradRowsCpu);
VK_SIMD_TABLE(conv3dWinogradRowsPackCpu);

}  // namespace vk
#endif
