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
  static constexpr int64_t kMostFloats =
      kMostChannels * mostVectors(kMostChannels) * hn::MaxLanes(WinogradTag());

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
    const float* const weights =
        static_cast<const float*>(args_.packed) + task_.group * args_.outChannels * weightsEach;
    const int64_t blocks = blockCount(args_.outChannels);
    const int64_t fetchEach = chunkCount(band_.rowsToFetch(), tiles_ * blocks);
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t begin = blockBegin(args_.outChannels, block);
        const int64_t channels = blockBegin(args_.outChannels, block + 1) - begin;
        if (begin < task_.channelBegin || begin >= task_.channelEnd) continue;
        band_.fetch(fetchEach);
        Rows rows = rowsOf(args_, task_, z, task_.row + tile * kRows * tiling_.band.step[1], begin);
        rows.rowFloats *= tiling_.band.step[1];
        computeRows(tile, channels, weights + begin * weightsEach, rows);
      }
    }
  }

  /** The rows of a tile, of the channels of a block. */
  HWY_ATTR void computeRows(int64_t index, int64_t channels, const float* weights,
                            const Rows& rows) const {
    HWY_ALIGN float sums[kValues * kMostFloats];
    const int64_t left = task_.rows - index * kRows;
    const int64_t count = left < kRows ? left : kRows;
    const int64_t vectors = chunkCount(rows.width, lanes());
    const int64_t parts = chunkCount(vectors, mostVectors(kMostChannels));
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t from = part * vectors / parts;
      const int64_t each = (part + 1) * vectors / parts - from;
      Tile tile{};
      tile.channelFloats = tiling_.channelFloats;
      tile.channels = args_.inChannels;
      tile.taps = taps_;
      tile.tapCount = tiling_.taps;
      for (int k = 0; k < kValues; ++k) {
        tile.input = values_ + k * tiling_.valueFloats + index * tiling_.pitch + from * lanes();
        tile.weights = weights + k * args_.inChannels * tiling_.taps * channels;
        kSumTiles[channels - 1][each - 1](tile, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0},
                                          sums + k * kMostFloats, each * lanes());
      }
      for (int c = 0; c < channels; ++c) {
        write(sums + c * each * lanes(), from * lanes(), each, c, count, rows);
      }
    }
  }

  /** Transforms `vectors` vectors of a channel's sums, and writes `count` rows from column x on. */
  HWY_ATTR void write(const float* sums, int64_t x, int64_t vectors, int channel, int64_t count,
                      const Rows& rows) const {
    const WinogradTag d;
    const WinogradVec bias =
        hn::Set(d, rows.finish.bias != nullptr ? rows.finish.bias[channel] : 0.0f);
    const int64_t first = channel * rows.channelFloats;
    const auto streamed = [&](int64_t row) HWY_ATTR {
      const float* const to = rows.output + first + row * rows.rowFloats;
      return streams_ && reinterpret_cast<uintptr_t>(to) % (lanes() * sizeof(float)) == 0;
    };
    const bool whole = streamed(0) && streamed(1);
    for (int64_t v = 0; v < vectors; ++v, x += lanes(), sums += lanes()) {
      WinogradVec values[kValues], outputs[kRows];
#pragma GCC unroll 6
      for (int k = 0; k < kValues; ++k) values[k] = hn::LoadU(d, sums + k * kMostFloats);
      transformSums<kRows>(values, 1, outputs);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        if (r >= count) break;
        const int64_t at = first + r * rows.rowFloats + x;
        const float* const added =
            rows.finish.residual != nullptr ? rows.finish.residual + at : nullptr;
        if (x + lanes() > rows.width) {
          HWY_ALIGN float some[hn::MaxLanes(d)];
          hn::Store(outputs[r], d, some);
          finishRow(some, rows.width - x, rows.finish, channel, added, rows.output + at);
          continue;
        }
        WinogradVec output = hn::Add(outputs[r], bias);
        if (added != nullptr) output = hn::Add(output, hn::LoadU(d, added));
        output = activated(d, output, rows.finish);
        if (whole) {
          hn::Stream(output, d, rows.output + at);
        } else {
          hn::StoreU(output, d, rows.output + at);
        }
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

/** Group by group and block by block: [value][input channel][kz][kx][output channel of the block].
 */
HWY_ATTR void conv3dWinogradRowsPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  constexpr int kValues = static_cast<int>(kWinogradRowValues);
  const int64_t width = args.kernel[2];
  const int64_t taps = args.kernel[0] * width;
  const int64_t each = args.inChannels * taps;
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < blockCount(args.outChannels); ++block) {
      const int64_t begin = blockBegin(args.outChannels, block);
      const int64_t channels = blockBegin(args.outChannels, block + 1) - begin;
      for (int64_t i = 0; i < each; ++i) {
        for (int64_t channel = 0; channel < channels; ++channel) {
          // Input channel and plane of the kernel, and its column.
          const float* const from = weights + (channel * each + i / width * width) * 3 + i % width;
          const double rows[] = {double(from[0]), double(from[width]), double(from[2 * width])};
          double values[kValues];
          transformWeights<static_cast<int>(kWinogradRows)>(rows, 1, values, 1);
          for (int k = 0; k < kValues; ++k) {
            packed[(k * each + i) * channels + channel] = static_cast<float>(values[k]);
          }
        }
      }
      weights += channels * each * 3;
      packed += channels * each * kValues;
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
