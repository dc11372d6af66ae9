#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_pointwise_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_pointwise-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Some channels of some voxels, and what is to be fetched while they are summed: twice as many
 * places as there are channels, fetchStep apart. */
struct Voxels {
  const float* first;
  int64_t channelFloats;
  int64_t channels;
  const float* fetch;
  int64_t fetchStep;
};

/** Adds what the channels give to the sums of Rows rows. Weights are [channel][row]. */
template <int Rows, int Vectors, class V>
HWY_ATTR HWY_INLINE void addChannels(const Voxels& voxels, const float* weights,
                                     V (&sums)[Rows][Vectors]) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* channel = voxels.first;
  const float* fetch = voxels.fetch;
  for (int64_t i = 0; i < voxels.channels; ++i, channel += voxels.channelFloats, weights += Rows) {
    // A few at a time: many at once would wait for each other.
    __builtin_prefetch(fetch);
    __builtin_prefetch(fetch + voxels.fetchStep);
    fetch += 2 * voxels.fetchStep;
    V values[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) values[v] = hn::LoadU(d, channel + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const V weight = hn::Set(d, weights[r]);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::MulAdd(values[v], weight, sums[r][v]);
    }
  }
}

/** Sums of Rows rows over the channels, `sumFloats` from row to row; on top of what is there with
 * Adds. */
template <int Rows, int Vectors, bool Adds>
HWY_ATTR HWY_NOINLINE void sumRows(const Voxels& voxels, const float* weights, float* to,
                                   int64_t sumFloats) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> sums[Rows][Vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      sums[r][v] = Adds ? hn::LoadU(d, to + r * sumFloats + v * lanes) : hn::Zero(d);
    }
  }
  addChannels(voxels, weights, sums);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) hn::StoreU(sums[r][v], d, to + r * sumFloats + v * lanes);
  }
}

/** Sums of lines of two rows each, straight to the output. */
template <int Rows, int Vectors>
HWY_ATTR HWY_NOINLINE void sumLines(const Voxels& voxels, const float* weights,
                                    const PointwiseOutputs& outputs, const PointwiseLines& lines,
                                    int64_t begin) {
  const hn::ScalableTag<float> d;
  hn::Vec<decltype(d)> sums[Rows][Vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::Zero(d);
  }
  addChannels(voxels, weights, sums);
  outputs.writePairs(lines, begin, sums);
}

using SumRows = void(const Voxels&, const float*, float*, int64_t);

template <int Rows, int Vectors, bool Adds>
constexpr SumRows* sumRowsOrNull() {
  if constexpr (Rows <= kMostChannels && Vectors <= mostVectors(Rows)) {
    return sumRows<Rows, Vectors, Adds>;
  } else {
    return nullptr;
  }
}

#define VK_CONV3D_ROW(R, A)                                                          \
  {                                                                                  \
    sumRowsOrNull<R, 1, A>(), sumRowsOrNull<R, 2, A>(), sumRowsOrNull<R, 3, A>(),    \
        sumRowsOrNull<R, 4, A>(), sumRowsOrNull<R, 5, A>(), sumRowsOrNull<R, 6, A>() \
  }
#define VK_CONV3D_ROWS(A)                                                                  \
  {                                                                                        \
    VK_CONV3D_ROW(1, A), VK_CONV3D_ROW(2, A), VK_CONV3D_ROW(3, A), VK_CONV3D_ROW(4, A),    \
        VK_CONV3D_ROW(5, A), VK_CONV3D_ROW(6, A), VK_CONV3D_ROW(7, A), VK_CONV3D_ROW(8, A) \
  }
/** By whether they add, rows and vectors. */
constexpr SumRows* kSumRows[2][8][kMostVectors] = {VK_CONV3D_ROWS(false), VK_CONV3D_ROWS(true)};
#undef VK_CONV3D_ROWS
#undef VK_CONV3D_ROW

using SumLines = void(const Voxels&, const float*, const PointwiseOutputs&, const PointwiseLines&,
                      int64_t);

template <int Rows, int Vectors>
constexpr SumLines* sumLinesOrNull() {
  if constexpr (Rows <= kMostChannels && Vectors <= mostVectors(Rows)) {
    return sumLines<Rows, Vectors>;
  } else {
    return nullptr;
  }
}

#define VK_CONV3D_ROW(R)                                                       \
  {                                                                            \
    sumLinesOrNull<R, 1>(), sumLinesOrNull<R, 2>(), sumLinesOrNull<R, 3>(),    \
        sumLinesOrNull<R, 4>(), sumLinesOrNull<R, 5>(), sumLinesOrNull<R, 6>() \
  }
/** By lines, of which blocks have two to four, and vectors. */
constexpr SumLines* kSumLines[3][kMostVectors] = {VK_CONV3D_ROW(4), VK_CONV3D_ROW(6),
                                                  VK_CONV3D_ROW(8)};
#undef VK_CONV3D_ROW

/** Runs one task. */
class Pointwise {
 public:
  HWY_ATTR Pointwise(const Conv3dArgs& args, const Conv3dPointwise& shape, int64_t image,
                     int64_t group, Range blocks, float* scratch)
      : args_(args),
        shape_(shape),
        outputs_(args, shape, kMostChannels, image, group),
        blocks_(blocks),
        panel_(scratch),
        panelFloats_(shape.panelFloats()) {
    next_ = panel_ + panelFloats_ * args.inChannels;
    sums_ = next_ + panelFloats_ * args.inChannels;
    input_ = static_cast<const float*>(args.input) +
             (image * args.groups + group) * args.inChannels * shape.voxels;
    weights_ = static_cast<const float*>(args.packed) + group * args.inChannels * shape.rows();
  }

  HWY_ATTR void run(Range voxels) {
    if (shape_.inPlace) {
      runInPlace(voxels);
    } else {
      runPanels(voxels);
    }
    if (conv3dStreams(args_)) hwy::FlushStream();
  }

 private:
  /** Most voxels whose sums are written together: short runs keep the memory from working in rows.
   */
  static constexpr int64_t kRun = 384;

  HWY_ATTR const float* weightsOf(const PointwiseLines& lines) const {
    return weights_ + lines.begin * shape_.kernel[2] * args_.inChannels;
  }

  static HWY_ATTR int64_t lanes() {
    return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  }

  HWY_ATTR void runInPlace(Range voxels) {
    for (int64_t begin = voxels.begin; begin < voxels.end; begin += shape_.panel) {
      const int64_t end = begin + shape_.panel < voxels.end ? begin + shape_.panel : voxels.end;
      const int64_t whole = (end - begin) / lanes() * lanes();
      sumInPlace(begin, whole);
      // Nothing can be loaded beyond the last voxel.
      if (begin + whole < end) sumPanel(begin + whole, end - begin - whole);
    }
  }

  HWY_ATTR void sumInPlace(int64_t begin, int64_t count) {
    for (int64_t c = 0; c == 0 || c < args_.inChannels; c += kConv3dPointwiseSideBySide) {
      const int64_t left = args_.inChannels - c;
      const int64_t channels =
          left < kConv3dPointwiseSideBySide ? left : kConv3dPointwiseSideBySide;
      const float* const first = input_ + c * shape_.voxels + begin;
      float* to = sums_;
      for (int64_t block = 0; block < outputs_.blocks(); ++block) {
        const PointwiseLines lines = outputs_.lines(block);
        const float* const weights = weightsOf(lines) + c * lines.rows;
        forEachTile(lines.rows, count, [&](int64_t at, int64_t vectors) HWY_ATTR {
          kSumRows[c > 0][lines.rows - 1][vectors - 1](
              {first + at, shape_.voxels, channels, first + at, 0}, weights, to + at, shape_.panel);
        });
        to += lines.rows * shape_.panel;
      }
    }
    const float* from = sums_;
    for (int64_t block = 0; block < outputs_.blocks(); ++block) {
      const PointwiseLines lines = outputs_.lines(block);
      outputs_.write(lines, {0, lines.count}, from, shape_.panel, begin, count);
      from += lines.rows * shape_.panel;
    }
  }

  HWY_ATTR void runPanels(Range voxels) {
    startNext(voxels.begin, voxels);
    for (int64_t begin = voxels.begin; begin < voxels.end; begin += shape_.panel) {
      takeNext();
      const int64_t count = nextCount_;
      startNext(begin + shape_.panel, voxels);
      computePanel(begin, count);
    }
  }

  HWY_ATTR void sumPanel(int64_t begin, int64_t count) {
    startNext(begin, {begin, begin + count});
    takeNext();
    nextChannel_ = args_.inChannels;
    computePanel(begin, count);
  }

  HWY_ATTR void computePanel(int64_t begin, int64_t count) {
    HWY_ALIGN float sums[kMostChannels * kRun];
    shareNext(chunkCount(chunkCount(count, lanes()), mostVectors(kMostChannels)) *
              (blocks_.end - blocks_.begin));
    for (int64_t block = blocks_.begin; block < blocks_.end; ++block) {
      const PointwiseLines lines = outputs_.lines(block);
      if (outputs_.wholePairs()) {
        forEachTile(lines.rows, count, [&](int64_t at, int64_t vectors) HWY_ATTR {
          copyNext();
          kSumLines[lines.count - 2][vectors - 1](
              {panel_ + at, panelFloats_, args_.inChannels, nextFetch(), fetchStep_},
              weightsOf(lines), outputs_, lines, begin + at);
        });
        continue;
      }
      for (int64_t from = 0; from < count; from += kRun) {
        const int64_t length = count - from < kRun ? count - from : kRun;
        forEachTile(lines.rows, length, [&](int64_t at, int64_t vectors) HWY_ATTR {
          copyNext();
          kSumRows[0][lines.rows - 1][vectors - 1](
              {panel_ + from + at, panelFloats_, args_.inChannels, nextFetch(), fetchStep_},
              weightsOf(lines), sums + at, kRun);
        });
        outputs_.write(lines, {0, lines.count}, sums, kRun, begin + from, length);
      }
    }
  }

  template <class Body>
  HWY_ATTR HWY_INLINE void forEachTile(int64_t rows, int64_t count, Body&& body) const {
    const int64_t vectors = chunkCount(count, lanes());
    const int64_t tiles = chunkCount(vectors, mostVectors(rows));
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t from = i * vectors / tiles;
      body(from * lanes(), (i + 1) * vectors / tiles - from);
    }
  }

  /** The panel at `begin` is the next to be copied. */
  HWY_ATTR void startNext(int64_t begin, Range voxels) {
    nextBegin_ = begin;
    nextCount_ = voxels.end - begin < shape_.panel ? voxels.end - begin : shape_.panel;
    nextChannel_ = nextCount_ > 0 ? 0 : args_.inChannels;
    nextX_ = 0;
    nextPiece_ = nextCount_;
  }

  /** Its copy is dealt to so many tiles: pieces of a channel, copied while products are summed, or
   * the loads would wait for the memory; a piece is fetched during the tile before. */
  HWY_ATTR void shareNext(int64_t tiles) {
    constexpr int64_t kLine = 16;
    if (nextChannel_ == args_.inChannels) return;
    const int64_t pieces = tiles / args_.inChannels;
    nextPiece_ =
        pieces < 2 ? nextCount_ : chunkCount(chunkCount(nextCount_, pieces), kLine) * kLine;
    fetchStep_ = chunkCount(nextPiece_, 2 * args_.inChannels);
    if (fetchStep_ > kLine) fetchStep_ = kLine;
  }

  HWY_ATTR const float* nextFetch() const {
    if (nextChannel_ == args_.inChannels) return panel_;
    return input_ + nextChannel_ * shape_.voxels + nextBegin_ + nextX_;
  }

  /** Copies a piece of the next panel. */
  HWY_ATTR void copyNext() {
    if (nextChannel_ == args_.inChannels) return;
    const int64_t left = nextCount_ - nextX_;
    const int64_t count = left < nextPiece_ ? left : nextPiece_;
    float* const to = next_ + nextChannel_ * panelFloats_;
    __builtin_memcpy(to + nextX_, input_ + nextChannel_ * shape_.voxels + nextBegin_ + nextX_,
                     static_cast<size_t>(count) * sizeof(float));
    nextX_ += count;
    if (nextX_ < nextCount_) return;
    for (; nextX_ % lanes() != 0; ++nextX_) to[nextX_] = 0;
    nextX_ = 0;
    ++nextChannel_;
  }

  /** What is left of the next panel; then it is the one at work. */
  HWY_ATTR void takeNext() {
    while (nextChannel_ < args_.inChannels) copyNext();
    float* const panel = next_;
    next_ = panel_;
    panel_ = panel;
  }

  const Conv3dArgs& args_;
  const Conv3dPointwise& shape_;
  PointwiseOutputs outputs_;
  Range blocks_;
  float* panel_;
  int64_t panelFloats_;
  float* next_;
  float* sums_;
  const float* input_;
  const float* weights_;
  int64_t nextBegin_ = 0;
  int64_t nextCount_ = 0;
  /** The piece to be copied. */
  int64_t nextChannel_ = 0;
  int64_t nextX_ = 0;
  int64_t nextPiece_ = 0;
  int64_t fetchStep_ = 0;
};

HWY_ATTR void conv3dPointwiseCpu(const Conv3dArgs& args, Context& context,
                                 const Workspace& workspace) {
  /** Tasks that keep a few tens of cores busy, and blocks that pay for another copy. */
  constexpr int64_t kEnoughTasks = 64;
  constexpr int64_t kLeastBlocks = 8;
  const Conv3dPointwise shape(args);
  const int64_t blocks = shape.blocks(kMostChannels);
  const int64_t slabs = args.batch * args.groups * shape.slabs;
  if (slabs * blocks == 0) return;
  const int64_t wanted = shape.inPlace ? 1 : chunkCount(kEnoughTasks, slabs);
  const int64_t each = chunkCount(blocks, wanted);
  const int64_t rangeBlocks = each > kLeastBlocks ? each : kLeastBlocks;
  const int64_t ranges = chunkCount(blocks, rangeBlocks);
  const int64_t scratchFloats = shape.scratchFloats(args.inChannels);
  float* const scratch = WorkspaceLayout(workspace.data).take<float>(args.threads * scratchFloats);
  ScratchSlots slots(args.threads);
  parallelFor(context, slabs * ranges, [&](int64_t index) HWY_ATTR {
    const int64_t volume = index / ranges / shape.slabs;
    const int32_t slot = slots.acquire();
    Pointwise(args, shape, volume / args.groups, volume % args.groups,
              chunkRange(blocks, rangeBlocks, index % ranges), scratch + slot * scratchFloats)
        .run(chunkRange(shape.voxels, shape.slab, index / ranges % shape.slabs));
    slots.release(slot);
  });
}

/** Group by group, block by block of lines: [input channel][row]. Weights of input channel c and
 * row r of a group are at c channelStep + r / taps rowStep + r % taps. */
HWY_ATTR void packLines(const Conv3dArgs& args, int64_t channelStep, int64_t rowStep) {
  const Conv3dPointwise shape(args);
  const int64_t taps = conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t block = 0; block < shape.blocks(kMostChannels); ++block) {
      const int64_t begin = shape.blockBegin(kMostChannels, block) * shape.kernel[2];
      const int64_t end = shape.blockBegin(kMostChannels, block + 1) * shape.kernel[2];
      for (int64_t c = 0; c < args.inChannels; ++c) {
        for (int64_t r = begin; r < end; ++r) {
          *packed++ = weights[c * channelStep + r / taps * rowStep + r % taps];
        }
      }
    }
    weights += args.inChannels * args.outChannels * taps;
  }
}

HWY_ATTR void conv3dPointwisePackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  packLines(args, 1, args.inChannels);
}

HWY_ATTR void conv3dPointwiseTransposedCpu(const Conv3dTransposedArgs& args, Context& context,
                                           const Workspace& workspace) {
  conv3dPointwiseCpu(args, context, workspace);
}

HWY_ATTR void conv3dPointwisePackTransposedCpu(const Conv3dTransposedArgs& args, Context&,
                                               const Workspace&) {
  packLines(args, args.outChannels * conv3dTaps(args), conv3dTaps(args));
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dPointwiseCpu);
VK_SIMD_TABLE(conv3dPointwisePackCpu);
VK_SIMD_TABLE(conv3dPointwiseTransposedCpu);
VK_SIMD_TABLE(conv3dPointwisePackTransposedCpu);

}  // namespace vk
#endif
