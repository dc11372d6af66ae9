#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_tiling.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Output channels [blockBegin(b), blockBegin(b + 1)) of a range are computed together. */
HWY_ATTR inline int64_t blockCount(int64_t channels) { return chunkCount(channels, kMostChannels); }
HWY_ATTR inline int64_t blockBegin(int64_t channels, int64_t block) {
  const int64_t blocks = blockCount(channels);
  return blocks == 0 ? 0 : block * channels / blocks;
}

HWY_ATTR inline void fillZero(float* to, int64_t count) {
  __builtin_memset(to, 0, static_cast<size_t>(count) * sizeof(float));
}

/** Runs one task in one scratch area. */
class Band {
 public:
  Band(const Conv3dArgs& args, const Conv3dTiling& tiling, const Conv3dTask& task, float* scratch,
       int64_t* taps)
      : args_(args), tiling_(tiling), task_(task), scratch_(scratch), taps_(taps) {
    inVoxels_ = args.inSize[0] * args.inSize[1] * args.inSize[2];
    outVoxels_ = args.outSize[0] * args.outSize[1] * args.outSize[2];
    input_ = static_cast<const float*>(args.input) +
             (task.image * args.groups + task.group) * args.inChannels * inVoxels_;
    output_ = (task.image * args.groups + task.group) * args.outChannels * outVoxels_;
  }

  HWY_ATTR void run() {
    const int64_t extent = (args_.kernel[0] - 1) * tiling_.dilation[0] + 1;
    int64_t copied = 0;
    for (int64_t i = 0; i < task_.planes; ++i) {
      const int64_t first = i * tiling_.stride[0];
      for (int64_t p = copied > first ? copied : first; p < first + extent; ++p) copyPlane(p);
      copied = first + extent;
      setTaps(first);
      if (i + 1 < task_.planes)
        expect(copied > first + tiling_.stride[0] ? copied : first + tiling_.stride[0]);
      computePlane(task_.plane + i * tiling_.step[0]);
    }
  }

 private:
  HWY_ATTR int64_t planeOf(int64_t p) const {
    return task_.plane * args_.stride[0] - args_.paddingBegin[0] + p * tiling_.step[0];
  }
  HWY_ATTR int64_t firstRow() const { return task_.row * args_.stride[1] - args_.paddingBegin[1]; }
  HWY_ATTR int64_t inputRows() const {
    return (task_.rows - 1) * tiling_.stride[1] + (args_.kernel[1] - 1) * tiling_.dilation[1] + 1;
  }

  /** Plane p will be copied next: its rows are fetched while others are computed. */
  HWY_ATTR void expect(int64_t p) {
    const int64_t z = planeOf(p);
    expected_ =
        z >= 0 && z < args_.inSize[0] ? input_ + z * args_.inSize[1] * args_.inSize[2] : nullptr;
    expectedRow_ = 0;
  }

  /** Fetches the next `count` rows of the plane that is expected, into the second-level cache. */
  HWY_ATTR void fetch(int64_t count) {
    if (expected_ == nullptr) return;
    const int64_t rows = inputRows();
    for (; count > 0; --count, ++expectedRow_) {
      const int64_t channel = expectedRow_ / rows;
      if (channel >= args_.inChannels) return;
      const int64_t y = firstRow() + expectedRow_ % rows * tiling_.step[1];
      if (y < 0 || y >= args_.inSize[1]) continue;
      const float* const row = expected_ + channel * inVoxels_ + y * args_.inSize[2];
      for (int64_t x = 0; x < args_.inSize[2]; x += 16) __builtin_prefetch(row + x, 0, 2);
    }
  }

  /** Copies the band's rows of plane p, counted in steps from the first that the task needs. */
  HWY_ATTR void copyPlane(int64_t p) {
    float* const plane = scratch_ + p % tiling_.ring * tiling_.planeFloats;
    const int64_t z = planeOf(p);
    const int64_t rows = inputRows();
    for (int64_t channel = 0; channel < args_.inChannels; ++channel) {
      for (int64_t q = 0; q < rows; ++q) {
        float* const row =
            plane + channel * tiling_.channelFloats +
            (q % tiling_.stride[1] * tiling_.phaseRows + q / tiling_.stride[1]) * tiling_.pitch;
        const int64_t y = firstRow() + q * tiling_.step[1];
        const bool inside = z >= 0 && z < args_.inSize[0] && y >= 0 && y < args_.inSize[1];
        copyRow(inside ? input_ + channel * inVoxels_ + (z * args_.inSize[1] + y) * args_.inSize[2]
                       : nullptr,
                row);
      }
    }
  }

  /** One row with its padding, dealt into its phases; zeros where there is no input. */
  HWY_ATTR void copyRow(const float* from, float* to) const {
    const int64_t stride = args_.stride[2];
    const int64_t phaseFloats = tiling_.stride[1] * tiling_.phaseRows * tiling_.pitch;
    if (stride == 2 && from != nullptr) {
      const Range even = inputRange(0);
      const Range odd = inputRange(1);
      const int64_t begin = even.begin > odd.begin ? even.begin : odd.begin;
      const int64_t end = even.end < odd.end ? even.end : odd.end;
      if (begin <= end) {
        const int64_t done =
            dealPairs(from - args_.paddingBegin[2], begin, end, to, to + phaseFloats);
        copyPhase(from, 0, {even.begin, begin}, {done, even.end}, to);
        copyPhase(from, 1, {odd.begin, begin}, {done, odd.end}, to + phaseFloats);
        return;
      }
    }
    for (int64_t phase = 0; phase < stride; ++phase, to += phaseFloats) {
      const Range range = from != nullptr ? inputRange(phase) : Range{0, 0};
      if (stride == 1 && range.end > range.begin) {
        __builtin_memcpy(to + range.begin, from - args_.paddingBegin[2] + range.begin,
                         static_cast<size_t>(range.end - range.begin) * sizeof(float));
        copyPhase(from, phase, {range.begin, range.begin}, {range.end, range.end}, to);
      } else {
        copyPhase(from, phase, range, {range.end, range.end}, to);
      }
    }
  }

  /** Places of a phase that hold input: place i holds voxel phase - padding + i stride. */
  HWY_ATTR Range inputRange(int64_t phase) const {
    const int64_t stride = args_.stride[2];
    const int64_t first = phase - args_.paddingBegin[2];
    int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
    int64_t end = first < args_.inSize[2] ? (args_.inSize[2] - first + stride - 1) / stride : 0;
    if (end > tiling_.pitch) end = tiling_.pitch;
    if (begin > end) begin = end;
    return {begin, end};
  }

  /** Two ranges of places of a phase, and zeros before and after them. */
  HWY_ATTR void copyPhase(const float* from, int64_t phase, Range first, Range last,
                          float* to) const {
    fillZero(to, first.begin);
    const int64_t stride = args_.stride[2];
    const int64_t start = phase - args_.paddingBegin[2];
    for (int64_t i = first.begin; i < first.end; ++i) to[i] = from[start + i * stride];
    for (int64_t i = last.begin; i < last.end; ++i) to[i] = from[start + i * stride];
    fillZero(to + last.end, tiling_.pitch - last.end);
  }

  /** Places [begin, the result) of both phases of a stride of 2, as many as whole vectors fill. */
  HWY_ATTR static int64_t dealPairs(const float* from, int64_t begin, int64_t end, float* even,
                                    float* odd) {
    const hn::ScalableTag<float> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      hn::Vec<decltype(d)> first, second;
      hn::LoadInterleaved2(d, from + 2 * i, first, second);
      hn::StoreU(first, d, even + i);
      hn::StoreU(second, d, odd + i);
    }
    return i;
  }

  /** Where the taps of a plane lie that begins with the ring's plane `first`. */
  HWY_ATTR void setTaps(int64_t first) {
    const int64_t rowFloats = tiling_.pitch;
    const int64_t yPhase = tiling_.phaseRows * rowFloats;
    const int64_t xPhase = tiling_.stride[1] * yPhase;
    int64_t* tap = taps_;
    for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
      const int64_t plane = (first + kz * tiling_.dilation[0]) % tiling_.ring;
      for (int64_t ky = 0; ky < args_.kernel[1]; ++ky) {
        const int64_t y = ky * tiling_.dilation[1];
        for (int64_t kx = 0; kx < args_.kernel[2]; ++kx) {
          const int64_t x = kx * args_.dilation[2];
          *tap++ = plane * tiling_.planeFloats + x % args_.stride[2] * xPhase +
                   x / args_.stride[2] + y % tiling_.stride[1] * yPhase +
                   y / tiling_.stride[1] * rowFloats;
        }
      }
    }
  }

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
    // Fetching is spread over the runs.
    const int64_t runs =
        (joined ? 1 : task_.rows) * blockCount(task_.channelEnd - task_.channelBegin);
    const int64_t tilesEach =
        chunkCount(chunkCount(joined ? length : width, lanes), mostVectors(kMostChannels));
    fetchEach_ = chunkCount(args_.inChannels * inputRows(), runs * tilesEach);
    for (int64_t block = 0; block < blockCount(args_.outChannels); ++block) {
      const int64_t begin = blockBegin(args_.outChannels, block);
      const int64_t end = blockBegin(args_.outChannels, block + 1);
      if (begin < task_.channelBegin || begin >= task_.channelEnd) continue;
      Tile tile{};
      tile.channelFloats = tiling_.channelFloats;
      tile.channels = args_.inChannels;
      tile.taps = taps_;
      tile.tapCount = conv3dTaps(args_);
      tile.weights = weights + begin * weightsEach;
      const Rows rows = rowsOf(z, begin);
      if (joined) {
        computeRun(tile, end - begin, 0, length, rows);
      } else {
        for (int64_t row = 0; row < task_.rows; ++row) {
          computeRun(tile, end - begin, row * tiling_.pitch, row * tiling_.pitch + width, rows);
        }
      }
    }
  }

  /** Where the outputs of a plane and of the channels from `channel` on go. */
  HWY_ATTR Rows rowsOf(int64_t z, int64_t channel) const {
    const int64_t first =
        output_ + channel * outVoxels_ + (z * args_.outSize[1] + task_.row) * args_.outSize[2];
    Rows rows{};
    rows.finish.activation = args_.activation;
    rows.finish.slope = static_cast<float>(args_.negativeSlope);
    if (args_.bias != nullptr) {
      rows.finish.bias =
          static_cast<const float*>(args_.bias) + task_.group * args_.outChannels + channel;
    }
    rows.finish.residual =
        args_.residual != nullptr ? static_cast<const float*>(args_.residual) + first : nullptr;
    rows.output = static_cast<float*>(args_.output) + first;
    rows.channelFloats = outVoxels_;
    rows.rowFloats = tiling_.step[1] * args_.outSize[2];
    rows.width = args_.outSize[2];
    rows.pitch = tiling_.pitch;
    return rows;
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
      tile.input = scratch_ + at;
      const int64_t stop = at + count * lanes < end ? at + count * lanes : end;
      fetch(fetchEach_);
      computeTile(tile, channels, count, at, stop, rows);
    }
  }

  const Conv3dArgs& args_;
  const Conv3dTiling& tiling_;
  const Conv3dTask& task_;
  float* scratch_;
  int64_t* taps_;
  int64_t inVoxels_;
  int64_t outVoxels_;
  const float* input_;
  int64_t output_;
  /** First voxel of the plane to fetch, or null; how far that is; and rows to fetch with a tile. */
  const float* expected_ = nullptr;
  int64_t expectedRow_ = 0;
  int64_t fetchEach_ = 0;
};

HWY_ATTR void conv3dCpu(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  const Conv3dTiling tiling = conv3dTiling(args);
  if (tiling.tasks == 0) return;
  const int64_t slotCount = args.threads < tiling.tasks ? args.threads : tiling.tasks;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchFloats);
  int64_t* const taps = layout.take<int64_t>(slotCount * conv3dTaps(args));
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tiling.tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(args, tiling, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    Band(args, tiling, task, scratch + slot * tiling.scratchFloats, taps + slot * conv3dTaps(args))
        .run();
    slots.release(slot);
  });
}

/** Group by group and block by block: [input channel][tap][output channel of the block]. */
HWY_ATTR void conv3dPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  const int64_t each = args.inChannels * conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < blockCount(args.outChannels); ++block) {
      const int64_t channels =
          blockBegin(args.outChannels, block + 1) - blockBegin(args.outChannels, block);
      for (int64_t i = 0; i < each; ++i) {
        for (int64_t channel = 0; channel < channels; ++channel) {
          *packed++ = weights[channel * each + i];
        }
      }
      weights += channels * each;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dCpu);
VK_SIMD_TABLE(conv3dPackCpu);

}  // namespace vk
#endif
