#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_amx_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx_sums-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

/** Runs one task. */
template <int64_t kParts>
class AmxConvolution {
 public:
  AmxConvolution(const Conv3dArgs& args, const AmxTiling& tiling, const Conv3dTask& task,
                 float* sums, AmxBand<kParts>& band)
      : args_(args), tiling_(tiling), task_(task), sums_(sums), band_(band) {}

  VK_AMX_ATTR void run() {
    const AmxShapes shapes;
    _tile_loadconfig(&shapes);
    for (int64_t i = 0; i < task_.planes; ++i) {
      band_.load(i);
      computePlane(task_.plane + i * tiling_.band.step[0]);
    }
    if (conv3dStreams(args_)) hwy::FlushStream();
    _tile_release();
  }

 private:
  HWY_ATTR void computePlane(int64_t z) {
    const int64_t tiles = tiling_.tiles(args_, task_.rows);
    const int64_t pairBlocks = amxPairBlocks(args_);
    const int64_t channelWords = pairBlocks * conv3dTaps(args_) * kParts * kAmxPairs;
    const float* const weights =
        static_cast<const float*>(args_.packed) +
        task_.group * roundUp(args_.outChannels, kAmxOutputs) * channelWords;
    AmxBlock block{};
    block.voxelBytes = args_.stride[2] * kAmxPairs * static_cast<int64_t>(sizeof(float));
    block.partWords = tiling_.partWords;
    block.taps = band_.taps();
    block.tapCount = conv3dTaps(args_);
    const int64_t blocks =
        chunkCount(tiles, 2) * chunkCount(task_.channelEnd - task_.channelBegin, kAmxBlock);
    block.fetchEach = chunkCount(band_.linesToFetch(), blocks * pairBlocks * block.tapCount);
    for (int64_t out = task_.channelBegin; out < task_.channelEnd; out += kAmxBlock) {
      const int64_t channels =
          task_.channelEnd - out < kAmxBlock ? task_.channelEnd - out : kAmxBlock;
      block.weights = weights + out * channelWords;
      Rows rows = rowsOf(args_, task_, z, task_.row, out);
      rows.rowFloats *= tiling_.band.step[1];
      rows.finish.streams = conv3dStreams(args_);
      for (int64_t k = 0; k < pairBlocks; k += block.pairBlocks) {
        const int64_t left = pairBlocks - k;
        block.pairBlocks = left < tiling_.blocksTogether ? left : tiling_.blocksTogether;
        sumVoxels(block, k, tiles, channels, rows);
        block.weights += block.pairBlocks * block.tapCount * kParts *
                         chunkCount(channels, kAmxOutputs) * kMatrix;
      }
    }
  }

  /** All voxels by a block of up to 32 channels, of the pairs from block `k` on; written where
   * these are the last. */
  HWY_ATTR void sumVoxels(AmxBlock& block, int64_t k, int64_t tiles, int64_t channels,
                          const Rows& rows) {
    const int64_t outTiles = channels > kAmxOutputs ? 2 : 1;
    const int64_t each = 4 / outTiles;
    const int64_t pairBlocks = amxPairBlocks(args_);
    const bool keeps = block.pairBlocks < pairBlocks;
    const int64_t runTiles = tiling_.runTiles(args_, task_.rows);
    block.first = k == 0;
    for (int64_t first = 0; first < tiles; first += each) {
      AmxPlace places[4];
      for (int64_t i = 0; i < each; ++i) {
        // Beyond the last one it is summed once more, for nothing.
        places[i] = tiling_.placeOf(first + i < tiles ? first + i : tiles - 1, runTiles);
        block.voxels[i] = band_.voxel(places[i].row, places[i].x) + k * kParts * tiling_.partWords;
      }
      float* const sums = keeps ? sums_ + first * outTiles * kMatrix : sums_;
      sumBlock(block, channels, band_, sums);
      if (k + block.pairBlocks < pairBlocks) continue;
      for (int64_t i = 0; i < each && first + i < tiles; ++i) {
        for (int64_t half = 0; half < outTiles; ++half) {
          const int64_t left = channels - half * kAmxOutputs;
          finishMatrix(sums + (i * outTiles + half) * kMatrix, places[i], half * kAmxOutputs,
                       left < kAmxOutputs ? left : kAmxOutputs, rows);
        }
      }
    }
  }

  /** Sums [voxel][channel] of `count` channels from `channel` of the block on. */
  HWY_ATTR void finishMatrix(float* sums, AmxPlace place, int64_t channel, int64_t count,
                             const Rows& rows) const {
    const hn::ScalableTag<float> d;
    __m512 values[16];
    for (int i = 0; i < 16; ++i) values[i] = _mm512_loadu_ps(sums + i * 16);
    transpose(values);
    if (place.x + kAmxVoxels > rows.width) {
      for (int i = 0; i < 16; ++i) _mm512_storeu_ps(sums + i * 16, values[i]);
      finishParts(sums, place, channel, count, rows);
      return;
    }
    const int64_t at = channel * rows.channelFloats + place.row * rows.rowFloats + place.x;
    const Finish& finish = rows.finish;
    float* output = rows.output + at;
    const float* residual = finish.residual != nullptr ? finish.residual + at : nullptr;
    const bool streams = finish.streams && reinterpret_cast<uintptr_t>(output) % 64 == 0 &&
                         rows.channelFloats % kAmxVoxels == 0;
#pragma GCC unroll 16
    for (int64_t c = 0; c < 16; ++c) {
      if (c >= count) break;
      hn::Vec<decltype(d)> sum{values[c]};
      if (finish.bias != nullptr) sum = hn::Add(sum, hn::Set(d, finish.bias[channel + c]));
      if (residual != nullptr) {
        sum = hn::Add(sum, hn::LoadU(d, residual));
        residual += rows.channelFloats;
      }
      sum = activated(d, sum, finish);
      if (streams) {
        hn::Stream(sum, d, output);
      } else {
        hn::StoreU(sum, d, output);
      }
      output += rows.channelFloats;
    }
  }

  /** Where a row ends among the voxels; sums [channel][voxel]. */
  HWY_ATTR void finishParts(const float* sums, AmxPlace place, int64_t channel, int64_t count,
                            const Rows& rows) const {
    for (int64_t done = 0; done < kAmxVoxels && place.row < task_.rows;) {
      const int64_t left = rows.width - place.x;
      const int64_t most = kAmxVoxels - done;
      const int64_t some = left < most ? left : most;
      for (int64_t c = 0; c < count && some > 0; ++c) {
        const int64_t at =
            (channel + c) * rows.channelFloats + place.row * rows.rowFloats + place.x;
        finishRow(sums + c * kAmxVoxels + done, some, rows.finish, static_cast<int>(channel + c),
                  rows.finish.residual != nullptr ? rows.finish.residual + at : nullptr,
                  rows.output + at);
      }
      if (!tiling_.joined) return;
      done += tiling_.pitch - place.x;
      place = {place.row + 1, 0};
    }
  }

  const Conv3dArgs& args_;
  const AmxTiling& tiling_;
  const Conv3dTask& task_;
  float* sums_;
  AmxBand<kParts>& band_;
};

template <int64_t kParts>
HWY_ATTR void convolve(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  const AmxTiling tiling(args, kParts);
  const int64_t tasks = tiling.band.tasks;
  if (tasks == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchWords);
  float* const sums = layout.take<float>(slotCount * tiling.sums);
  int64_t* const taps = layout.take<int64_t>(slotCount * conv3dTaps(args));
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(args, tiling.band, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    AmxBand<kParts> band(args, tiling, task, scratch + slot * tiling.scratchWords,
                         taps + slot * conv3dTaps(args));
    AmxConvolution<kParts>(args, tiling, task, sums + slot * tiling.sums, band).run();
    slots.release(slot);
  });
}

/** Group by group. */
template <int64_t kParts>
VK_BF16_ATTR void packWeights(const Conv3dArgs& args) {
  const int64_t taps = conv3dTaps(args);
  const int64_t each = args.outChannels * args.inChannels * taps;
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    const AmxWeights weights = {static_cast<const float*>(args.weights) + group * each,
                                args.inChannels * taps, taps};
    packed = packTaps<kParts>(args, weights, {0, 0, 0}, {1, 1, 1}, packed);
  }
}

HWY_ATTR void conv3dAmxCpu(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  convolve<1>(args, context, workspace);
}
HWY_ATTR void conv3dAmxSplitCpu(const Conv3dArgs& args, Context& context,
                                const Workspace& workspace) {
  convolve<2>(args, context, workspace);
}
HWY_ATTR void conv3dAmxPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  packWeights<1>(args);
}
HWY_ATTR void conv3dAmxSplitPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  packWeights<2>(args);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

using AmxTable = SimdTable<Kernel<Conv3dArgs>>;
extern const AmxTable conv3dAmxCpuTable, conv3dAmxPackCpuTable;
extern const AmxTable conv3dAmxSplitCpuTable, conv3dAmxSplitPackCpuTable;

#if HWY_ARCH_X86
#define VK_AMX_TABLE(name) const AmxTable name##Table = {N_AVX3::name, nullptr, nullptr, nullptr}
#else
#define VK_AMX_TABLE(name) const AmxTable name##Table = {}
#endif
VK_AMX_TABLE(conv3dAmxCpu);
VK_AMX_TABLE(conv3dAmxPackCpu);
VK_AMX_TABLE(conv3dAmxSplitCpu);
VK_AMX_TABLE(conv3dAmxSplitPackCpu);
#undef VK_AMX_TABLE

}  // namespace vk
#endif
