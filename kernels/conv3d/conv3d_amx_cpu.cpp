#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_amx_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx.h"
#include "conv3d/conv3d_amx_band-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3
#define VK_AMX_ATTR __attribute__((target("amx-tile,amx-bf16")))

/** Floats, or pairs of bfloat16, of a matrix in memory. */
constexpr int64_t kMatrix = 16 * 16;

/** Shapes of the matrix registers, as the processor wants them: all are full. 0 to 3 are sums, the
 * others weights and voxels. */
struct AmxShapes {
  uint8_t palette = 1;
  uint8_t startRow = 0;
  uint8_t reserved[14] = {};
  uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/** What a block sums: the outputs of 2 matrices of voxels by 2 of weights, or of 4 by 1. */
struct AmxBlock {
  /** Of each matrix of voxels, where tap 0 would read at offset 0. */
  const float* voxels[4];
  /** From a voxel to the next. */
  int64_t voxelBytes;
  /** From a block of pairs to the next. */
  int64_t blockWords;
  int64_t pairBlocks;
  const int64_t* taps;
  int64_t tapCount;
  /** [block of pairs][tap][matrix] */
  const float* weights;
  /** Lines of the next plane to fetch with a tap: many at once would hold up the products. */
  int64_t fetchEach;
};

/** The instructions name their registers, so each is written out. They tell the compiler nothing
 * about the memory that they read. */
VK_AMX_ATTR HWY_NOINLINE void sumTwoByTwo(const AmxBlock& block, AmxBand& band, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.pairBlocks; ++k) {
    const float* const first = block.voxels[0] + k * block.blockWords;
    const float* const second = block.voxels[1] + k * block.blockWords;
    for (int64_t t = 0; t < block.tapCount; ++t, weights += 2 * kMatrix) {
      band.fetch(block.fetchEach);
      _tile_loadd(4, weights, 64);
      _tile_loadd(6, first + block.taps[t], block.voxelBytes);
      _tile_loadd(5, weights + kMatrix, 64);
      _tile_loadd(7, second + block.taps[t], block.voxelBytes);
      _tile_dpbf16ps(0, 6, 4);
      _tile_dpbf16ps(1, 6, 5);
      _tile_dpbf16ps(2, 7, 4);
      _tile_dpbf16ps(3, 7, 5);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

VK_AMX_ATTR HWY_NOINLINE void sumFourByOne(const AmxBlock& block, AmxBand& band, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.pairBlocks; ++k) {
    const int64_t at = k * block.blockWords;
    for (int64_t t = 0; t < block.tapCount; ++t, weights += kMatrix) {
      band.fetch(block.fetchEach);
      const int64_t tap = at + block.taps[t];
      _tile_loadd(4, weights, 64);
      _tile_loadd(6, block.voxels[0] + tap, block.voxelBytes);
      _tile_loadd(7, block.voxels[1] + tap, block.voxelBytes);
      _tile_dpbf16ps(0, 6, 4);
      _tile_dpbf16ps(1, 7, 4);
      _tile_loadd(6, block.voxels[2] + tap, block.voxelBytes);
      _tile_loadd(7, block.voxels[3] + tap, block.voxelBytes);
      _tile_dpbf16ps(2, 6, 4);
      _tile_dpbf16ps(3, 7, 4);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

/** The words of 16 output channels from `out` on for input channels `in` and `in` + 1. */
VK_BF16_ATTR void packPair(const Conv3dArgs& args, const float* weights, int64_t out, int64_t in,
                           float* packed) {
  const int64_t taps = conv3dTaps(args);
  float first[16] = {};
  float second[16] = {};
  for (int64_t o = 0; o < kAmxOutputs && out + o < args.outChannels; ++o) {
    const float* const from = weights + ((out + o) * args.inChannels + in) * taps;
    if (in < args.inChannels) first[o] = from[0];
    if (in + 1 < args.inChannels) second[o] = from[taps];
  }
  pairRows(first, second, kAmxOutputs, packed);
}

/** Runs one task. */
class AmxConvolution {
 public:
  AmxConvolution(const Conv3dArgs& args, const AmxTiling& tiling, const Conv3dTask& task,
                 float* sums, AmxBand& band)
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
  /** The first voxel of a matrix: of the band's rows, or of the long one. */
  struct Place {
    int64_t row;
    int64_t x;
  };

  HWY_ATTR Place placeOf(int64_t tile, int64_t runTiles) const {
    if (!tiling_.joined) return {tile / runTiles, tile % runTiles * kAmxVoxels};
    const int64_t position = tile * kAmxVoxels;
    return {position / tiling_.pitch, position % tiling_.pitch};
  }

  HWY_ATTR void computePlane(int64_t z) {
    const int64_t runTiles = tiling_.runTiles(args_, task_.rows);
    const int64_t tiles = (tiling_.joined ? 1 : task_.rows) * runTiles;
    const int64_t channelWords = amxPairBlocks(args_) * conv3dTaps(args_) * kAmxPairs;
    const float* const weights =
        static_cast<const float*>(args_.packed) +
        task_.group * roundUp(args_.outChannels, kAmxOutputs) * channelWords;
    AmxBlock block{};
    block.voxelBytes = args_.stride[2] * kAmxPairs * static_cast<int64_t>(sizeof(float));
    block.pairBlocks = amxPairBlocks(args_);
    block.blockWords = tiling_.blockWords;
    block.taps = band_.taps();
    block.tapCount = conv3dTaps(args_);
    const int64_t blocks =
        chunkCount(tiles, 2) * chunkCount(task_.channelEnd - task_.channelBegin, kAmxBlock);
    block.fetchEach = chunkCount(band_.linesToFetch(), blocks * block.pairBlocks * block.tapCount);
    for (int64_t out = task_.channelBegin; out < task_.channelEnd; out += kAmxBlock) {
      const int64_t channels =
          task_.channelEnd - out < kAmxBlock ? task_.channelEnd - out : kAmxBlock;
      const int64_t outTiles = channels > kAmxOutputs ? 2 : 1;
      const int64_t each = 4 / outTiles;
      block.weights = weights + out * channelWords;
      Rows rows = rowsOf(args_, task_, z, task_.row, out);
      rows.rowFloats *= tiling_.band.step[1];
      rows.finish.streams = conv3dStreams(args_);
      for (int64_t first = 0; first < tiles; first += each) {
        Place places[4];
        for (int64_t i = 0; i < each; ++i) {
          // Beyond the last one it is summed once more, for nothing.
          places[i] = placeOf(first + i < tiles ? first + i : tiles - 1, runTiles);
          block.voxels[i] = band_.voxel(places[i].row, places[i].x);
        }
        if (outTiles == 2) {
          sumTwoByTwo(block, band_, sums_);
        } else {
          sumFourByOne(block, band_, sums_);
        }
        for (int64_t i = 0; i < each && first + i < tiles; ++i) {
          for (int64_t half = 0; half < outTiles; ++half) {
            const int64_t left = channels - half * kAmxOutputs;
            finishMatrix(sums_ + (i * outTiles + half) * kMatrix, places[i], half * kAmxOutputs,
                         left < kAmxOutputs ? left : kAmxOutputs, rows);
          }
        }
      }
    }
  }

  /** Sums [voxel][channel] of `count` channels from `channel` of the block on. */
  HWY_ATTR void finishMatrix(float* sums, Place place, int64_t channel, int64_t count,
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
  HWY_ATTR void finishParts(const float* sums, Place place, int64_t channel, int64_t count,
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
  AmxBand& band_;
};

HWY_ATTR void conv3dAmxCpu(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  const AmxTiling tiling(args);
  const int64_t tasks = tiling.band.tasks;
  if (tasks == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchWords);
  float* const sums = layout.take<float>(slotCount * kAmxSums);
  int64_t* const taps = layout.take<int64_t>(slotCount * conv3dTaps(args));
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(args, tiling.band, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    AmxBand band(args, tiling, task, scratch + slot * tiling.scratchWords,
                 taps + slot * conv3dTaps(args));
    AmxConvolution(args, tiling, task, sums + slot * kAmxSums, band).run();
    slots.release(slot);
  });
}

/** Group by group and block of output channels by block: [block of pairs][tap][matrix of the
 * block][pair][output channel]; 0 where there is no channel. */
VK_BF16_ATTR void conv3dAmxPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  const int64_t taps = conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t out = 0; out < args.outChannels; out += kAmxBlock) {
      for (int64_t block = 0; block < amxPairBlocks(args); ++block) {
        for (int64_t tap = 0; tap < taps; ++tap) {
          for (int64_t o = out; o < out + kAmxBlock && o < args.outChannels; o += kAmxOutputs) {
            for (int64_t pair = 0; pair < kAmxPairs; ++pair, packed += kAmxOutputs) {
              packPair(args, weights + tap, o, 2 * (block * kAmxPairs + pair), packed);
            }
          }
        }
      }
    }
    weights += args.outChannels * args.inChannels * taps;
  }
}

#undef VK_AMX_ATTR
#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

#if HWY_ARCH_X86
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxCpuTable = {N_AVX3::conv3dAmxCpu, nullptr, nullptr,
                                                         nullptr};
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxPackCpuTable = {N_AVX3::conv3dAmxPackCpu, nullptr,
                                                             nullptr, nullptr};
#else
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxCpuTable = {};
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxPackCpuTable = {};
#endif

}  // namespace vk
#endif
