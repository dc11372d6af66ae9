#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_amx_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx-inl.h"
#include "conv3d/conv3d_amx_band-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

/** What a block sums: the outputs of 2 matrices of voxels by 2 of weights, or of 4 by 1. */
struct AmxBlock {
  /** Of each matrix of voxels, where tap 0 would read at offset 0. */
  const float* voxels[4];
  /** From a voxel to the next. */
  int64_t voxelBytes;
  /** From a part of a block of pairs to the next. */
  int64_t partWords;
  /** Blocks of pairs to sum, and whether they are the first ones: else they are added. */
  int64_t pairBlocks;
  bool first;
  const int64_t* taps;
  int64_t tapCount;
  /** [block of pairs][tap][part][matrix] */
  const float* weights;
  /** Lines of the next plane to fetch with a tap: many at once would hold up the products. */
  int64_t fetchEach;
};

// The instructions name their registers, so each is written out. They tell the compiler nothing
// about the memory that they read. 0 to 3 are sums, 4 and 5 weights, 6 and 7 voxels. With two parts
// the product of the second ones is left out: it is less than what rounding them has left.

VK_AMX_ATTR inline void beginSums(const AmxBlock& block, const float* sums) {
  asm volatile("" ::: "memory");
  if (block.first) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, sums, 64);
    _tile_loadd(1, sums + kMatrix, 64);
    _tile_loadd(2, sums + 2 * kMatrix, 64);
    _tile_loadd(3, sums + 3 * kMatrix, 64);
  }
}

/** Matrices of voxels 6 and 7 by those of weights 4 and 5. */
#define VK_AMX_TWO_BY_TWO  \
  _tile_dpbf16ps(0, 6, 4); \
  _tile_dpbf16ps(1, 6, 5); \
  _tile_dpbf16ps(2, 7, 4); \
  _tile_dpbf16ps(3, 7, 5)

template <int64_t kParts>
VK_AMX_ATTR HWY_NOINLINE void sumTwoByTwo(const AmxBlock& block, AmxBand<kParts>& band,
                                          float* sums) {
  beginSums(block, sums);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.pairBlocks; ++k) {
    const float* const first = block.voxels[0] + k * kParts * block.partWords;
    const float* const second = block.voxels[1] + k * kParts * block.partWords;
    for (int64_t t = 0; t < block.tapCount; ++t, weights += kParts * 2 * kMatrix) {
      band.fetch(block.fetchEach);
      const int64_t tap = block.taps[t];
      if constexpr (kParts == 2) {
        _tile_loadd(4, weights + 2 * kMatrix, 64);
        _tile_loadd(6, first + tap, block.voxelBytes);
        _tile_loadd(5, weights + 3 * kMatrix, 64);
        _tile_loadd(7, second + tap, block.voxelBytes);
        VK_AMX_TWO_BY_TWO;
        _tile_loadd(4, weights, 64);
        _tile_loadd(5, weights + kMatrix, 64);
        VK_AMX_TWO_BY_TWO;
        _tile_loadd(6, first + block.partWords + tap, block.voxelBytes);
        _tile_loadd(7, second + block.partWords + tap, block.voxelBytes);
        VK_AMX_TWO_BY_TWO;
      } else {
        _tile_loadd(4, weights, 64);
        _tile_loadd(6, first + tap, block.voxelBytes);
        _tile_loadd(5, weights + kMatrix, 64);
        _tile_loadd(7, second + tap, block.voxelBytes);
        VK_AMX_TWO_BY_TWO;
      }
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

#undef VK_AMX_TWO_BY_TWO

/** Four matrices of voxels, `offset` from where they begin, by the one of weights in WEIGHTS. */
#define VK_AMX_FOUR_BY_ONE(OFFSET, WEIGHTS)                     \
  _tile_loadd(6, block.voxels[0] + (OFFSET), block.voxelBytes); \
  _tile_loadd(7, block.voxels[1] + (OFFSET), block.voxelBytes); \
  _tile_dpbf16ps(0, 6, WEIGHTS);                                \
  _tile_dpbf16ps(1, 7, WEIGHTS);                                \
  _tile_loadd(6, block.voxels[2] + (OFFSET), block.voxelBytes); \
  _tile_loadd(7, block.voxels[3] + (OFFSET), block.voxelBytes); \
  _tile_dpbf16ps(2, 6, WEIGHTS);                                \
  _tile_dpbf16ps(3, 7, WEIGHTS)

template <int64_t kParts>
VK_AMX_ATTR HWY_NOINLINE void sumFourByOne(const AmxBlock& block, AmxBand<kParts>& band,
                                           float* sums) {
  beginSums(block, sums);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.pairBlocks; ++k) {
    const int64_t at = k * kParts * block.partWords;
    for (int64_t t = 0; t < block.tapCount; ++t, weights += kParts * kMatrix) {
      band.fetch(block.fetchEach);
      const int64_t tap = at + block.taps[t];
      _tile_loadd(4, weights, 64);
      if constexpr (kParts == 2) {
        _tile_loadd(5, weights + kMatrix, 64);
        VK_AMX_FOUR_BY_ONE(tap, 5);
        VK_AMX_FOUR_BY_ONE(tap + block.partWords, 4);
      }
      VK_AMX_FOUR_BY_ONE(tap, 4);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

#undef VK_AMX_FOUR_BY_ONE

/** The words of 16 output channels from `out` on for input channels `in` and `in` + 1. */
VK_BF16_ATTR void packPair(const Conv3dArgs& args, const float* weights, int64_t out, int64_t in,
                           int64_t part, float* packed) {
  const int64_t taps = conv3dTaps(args);
  float first[16] = {};
  float second[16] = {};
  for (int64_t o = 0; o < kAmxOutputs && out + o < args.outChannels; ++o) {
    const float* const from = weights + ((out + o) * args.inChannels + in) * taps;
    if (in < args.inChannels) first[o] = from[0];
    if (in + 1 < args.inChannels) second[o] = from[taps];
  }
  __m512 a = _mm512_loadu_ps(first);
  __m512 b = _mm512_loadu_ps(second);
  if (part == 1) {
    a = restOf(a);
    b = restOf(b);
  }
  _mm512_storeu_ps(packed, _mm512_castsi512_ps(pairsOf(a, b)));
}

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
      Place places[4];
      for (int64_t i = 0; i < each; ++i) {
        // Beyond the last one it is summed once more, for nothing.
        places[i] = placeOf(first + i < tiles ? first + i : tiles - 1, runTiles);
        block.voxels[i] = band_.voxel(places[i].row, places[i].x) + k * kParts * tiling_.partWords;
      }
      float* const sums = keeps ? sums_ + first * outTiles * kMatrix : sums_;
      if (outTiles == 2) {
        sumTwoByTwo(block, band_, sums);
      } else {
        sumFourByOne(block, band_, sums);
      }
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

/** Group by group and block of output channels by block: [block of pairs][tap][part][matrix of the
 * block][pair][output channel]; 0 where there is no channel. */
template <int64_t kParts>
VK_BF16_ATTR void packWeights(const Conv3dArgs& args) {
  const int64_t taps = conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t out = 0; out < args.outChannels; out += kAmxBlock) {
      for (int64_t block = 0; block < amxPairBlocks(args); ++block) {
        for (int64_t tap = 0; tap < taps; ++tap) {
          for (int64_t part = 0; part < kParts; ++part) {
            for (int64_t o = out; o < out + kAmxBlock && o < args.outChannels; o += kAmxOutputs) {
              for (int64_t pair = 0; pair < kAmxPairs; ++pair, packed += kAmxOutputs) {
                packPair(args, weights + tap, o, 2 * (block * kAmxPairs + pair), part, packed);
              }
            }
          }
        }
      }
    }
    weights += args.outChannels * args.inChannels * taps;
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
