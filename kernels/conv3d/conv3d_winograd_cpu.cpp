#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_winograd_cpu.cpp"
#include "core/simd_begin.h"
#include <type_traits>

#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_winograd-inl.h"
#include "conv3d/conv3d_winograd.h"
#include "conv3d/conv3d_winograd_strided-inl.h"
#include "conv3d/conv3d_winograd_values-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Runs one task, tiles of Z x M x M outputs. */
template <int Z, int M, int StrideZ, int S>
class Winograd {
  static constexpr WinogradForm kForm = {Z, M, StrideZ, S};
  static constexpr int kPlanes = winogradValues(Z, StrideZ);
  static constexpr int kRows = winogradValues(M, S);
  static constexpr int kSlice = kRows * kRows;
  using Values =
      std::conditional_t<S == 1, WinogradValues<Z, M>, WinogradStridedValues<Z, M, StrideZ>>;

 public:
  /** `channels` of the input are those that it transforms; `values` is null for scratch memory. */
  HWY_ATTR Winograd(const Conv3dArgs& args, const WinogradTiling& tiling, const WinogradTask& task,
                    Range channels, float* scratch, float* values, const int64_t* channelTaps)
      : args_(args),
        tiling_(tiling),
        task_(task),
        channelTaps_(channelTaps),
        input_(args, tiling, task, channels, scratch) {
    const auto take = [&scratch](int64_t floats) {
      float* const piece = scratch;
      scratch += floats;
      return piece;
    };
    values_ = values != nullptr ? values : take(tiling.blockFloats);
    sums_ = take(kSlice * tiling.sumFloats);
    slices_ = take(tiling.sliceChannels * kPlanes * M * M * tiling.blockTiles);
    rows_ = take(Z * M * tiling.blockTiles);
    joined_ = take(M * tiling.blockTiles);
    lattices_ = tiling.lattices[2];
    planeTiles_ = task.count[1] * lattices_ * task.count[2];
    streams_ = conv3dStreams(args);
  }

  /** All of the slab. */
  HWY_ATTR void run() {
    const int64_t end = task_.first[0] + task_.count[0];
    input_.expect(blockEnd(task_.first[0]));
    for (int64_t first = task_.first[0]; first < end; first += count_) {
      transform(first);
      // The next block's input is read while this one's products are summed.
      const int64_t next = first + count_;
      readEach_ = next == end ? 0
                              : chunkCount(input_.expect(blockEnd(next)),
                                           kPlanes * kSlice * bundleCount(args_.outChannels));
      sum(first, {0, bundleCount(args_.outChannels)});
    }
  }

  /** To values, the block that begins with a plane of tiles. */
  HWY_ATTR void transform(int64_t first) {
    beginBlock(first);
    input_.transform(first, count_, values_);
  }

  HWY_ATTR void transformOnly() {
    input_.expect(blockEnd(task_.first[0]));
    transform(task_.first[0]);
  }

  /** Outputs of the block that begins with a plane of tiles, of some bundles of channels. */
  HWY_ATTR void sum(int64_t first, Range bundles) {
    beginBlock(first);
    sumBundles(bundles);
    if (streams_) hwy::FlushStream();
  }

 private:
  static HWY_ATTR int64_t lanes() { return static_cast<int64_t>(hn::Lanes(WinogradTag())); }

  HWY_ATTR int64_t blockEnd(int64_t first) const {
    const int64_t end = task_.first[0] + task_.count[0];
    return first + tiling_.each[0] < end ? first + tiling_.each[0] : end;
  }

  HWY_ATTR void beginBlock(int64_t first) {
    first_ = first;
    count_ = blockEnd(first) - first;
    tiles_ = count_ * planeTiles_;
  }

  /** Plane by plane of values, so that these stay in a cache from bundle to bundle. */
  HWY_ATTR void sumBundles(Range bundles) {
    const int64_t first = bundleBegin(args_.outChannels, bundles.begin);
    for (int a = 0; a < kPlanes; ++a) {
      for (int64_t bundle = bundles.begin; bundle < bundles.end; ++bundle) {
        const int64_t begin = bundleBegin(args_.outChannels, bundle);
        sumPlane(a, begin, bundleBegin(args_.outChannels, bundle + 1) - begin,
                 sliceOf(begin - first));
      }
    }
    const int64_t end = bundleBegin(args_.outChannels, bundles.end);
    for (int64_t channel = first; channel < end; ++channel) {
      writeChannel(channel, sliceOf(channel - first));
    }
  }

  HWY_ATTR float* sliceOf(int64_t channel) const {
    return slices_ + channel * kPlanes * M * M * tiling_.blockTiles;
  }

  /** Sums of one plane of values, of a bundle that begins with an output channel, and their
   * transforms along y and x. */
  HWY_ATTR void sumPlane(int a, int64_t begin, int64_t channels, float* slices) {
    const float* const weights =
        static_cast<const float*>(args_.packed) +
        (task_.group * args_.outChannels + begin) * winogradWeights(kForm) * args_.inChannels;
    const int64_t vectors = chunkCount(tiles_, lanes());
    for (int s = 0; s < kSlice; ++s) {
      input_.read(readEach_);
      const int64_t row =
          winogradWeightOf(a, Z) * winogradWeights(M) + winogradWeightOf(s / kRows, M);
      const int64_t weight = row * winogradWeights(M) + winogradWeightOf(s % kRows, M);
      sumValue(values_ + (a * kSlice + s) * tiling_.valueFloats,
               weights + weight * channels * args_.inChannels, channels,
               sums_ + s * tiling_.sumFloats);
    }
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t v = 0; v < vectors; ++v) {
        transformSlice(sums_ + channel * tiling_.blockTiles + v * lanes(),
                       slices + (channel * kPlanes + a) * M * M * tiling_.blockTiles + v * lanes());
      }
    }
  }

  /** Sums over the input channels of one value of all tiles. */
  HWY_ATTR void sumValue(const float* values, const float* weights, int64_t channels,
                         float* sums) const {
    const int64_t vectors = chunkCount(tiles_, lanes());
    // One "channel" whose taps are the channels: one loop instead of two.
    Tile tile{};
    tile.channels = 1;
    tile.taps = channelTaps_;
    tile.tapCount = args_.inChannels;
    for (int64_t block = 0; block < blockCount(channels); ++block) {
      const int64_t first = blockBegin(channels, block);
      const int64_t count = blockBegin(channels, block + 1) - first;
      tile.weights = weights + first * args_.inChannels;
      const int64_t runs = chunkCount(vectors, mostVectors(count));
      for (int64_t run = 0; run < runs; ++run) {
        const int64_t from = run * vectors / runs;
        const int64_t to = (run + 1) * vectors / runs;
        tile.input = values + from * lanes();
        kSumTiles[count - 1][to - from - 1](tile, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0},
                                            sums + first * tiling_.blockTiles + from * lanes(),
                                            tiling_.blockTiles);
      }
    }
  }

  /** Along y and x: one vector of tiles. */
  HWY_ATTR HWY_NOINLINE void transformSlice(const float* sums, float* outputs) const {
    const WinogradTag d;
    WinogradVec lines[kRows * M];
#pragma GCC unroll 9
    for (int x = 0; x < kRows; ++x) {
      WinogradVec m[kRows];
#pragma GCC unroll 9
      for (int y = 0; y < kRows; ++y)
        m[y] = hn::LoadU(d, sums + (y * kRows + x) * tiling_.sumFloats);
      transformSums<M, S>(m, 1, lines + x * M);
    }
#pragma GCC unroll 4
    for (int y = 0; y < M; ++y) {
      WinogradVec results[M];
      transformSums<M, S>(lines + y, M, results);
#pragma GCC unroll 4
      for (int x = 0; x < M; ++x) {
        hn::StoreU(results[x], d, outputs + (y * M + x) * tiling_.blockTiles);
      }
    }
  }

  /** Along z, and to the output. */
  HWY_ATTR void writeChannel(int64_t channel, const float* slices) {
    const int64_t vectors = chunkCount(tiles_, lanes());
    Conv3dTask where{};
    where.image = task_.image;
    where.group = task_.group;
    Rows to = rowsOf(args_, where, 0, 0, channel);
    to.finish.streams = streams_;
    for (int y = 0; y < M; ++y) {
      for (int64_t v = 0; v < vectors; ++v) finishTiles(slices, y, v * lanes());
      for (int64_t plane = 0; plane < count_; ++plane) {
        for (int part = 0; part < Z; ++part) {
          const int64_t z = task_.lattice[0] + (Z * (first_ + plane) + part) * tiling_.dilation[0];
          if (z >= args_.outSize[0]) break;
          for (int64_t row = 0; row < task_.count[1]; ++row) {
            const int64_t outY =
                task_.lattice[1] + (M * (task_.first[1] + row) + y) * tiling_.dilation[1];
            if (outY >= args_.outSize[1]) break;
            writeRow(rows_ + M * (part * tiling_.blockTiles + plane * planeTiles_ +
                                  row * lattices_ * task_.count[2]),
                     to, (z * args_.outSize[1] + outY) * args_.outSize[2]);
          }
        }
      }
    }
  }

  HWY_ATTR HWY_NOINLINE void finishTiles(const float* slices, int y, int64_t at) {
    const WinogradTag d;
    WinogradVec outputs[Z * M];
#pragma GCC unroll 4
    for (int x = 0; x < M; ++x) {
      WinogradVec m[kPlanes], results[Z];
#pragma GCC unroll 9
      for (int a = 0; a < kPlanes; ++a) {
        m[a] = hn::LoadU(d, slices + ((a * M + y) * M + x) * tiling_.blockTiles + at);
      }
      transformSums<Z, StrideZ>(m, 1, results);
#pragma GCC unroll 4
      for (int z = 0; z < Z; ++z) outputs[z * M + x] = results[z];
    }
#pragma GCC unroll 4
    for (int z = 0; z < Z; ++z) {
      storeDealt<M>(outputs + z * M, rows_ + M * (z * tiling_.blockTiles + at));
    }
  }

  /** A row of tiles, lattice by lattice. */
  HWY_ATTR void writeRow(const float* row, const Rows& to, int64_t at) {
    const int64_t each = M * task_.count[2];
    const int64_t begin = M * task_.first[2] * tiling_.dilation[2];
    if (lattices_ > 1) {
      int64_t done = 0;
      if (lattices_ == 2) done = join<2>(row, each);
      if (lattices_ == 4) done = join<4>(row, each);
      for (int64_t q = 0; q < lattices_; ++q) {
        for (int64_t e = done; e < each; ++e) joined_[e * lattices_ + q] = row[q * each + e];
      }
      row = joined_;
    }
    const int64_t rest = to.width - begin;
    const int64_t count = each * lattices_ < rest ? each * lattices_ : rest;
    at += begin;
    finishRow(row, count, to.finish, 0,
              to.finish.residual != nullptr ? to.finish.residual + at : nullptr, to.output + at);
  }

  /** As much of the lattices' rows as whole vectors fill; where it ends. */
  template <int Lattices>
  HWY_ATTR int64_t join(const float* row, int64_t each) {
    const WinogradTag d;
    int64_t e = 0;
    for (; e + lanes() <= each; e += lanes()) {
      WinogradVec rows[Lattices];
#pragma GCC unroll 4
      for (int q = 0; q < Lattices; ++q) rows[q] = hn::LoadU(d, row + q * each + e);
      storeDealt<Lattices>(rows, joined_ + Lattices * e);
    }
    return e;
  }

  const Conv3dArgs& args_;
  const WinogradTiling& tiling_;
  const WinogradTask& task_;
  /** Where the channels lie among the tiles of a value. */
  const int64_t* channelTaps_;
  Values input_;
  bool streams_;
  int64_t lattices_;
  int64_t planeTiles_;
  /** Of the present block: its planes and all its tiles. */
  int64_t first_ = 0;
  int64_t count_ = 0;
  int64_t tiles_ = 0;
  /** Rows of the next block to read with the sums of a value. */
  int64_t readEach_ = 0;
  float* values_;
  float* sums_;
  float* slices_;
  float* rows_;
  float* joined_;
};

template <int Z, int M, int StrideZ, int S>
HWY_ATTR void winograd(const Conv3dArgs& args, Context& context, const Workspace& workspace) {
  constexpr WinogradForm form = {Z, M, StrideZ, S};
  const WinogradTiling tiling = winogradTiling(args, form);
  if (tiling.slabs == 0) return;
  const int64_t slotCount = winogradSlots(args, tiling);
  WorkspaceLayout layout(workspace.data);
  float* const areas = layout.take<float>(slotCount * tiling.scratchFloats);
  float* const values = layout.take<float>(tiling.sharedBlocks * tiling.blockFloats);
  int64_t* const taps = layout.take<int64_t>(args.inChannels);
  for (int64_t channel = 0; channel < args.inChannels; ++channel) {
    taps[channel] = channel * tiling.blockTiles;
  }
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  const auto within = [&](int64_t slab, Range channels, float* shared, auto work) HWY_ATTR {
    const WinogradTask task = winogradTask(args, form, tiling, slab);
    if (task.count[0] == 0 || task.count[1] == 0) return;
    const int32_t slot = slots.acquire();
    Winograd<Z, M, StrideZ, S> each(args, tiling, task, channels,
                                    areas + slot * tiling.scratchFloats, shared, taps);
    work(each, task.first[0]);
    slots.release(slot);
  };
  if (tiling.sharedBlocks == 0) {
    parallelFor(context, tiling.slabs, [&](int64_t slab) HWY_ATTR {
      within(slab, {0, args.inChannels}, nullptr,
             [](Winograd<Z, M, StrideZ, S>& each, int64_t) HWY_ATTR { each.run(); });
    });
    return;
  }
  const int64_t chunks = chunkCount(args.inChannels, tiling.chunkChannels);
  const int64_t bundles = bundleCount(args.outChannels);
  for (int64_t begin = 0; begin < tiling.slabs; begin += tiling.sharedBlocks) {
    const int64_t left = tiling.slabs - begin;
    const int64_t count = left < tiling.sharedBlocks ? left : tiling.sharedBlocks;
    parallelFor(context, count * chunks, [&](int64_t index) HWY_ATTR {
      within(begin + index / chunks,
             chunkRange(args.inChannels, tiling.chunkChannels, index % chunks),
             values + index / chunks * tiling.blockFloats,
             [](Winograd<Z, M, StrideZ, S>& each, int64_t) HWY_ATTR { each.transformOnly(); });
    });
    parallelFor(context, count * bundles, [&](int64_t index) HWY_ATTR {
      // Bundle by bundle: the blocks that need the same weights one after the other.
      within(begin + index % count, {0, 0}, values + index % count * tiling.blockFloats,
             [&](Winograd<Z, M, StrideZ, S>& each, int64_t first) HWY_ATTR {
               each.sum(first, {index / count, index / count + 1});
             });
    });
  }
}

/** Group by group and bundle by bundle: [value][block][input channel][output channel of the
 * block]. */
template <int Z, int M, int StrideZ, int S>
HWY_ATTR void packWinograd(const Conv3dArgs& args) {
  constexpr int kernelPlanes = Z == 1 ? 1 : 3;
  constexpr int planes = winogradWeights(Z);
  constexpr int rows = winogradWeights(M);
  constexpr int values = planes * rows * rows;
  const int64_t in = args.inChannels;
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t bundle = 0; bundle < bundleCount(args.outChannels); ++bundle) {
      const int64_t channels =
          bundleBegin(args.outChannels, bundle + 1) - bundleBegin(args.outChannels, bundle);
      for (int64_t block = 0; block < blockCount(channels); ++block) {
        const int64_t first = blockBegin(channels, block);
        const int64_t count = blockBegin(channels, block + 1) - first;
        for (int64_t out = 0; out < count; ++out) {
          for (int64_t i = 0; i < in; ++i, weights += 9 * kernelPlanes) {
            double kernel[27], alongX[9 * rows], alongY[3 * rows * rows], all[values];
            for (int w = 0; w < 9 * kernelPlanes; ++w) kernel[w] = weights[w];
            for (int w = 0; w < 3 * kernelPlanes; ++w) {
              transformWeights<M, S>(kernel + 3 * w, 1, alongX + rows * w, 1);
            }
            for (int z = 0; z < kernelPlanes; ++z) {
              for (int x = 0; x < rows; ++x) {
                transformWeights<M, S>(alongX + 3 * rows * z + x, rows,
                                       alongY + rows * rows * z + x, rows);
              }
            }
            for (int v = 0; v < rows * rows; ++v) {
              transformWeights<Z, StrideZ>(alongY + v, rows * rows, all + v, rows * rows);
            }
            for (int64_t value = 0; value < values; ++value) {
              packed[(value * channels + first) * in + i * count + out] =
                  static_cast<float>(all[value]);
            }
          }
        }
      }
      packed += values * in * channels;
    }
  }
}

#define VK_WINOGRAD_FORM(name, Z, M, StrideZ, S)                                               \
  HWY_ATTR void conv3dWinograd##name(const Conv3dArgs& args, Context& context,                 \
                                     const Workspace& workspace) {                             \
    winograd<Z, M, StrideZ, S>(args, context, workspace);                                      \
  }                                                                                            \
  HWY_ATTR void conv3dWinogradPack##name(const Conv3dArgs& args, Context&, const Workspace&) { \
    packWinograd<Z, M, StrideZ, S>(args);                                                      \
  }
VK_WINOGRAD_FORM(44, 4, 4, 1, 1)
VK_WINOGRAD_FORM(24, 2, 4, 1, 1)
VK_WINOGRAD_FORM(22, 2, 2, 1, 1)
VK_WINOGRAD_FORM(14, 1, 4, 1, 1)
VK_WINOGRAD_FORM(12, 1, 2, 1, 1)
VK_WINOGRAD_FORM(Strided44, 4, 4, 2, 2)
VK_WINOGRAD_FORM(Strided24, 2, 4, 2, 2)
VK_WINOGRAD_FORM(StridedRows44, 4, 4, 1, 2)
VK_WINOGRAD_FORM(StridedRows14, 1, 4, 1, 2)
#undef VK_WINOGRAD_FORM

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dWinograd44);
VK_SIMD_TABLE(conv3dWinograd24);
VK_SIMD_TABLE(conv3dWinograd22);
VK_SIMD_TABLE(conv3dWinograd14);
VK_SIMD_TABLE(conv3dWinograd12);
VK_SIMD_TABLE(conv3dWinogradStrided44);
VK_SIMD_TABLE(conv3dWinogradStrided24);
VK_SIMD_TABLE(conv3dWinogradStridedRows44);
VK_SIMD_TABLE(conv3dWinogradStridedRows14);
VK_SIMD_TABLE(conv3dWinogradPack44);
VK_SIMD_TABLE(conv3dWinogradPack24);
VK_SIMD_TABLE(conv3dWinogradPack22);
VK_SIMD_TABLE(conv3dWinogradPack14);
VK_SIMD_TABLE(conv3dWinogradPack12);
VK_SIMD_TABLE(conv3dWinogradPackStrided44);
VK_SIMD_TABLE(conv3dWinogradPackStrided24);
VK_SIMD_TABLE(conv3dWinogradPackStridedRows44);
VK_SIMD_TABLE(conv3dWinogradPackStridedRows14);

}  // namespace vk
#endif
