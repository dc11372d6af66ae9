#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_amx_first_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx_first.h"
#include "conv3d/conv3d_amx_first_band-inl.h"
#include "conv3d/conv3d_amx_first_sums-inl.h"
#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3
/** Runs one task. */
class AmxFirstConvolution {
 public:
  AmxFirstConvolution(const Conv3dArgs& args, const AmxFirstTiling& tiling, const Conv3dTask& task,
                      const int64_t* matrices, float* scratch, float* sums)
      : args_(args),
        tiling_(tiling),
        task_(task),
        matrices_(matrices),
        keeps_(args.inChannels * tiling.matrices == 1),
        sums_(sums),
        band_(args, tiling, task, scratch) {}

  VK_AMX_ATTR void run() {
    const AmxFirstShapes shapes(args_.outChannels, tiling_.matrixLines, keeps_);
    _tile_loadconfig(&shapes);
    for (int64_t i = 0; i < task_.planes; ++i) computePlane(i);
    if (conv3dStreams(args_)) hwy::FlushStream();
    _tile_release();
  }

 private:
  /** Rows that are computed by the same weights. */
  static constexpr int64_t kRowsTogether = 4;

  /** Sums that wait to be written: they are read back while the next ones are computed. */
  struct Waiting {
    const float* sums;
    Rows rows;
    /** The first output of each run of 16 voxels, from that of `rows` on, and how many count. */
    int64_t at[4];
    int64_t voxels[4];
    int64_t runs = 0;
    int64_t channels;
  };

  HWY_ATTR void computePlane(int64_t i) {
    const int64_t turn = band_.load(i);
    const int64_t outMatrices = chunkCount(args_.outChannels, 16);
    const float* const weights =
        static_cast<const float*>(args_.packed) +
        (task_.group * tiling_.turns + turn) * outMatrices * tiling_.packedFloats(args_);
    const int64_t z = task_.plane + i * tiling_.band.step[0];
    for (int64_t row = 0; row < task_.rows; row += kRowsTogether) {
      const int64_t left = task_.rows - row;
      const int64_t count = left < kRowsTogether ? left : kRowsTogether;
      for (int64_t out = task_.channelBegin; out < task_.channelEnd; out += kAmxFirstBlock) {
        computeRows(z, row, count, out, weights + out / 16 * tiling_.packedFloats(args_));
      }
      band_.advance(row + count, i);
    }
    write();
  }

  HWY_ATTR void computeRows(int64_t z, int64_t row, int64_t count, int64_t out,
                            const float* weights) {
    const int64_t channels =
        task_.channelEnd - out < kAmxFirstBlock ? task_.channelEnd - out : kAmxFirstBlock;
    const bool two = channels > 16;
    const int64_t each = two || keeps_ ? 2 : 4;
    AmxFirstBlock block{};
    block.partWords = tiling_.partWords;
    block.matrices = matrices_;
    block.count = args_.inChannels * tiling_.matrices;
    block.weights = weights;
    Rows rows = rowsOf(args_, task_, z, task_.row + row * tiling_.band.step[1], out);
    rows.rowFloats *= tiling_.band.step[1];
    rows.finish.streams = conv3dStreams(args_);
    const int64_t runs = count * tiling_.runs;
    if (keeps_) keepWeights(weights, two);
    int64_t y = 0;
    int64_t x = 0;
    for (int64_t first = 0; first < runs; first += each) {
      Waiting next;
      next.rows = rows;
      next.channels = channels;
      for (int64_t k = 0; k < each; ++k) {
        // Beyond the last one it is summed once more, for nothing.
        if (y == count) {
          block.voxels[k] = block.voxels[k - 1];
          continue;
        }
        block.voxels[k] = band_.lines(row + y, x);
        next.at[k] = y * rows.rowFloats + x * kVoxels;
        next.voxels[k] = rows.width - x * kVoxels;
        next.runs = k + 1;
        if (++x == tiling_.runs) {
          x = 0;
          ++y;
        }
      }
      float* const sums = sums_ + (odd_ ? kAmxFirstSums : 0);
      next.sums = sums;
      odd_ = !odd_;
      if (keeps_) {
        sumKept(block, two, sums);
      } else {
        if (two) {
          (band_.exact() ? sumTwoByTwo<true> : sumTwoByTwo<false>)(block, sums);
        } else {
          (band_.exact() ? sumOneByFour<true> : sumOneByFour<false>)(block, sums);
        }
        write();
      }
      waiting_ = next;
    }
  }

  /** Sums two runs, and writes what waits meanwhile: in two parts, so that neither holds up the
   * other for long. */
  HWY_ATTR void sumKept(const AmxFirstBlock& block, bool two, float* sums) {
    const int64_t half = waiting_.channels / 2;
    if (two) {
      const auto sum = band_.exact() ? sumKeptTwo<true> : sumKeptTwo<false>;
      sum(block.voxels[0] + block.matrices[0], block.partWords, sums);
      write(0, half);
      sum(block.voxels[1] + block.matrices[0], block.partWords, sums + 2 * kMatrix);
      write(half, waiting_.channels);
    } else {
      (band_.exact() ? sumKeptOne<true> : sumKeptOne<false>)(block.voxels[0] + block.matrices[0],
                                                             block.voxels[1] + block.matrices[0],
                                                             block.partWords, sums);
      write(0, waiting_.channels);
    }
  }

  HWY_ATTR void write() {
    write(0, waiting_.channels);
    waiting_.runs = 0;
  }

  /** Channels [begin, end) of what waits. */
  HWY_ATTR void write(int64_t begin, int64_t end) {
    const int64_t matrices = chunkCount(waiting_.channels, 16);
    const int64_t runs = waiting_.runs;
    const bool streams = waiting_.rows.finish.streams && waiting_.rows.channelFloats % 16 == 0;
    for (int64_t k = 0; k < runs; k += 2) {
      // Two lines side by side: alone they take half as long again to reach the memory.
      const bool pair =
          streams && k + 1 < runs && waiting_.at[k + 1] == waiting_.at[k] + kVoxels &&
          waiting_.voxels[k + 1] >= kVoxels &&
          reinterpret_cast<uintptr_t>(waiting_.rows.output + waiting_.at[k]) % 64 == 0;
      const float* const first = waiting_.sums + k * matrices * kMatrix;
      const float* const second = first + matrices * kMatrix;
      if (pair) {
        streamPairs(first, second, waiting_.at[k], begin, end);
      } else {
        writeRun(first, waiting_.at[k], waiting_.voxels[k], begin, end);
        if (k + 1 < runs) writeRun(second, waiting_.at[k + 1], waiting_.voxels[k + 1], begin, end);
      }
    }
  }

  /** Of channels [c, end), 32 voxels from `at` on; sums are [channel][voxel]. */
  HWY_ATTR void streamPairs(const float* first, const float* second, int64_t at, int64_t c,
                            int64_t end) const {
    const Rows rows = waiting_.rows;
    at += c * rows.channelFloats;
    const hn::ScalableTag<float> d;
    float* output = rows.output + at;
    if (rows.finish.residual == nullptr && rows.finish.activation == VK_ACTIVATION_NONE) {
      for (; c < end; ++c, output += rows.channelFloats) {
        const auto bias = hn::Set(d, rows.finish.bias != nullptr ? rows.finish.bias[c] : 0.0f);
        hn::Stream(hn::Add(hn::Load(d, first + c * 16), bias), d, output);
        hn::Stream(hn::Add(hn::Load(d, second + c * 16), bias), d, output + kVoxels);
      }
      return;
    }
    const float* residual = rows.finish.residual != nullptr ? rows.finish.residual + at : nullptr;
    for (; c < end; ++c, output += rows.channelFloats) {
      const auto bias = hn::Set(d, rows.finish.bias != nullptr ? rows.finish.bias[c] : 0.0f);
      auto left = hn::Add(hn::Load(d, first + c * 16), bias);
      auto right = hn::Add(hn::Load(d, second + c * 16), bias);
      if (residual != nullptr) {
        left = hn::Add(left, hn::LoadU(d, residual));
        right = hn::Add(right, hn::LoadU(d, residual + kVoxels));
        residual += rows.channelFloats;
      }
      hn::Stream(activated(d, left, rows.finish), d, output);
      hn::Stream(activated(d, right, rows.finish), d, output + kVoxels);
    }
  }

  /** Up to 16 voxels. */
  HWY_ATTR void writeRun(const float* sums, int64_t at, int64_t voxels, int64_t c,
                         int64_t end) const {
    const Rows rows = waiting_.rows;
    at += c * rows.channelFloats;
    const hn::ScalableTag<float> d;
    using V = hn::Vec<decltype(d)>;
    const __mmask16 lanes = static_cast<__mmask16>(voxels < kVoxels ? (1u << voxels) - 1 : 0xFFFFu);
    float* output = rows.output + at;
    const float* residual = rows.finish.residual != nullptr ? rows.finish.residual + at : nullptr;
    for (; c < end; ++c, output += rows.channelFloats) {
      V sum = hn::Load(d, sums + c * 16);
      if (rows.finish.bias != nullptr) sum = hn::Add(sum, hn::Set(d, rows.finish.bias[c]));
      if (residual != nullptr) {
        sum = hn::Add(sum, V{_mm512_maskz_loadu_ps(lanes, residual)});
        residual += rows.channelFloats;
      }
      _mm512_mask_storeu_ps(output, lanes, activated(d, sum, rows.finish).raw);
    }
  }

  const Conv3dArgs& args_;
  const AmxFirstTiling& tiling_;
  const Conv3dTask& task_;
  const int64_t* matrices_;
  /** Whether weights stay in the registers. */
  bool keeps_;
  float* sums_;
  AmxFirstBand band_;
  Waiting waiting_{};
  bool odd_ = false;
};

HWY_ATTR void conv3dAmxFirstCpu(const Conv3dArgs& args, Context& context,
                                const Workspace& workspace) {
  const AmxFirstTiling tiling(args);
  const int64_t tasks = tiling.band.tasks;
  if (tasks == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  const int64_t scratchWords = roundUp(tiling.scratchWords, 16);
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * scratchWords);
  float* const sums = layout.take<float>(slotCount * 2 * kAmxFirstSums);
  int64_t* const matrices = layout.take<int64_t>(args.inChannels * tiling.matrices);
  for (int64_t c = 0; c < args.inChannels; ++c) {
    for (int64_t k = 0; k < tiling.matrices; ++k) {
      matrices[c * tiling.matrices + k] = c * tiling.channelWords + tiling.firstLine(args, k) * 16;
    }
  }
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(args, tiling.band, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    AmxFirstConvolution(args, tiling, task, matrices, scratch + slot * scratchWords,
                        sums + slot * 2 * kAmxFirstSums)
        .run();
    slots.release(slot);
  });
}

/** The weight of half `half` of line `line` of a channel's row ky, when the first plane of the
 * kernel lies in slot `turn` of the ring; 0 where there is none. */
HWY_ATTR float weightOf(const Conv3dArgs& args, const float* channel, int64_t turn, int64_t ky,
                        int64_t line, int64_t half) {
  const int64_t planes = args.kernel[0];
  const int64_t width = args.kernel[2];
  const int64_t pairs = width / 2;
  const bool alongX = line < planes * pairs;
  const int64_t slot = alongX ? line / pairs : 2 * (line - planes * pairs) + half;
  if (slot >= planes) return 0;
  const int64_t kz = (slot - turn + planes) % planes;
  const int64_t kx = alongX ? 2 * (line % pairs) + half : width - 1;
  return channel[(kz * args.kernel[1] + ky) * width + kx];
}

/** Group by group, order by order, block of output channels by block: [input channel][matrix][high
 * or low parts][matrix of the block][output channel][line]. */
VK_BF16_ATTR void conv3dAmxFirstPackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  const AmxFirstTiling tiling = AmxFirstTiling::ofKernel(args);
  const int64_t taps = conv3dTaps(args);
  const auto packRow = [&](const float* channel, int64_t turn, int64_t matrix, float* high,
                           float* low) VK_BF16_ATTR {
    HWY_ALIGN float first[16] = {};
    HWY_ALIGN float second[16] = {};
    const int64_t begin = tiling.firstLine(args, matrix);
    for (int64_t k = 0; k < tiling.matrixLines; ++k) {
      const int64_t line = begin + k;
      // What the matrix before has.
      if (channel == nullptr || line < matrix * tiling.matrixLines) continue;
      const int64_t ky = line / tiling.lines;
      first[k] = weightOf(args, channel, turn, ky, line % tiling.lines, 0);
      second[k] = weightOf(args, channel, turn, ky, line % tiling.lines, 1);
    }
    const __m512 a = _mm512_load_ps(first);
    const __m512 b = _mm512_load_ps(second);
    const __m512i words = pairsOf(a, b);
    const __m512 aHigh = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
    const __m512 bHigh =
        _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32(int32_t(0xFFFF0000u))));
    _mm512_storeu_si512(high, words);
    _mm512_storeu_si512(low, pairsOf(_mm512_sub_ps(a, aHigh), _mm512_sub_ps(b, bHigh)));
  };
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t turn = 0; turn < tiling.turns; ++turn) {
      for (int64_t out = 0; out < args.outChannels; out += kAmxFirstBlock) {
        const int64_t matrices = args.outChannels - out > 16 ? 2 : 1;
        for (int64_t k = 0; k < args.inChannels * tiling.matrices; ++k) {
          for (int64_t o = 0; o < matrices * 16; ++o) {
            const float* const channel =
                out + o < args.outChannels
                    ? weights + ((out + o) * args.inChannels + k / tiling.matrices) * taps
                    : nullptr;
            packRow(channel, turn, k % tiling.matrices, packed + o * 16,
                    packed + matrices * kMatrix + o * 16);
          }
          packed += 2 * matrices * kMatrix;
        }
      }
    }
    weights += args.outChannels * args.inChannels * taps;
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

#if HWY_ARCH_X86
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxFirstCpuTable = {N_AVX3::conv3dAmxFirstCpu, nullptr,
                                                              nullptr, nullptr};
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxFirstPackCpuTable = {N_AVX3::conv3dAmxFirstPackCpu,
                                                                  nullptr, nullptr, nullptr};
#else
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxFirstCpuTable = {};
const SimdTable<Kernel<Conv3dArgs>> conv3dAmxFirstPackCpuTable = {};
#endif

}  // namespace vk
#endif
