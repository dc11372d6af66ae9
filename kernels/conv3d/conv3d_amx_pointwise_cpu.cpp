#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_amx_pointwise_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx-inl.h"
#include "conv3d/conv3d_amx_pointwise.h"
#include "conv3d/conv3d_pairs-inl.h"
#include "conv3d/conv3d_pointwise-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

constexpr int64_t kRows = kConv3dPointwiseMostRows;
/** Voxels that are summed together: two matrices of them by two of weights. */
constexpr int64_t kTogether = 2 * kAmxVoxels;
/** Voxels of a row whose sums are written together. */
constexpr int64_t kRun = 64;

/** Matrices of weights 4 and 5 by those of voxels 6 and 7. */
#define VK_AMX_TWO_BY_TWO  \
  _tile_dpbf16ps(0, 4, 6); \
  _tile_dpbf16ps(1, 4, 7); \
  _tile_dpbf16ps(2, 5, 6); \
  _tile_dpbf16ps(3, 5, 7)

/** 32 rows of weights by 32 voxels, `voxelWords` from the first 16 to the others. Sums are kRun
 * from row to row. */
template <int64_t kParts>
VK_AMX_ATTR HWY_NOINLINE void sumRowsByVoxels(const float* weights, const float* voxels,
                                              int64_t voxelWords, int64_t pairBlocks, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t k = 0; k < pairBlocks; ++k) {
    if constexpr (kParts == 2) {
      _tile_loadd(4, weights + 2 * kMatrix, 64);
      _tile_loadd(6, voxels, 64);
      _tile_loadd(7, voxels + voxelWords, 64);
      _tile_loadd(5, weights + 3 * kMatrix, 64);
      VK_AMX_TWO_BY_TWO;
      _tile_loadd(4, weights, 64);
      _tile_loadd(5, weights + kMatrix, 64);
      VK_AMX_TWO_BY_TWO;
      _tile_loadd(6, voxels + kMatrix, 64);
      _tile_loadd(7, voxels + voxelWords + kMatrix, 64);
      VK_AMX_TWO_BY_TWO;
    } else {
      _tile_loadd(4, weights, 64);
      _tile_loadd(6, voxels, 64);
      _tile_loadd(7, voxels + voxelWords, 64);
      _tile_loadd(5, weights + kMatrix, 64);
      VK_AMX_TWO_BY_TWO;
    }
    weights += kParts * 2 * kMatrix;
    voxels += kParts * kMatrix;
  }
  constexpr int64_t kRowBytes = kRun * static_cast<int64_t>(sizeof(float));
  _tile_stored(0, sums, kRowBytes);
  _tile_stored(1, sums + kAmxVoxels, kRowBytes);
  _tile_stored(2, sums + 16 * kRun, kRowBytes);
  _tile_stored(3, sums + 16 * kRun + kAmxVoxels, kRowBytes);
}

#undef VK_AMX_TWO_BY_TWO

/** Runs one task. */
template <int64_t kParts>
class AmxProduct {
 public:
  HWY_ATTR AmxProduct(const Conv3dArgs& args, const AmxPointwise& product, int64_t image,
                      int64_t group, Range blocks, float* panel)
      : args_(args),
        product_(product),
        outputs_(args, product.shape, kRows, image, group),
        blocks_(blocks),
        panel_(panel) {
    input_ = static_cast<const float*>(args.input) +
             (image * args.groups + group) * args.inChannels * product.shape.voxels;
    weights_ =
        static_cast<const float*>(args.packed) + group * product.blocks() * product.blockWords();
  }

  VK_AMX_ATTR void run(Range voxels) {
    const AmxShapes shapes;
    _tile_loadconfig(&shapes);
    const int64_t panel = product_.shape.panel;
    for (int64_t begin = voxels.begin; begin < voxels.end; begin += panel) {
      const int64_t count = voxels.end - begin < panel ? voxels.end - begin : panel;
      copyPanel(begin, count);
      const int64_t next = voxels.end - begin - count;
      startFetching(begin + count, next < panel ? next : panel, count);
      computePanel(begin, count);
    }
    write(1);
    if (conv3dStreams(args_)) hwy::FlushStream();
    _tile_release();
  }

 private:
  /** Sums that are finished while the next ones are computed. */
  struct Waiting {
    PointwiseLines lines;
    const float* sums;
    int64_t begin;
    int64_t count;
  };

  HWY_ATTR void computePanel(int64_t begin, int64_t count) {
    for (int64_t block = blocks_.begin; block < blocks_.end; ++block) {
      const PointwiseLines lines = outputs_.lines(block);
      for (int64_t from = 0; from < count; from += kRun) {
        computeRun(lines, block, begin, from, count - from < kRun ? count - from : kRun);
      }
    }
  }

  HWY_ATTR void computeRun(const PointwiseLines& lines, int64_t block, int64_t begin, int64_t from,
                           int64_t count) {
    const float* const weights = weights_ + block * product_.blockWords();
    float* const sums = sums_[odd_];
    odd_ = !odd_;
    for (int64_t at = 0; at < count; at += kTogether) {
      sumRowsByVoxels<kParts>(weights, panel_ + (from + at) / kAmxVoxels * product_.voxelWords(),
                              product_.voxelWords(), product_.pairBlocks, sums + at);
      fetch();
      write(chunkCount(count - at, kTogether));
    }
    waiting_ = {lines, sums, begin + from, count};
    written_ = 0;
  }

  /** An equal share, of so many, of the lines that wait. */
  HWY_ATTR void write(int64_t shares) {
    const int64_t count = chunkCount(waiting_.lines.count - written_, shares);
    if (count == 0) return;
    outputs_.write(waiting_.lines, {written_, written_ + count}, waiting_.sums, kRun,
                   waiting_.begin, waiting_.count);
    written_ += count;
  }

  /** Voxels from `begin` on; 0 where there are none, up to a multiple of those that are summed
   * together. */
  HWY_ATTR void copyPanel(int64_t begin, int64_t count) {
    const int64_t channelFloats = product_.shape.voxels;
    for (int64_t k = 0; k < product_.pairBlocks; ++k) {
      for (int64_t pair = 0; pair < kAmxPairs; ++pair) {
        const int64_t channel = 2 * (k * kAmxPairs + pair);
        const float* const first = input_ + channel * channelFloats + begin;
        float* const to = panel_ + k * kParts * kMatrix + pair * kAmxVoxels;
        copyPair(first, channelFloats, args_.inChannels - channel, count, to);
      }
    }
  }

  /** Of the two channels from `first` on there are `channels`. */
  VK_BF16_ATTR void copyPair(const float* first, int64_t channelFloats, int64_t channels,
                             int64_t count, float* to) const {
    for (int64_t x = 0; x < roundUp(count, kTogether); x += kAmxVoxels) {
      const int64_t left = count - x;
      const __mmask16 lanes =
          left >= 16 ? 0xFFFF : static_cast<__mmask16>(left > 0 ? (1u << left) - 1 : 0);
      const __m512 a = channels > 0 ? _mm512_maskz_loadu_ps(lanes, first + x) : _mm512_setzero_ps();
      const __m512 b = channels > 1 ? _mm512_maskz_loadu_ps(lanes, first + channelFloats + x)
                                    : _mm512_setzero_ps();
      float* const words = to + x / kAmxVoxels * product_.voxelWords();
      _mm512_store_ps(words, _mm512_castsi512_ps(pairsOf(a, b)));
      if constexpr (kParts == 2) {
        _mm512_store_ps(words + kMatrix, _mm512_castsi512_ps(pairsOf(restOf(a), restOf(b))));
      }
    }
  }

  /** The next panel is fetched a few lines at a time while this one of `count` voxels is computed.
   */
  HWY_ATTR void startFetching(int64_t begin, int64_t next, int64_t count) {
    fetchChannel_ = next > 0 ? 0 : args_.inChannels;
    fetchBegin_ = begin;
    fetchCount_ = next;
    fetchAt_ = 0;
    const int64_t steps = chunkCount(count, kTogether) * (blocks_.end - blocks_.begin);
    fetchEach_ = chunkCount(args_.inChannels * chunkCount(next, kLineFloats), steps);
  }

  HWY_ATTR void fetch() {
    for (int64_t i = 0; i < fetchEach_ && fetchChannel_ < args_.inChannels; ++i) {
      __builtin_prefetch(input_ + fetchChannel_ * product_.shape.voxels + fetchBegin_ + fetchAt_, 0,
                         2);
      fetchAt_ += kLineFloats;
      if (fetchAt_ < fetchCount_) continue;
      fetchAt_ = 0;
      ++fetchChannel_;
    }
  }

  static constexpr int64_t kLineFloats = 16;

  const Conv3dArgs& args_;
  const AmxPointwise& product_;
  PointwiseOutputs outputs_;
  Range blocks_;
  float* panel_;
  const float* input_;
  const float* weights_;
  alignas(64) float sums_[2][kRows * kRun];
  bool odd_ = false;
  Waiting waiting_{};
  int64_t written_ = 0;
  int64_t fetchChannel_ = 0;
  int64_t fetchBegin_ = 0;
  int64_t fetchCount_ = 0;
  int64_t fetchAt_ = 0;
  int64_t fetchEach_ = 0;
};

template <int64_t kParts>
HWY_ATTR void multiply(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  /** A few: every range of blocks has the voxels copied once more. */
  constexpr int64_t kTasksOfThread = 4;
  constexpr int64_t kLeastBlocks = 4;
  const AmxPointwise product(args, kParts);
  const int64_t blocks = product.blocks();
  const int64_t slabs = args.batch * args.groups * product.shape.slabs;
  if (slabs * blocks == 0) return;
  const int64_t each = chunkCount(blocks, chunkCount(kTasksOfThread * args.threads, slabs));
  const int64_t rangeBlocks = each > kLeastBlocks ? each : kLeastBlocks;
  const int64_t ranges = chunkCount(blocks, rangeBlocks);
  float* const panels =
      WorkspaceLayout(workspace.data).take<float>(args.threads * product.panelWords());
  ScratchSlots slots(args.threads);
  parallelFor(context, slabs * ranges, [&](int64_t index) HWY_ATTR {
    const int64_t volume = index / ranges / product.shape.slabs;
    const int32_t slot = slots.acquire();
    AmxProduct<kParts>(args, product, volume / args.groups, volume % args.groups,
                       chunkRange(blocks, rangeBlocks, index % ranges),
                       panels + slot * product.panelWords())
        .run(chunkRange(product.shape.voxels, product.shape.slab,
                        index / ranges % product.shape.slabs));
    slots.release(slot);
  });
}

/** Weights of input channel c and row r of a group are at c channelStep + r / taps rowStep + r %
 * taps. */
template <int64_t kParts>
VK_BF16_ATTR void packRows(const Conv3dArgs& args, int64_t channelStep, int64_t rowStep) {
  const AmxPointwise product(args, kParts);
  const Conv3dPointwise& shape = product.shape;
  const int64_t taps = conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < product.blocks(); ++block) {
      const int64_t begin = shape.blockBegin(kRows, block) * shape.kernel[2];
      const int64_t end = shape.blockBegin(kRows, block + 1) * shape.kernel[2];
      for (int64_t k = 0; k < product.pairBlocks; ++k) {
        for (int64_t part = 0; part < kParts; ++part) {
          for (int64_t r = begin; r < begin + kRows; ++r, packed += kAmxPairs) {
            float first[16] = {};
            float second[16] = {};
            const float* const row = weights + r / taps * rowStep + r % taps;
            for (int64_t pair = 0; r < end && pair < kAmxPairs; ++pair) {
              const int64_t c = 2 * (k * kAmxPairs + pair);
              if (c < args.inChannels) first[pair] = row[c * channelStep];
              if (c + 1 < args.inChannels) second[pair] = row[(c + 1) * channelStep];
            }
            __m512 a = _mm512_loadu_ps(first);
            __m512 b = _mm512_loadu_ps(second);
            if (part == 1) {
              a = restOf(a);
              b = restOf(b);
            }
            _mm512_storeu_ps(packed, _mm512_castsi512_ps(pairsOf(a, b)));
          }
        }
      }
    }
    weights += args.inChannels * args.outChannels * taps;
  }
}

template <int64_t kParts>
HWY_ATTR void packConvolution(const Conv3dArgs& args) {
  packRows<kParts>(args, 1, args.inChannels);
}
template <int64_t kParts>
HWY_ATTR void packTransposed(const Conv3dTransposedArgs& args) {
  packRows<kParts>(args, args.outChannels * conv3dTaps(args), conv3dTaps(args));
}

#define VK_AMX_PRODUCT(Name, Args, parts, pack)                                             \
  HWY_ATTR void Name##Cpu(const Args& args, Context& context, const Workspace& workspace) { \
    multiply<parts>(args, context, workspace);                                              \
  }                                                                                         \
  HWY_ATTR void Name##PackCpu(const Args& args, Context&, const Workspace&) { pack<parts>(args); }
VK_AMX_PRODUCT(amxPointwise, Conv3dArgs, 1, packConvolution)
VK_AMX_PRODUCT(amxPointwiseSplit, Conv3dArgs, 2, packConvolution)
VK_AMX_PRODUCT(amxPointwiseTransposed, Conv3dTransposedArgs, 1, packTransposed)
VK_AMX_PRODUCT(amxPointwiseTransposedSplit, Conv3dTransposedArgs, 2, packTransposed)
#undef VK_AMX_PRODUCT

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

#if HWY_ARCH_X86
#define VK_AMX_TABLE(name, Args)                       \
  extern const SimdTable<Kernel<Args>> name##CpuTable; \
  const SimdTable<Kernel<Args>> name##CpuTable = {N_AVX3::name##Cpu, nullptr, nullptr, nullptr}
#else
#define VK_AMX_TABLE(name, Args)                       \
  extern const SimdTable<Kernel<Args>> name##CpuTable; \
  const SimdTable<Kernel<Args>> name##CpuTable = {}
#endif
VK_AMX_TABLE(amxPointwise, Conv3dArgs);
VK_AMX_TABLE(amxPointwisePack, Conv3dArgs);
VK_AMX_TABLE(amxPointwiseSplit, Conv3dArgs);
VK_AMX_TABLE(amxPointwiseSplitPack, Conv3dArgs);
VK_AMX_TABLE(amxPointwiseTransposed, Conv3dTransposedArgs);
VK_AMX_TABLE(amxPointwiseTransposedPack, Conv3dTransposedArgs);
VK_AMX_TABLE(amxPointwiseTransposedSplit, Conv3dTransposedArgs);
VK_AMX_TABLE(amxPointwiseTransposedSplitPack, Conv3dTransposedArgs);
#undef VK_AMX_TABLE

}  // namespace vk
#endif
