// The inner kernel: some output channels by some vectors of voxels, all in registers. Included
// after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_tiling.h"
#include <hwy/cache_control.h>

#include "core/parallel.h"

#if defined(VK_CONV3D_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_TILE_INL_H
#undef VK_CONV3D_TILE_INL_H
#else
#define VK_CONV3D_TILE_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kRegisters = 32;
constexpr int kMostChannels = 8;
#else
constexpr int kRegisters = 16;
constexpr int kMostChannels = 4;
#endif
constexpr int kMostVectors = 6;

/** Sums of `channels` channels, one voxel vector for each, and one weight fit the registers. */
constexpr int64_t mostVectors(int64_t channels) {
  const int64_t fit = (kRegisters - 1) / (channels + 1);
  return fit < kMostVectors ? fit : kMostVectors;
}

/** Output channels [blockBegin(b), blockBegin(b + 1)) of a range are computed together. */
HWY_ATTR inline int64_t blockCount(int64_t channels) { return chunkCount(channels, kMostChannels); }
HWY_ATTR inline int64_t blockBegin(int64_t channels, int64_t block) {
  const int64_t blocks = blockCount(channels);
  return blocks == 0 ? 0 : block * channels / blocks;
}

/** What comes after the sum: bias, residual, activation. */
struct Finish {
  /** One a channel; null for none. */
  const float* bias;
  /** At the first output; null for none. */
  const float* residual;
  vk_activation activation;
  float slope;
  /** Past the caches: outputs that no cache would keep. Of whole rows only. */
  bool streams = false;
};

/** Whether nothing of the output would still be in a cache when it is read. */
HWY_ATTR inline bool conv3dStreams(const Conv3dArgs& args) {
  constexpr int64_t kBytes = 16 << 20;
  return args.batch * args.groups * args.outChannels * args.outSize[0] * args.outSize[1] *
             args.outSize[2] * static_cast<int64_t>(sizeof(float)) >
         kBytes;
}

template <class D, class V = hn::Vec<D>>
HWY_ATTR HWY_INLINE V activated(D d, V sum, const Finish& finish) {
  if (finish.activation == VK_ACTIVATION_NONE) return sum;
  const auto negative = hn::Lt(sum, hn::Zero(d));
  if (finish.activation == VK_ACTIVATION_RELU) return hn::IfThenZeroElse(negative, sum);
  return hn::IfThenElse(negative, hn::Mul(sum, hn::Set(d, finish.slope)), sum);
}

/** Output rows of a plane, of the channels of one block. */
struct Rows {
  Finish finish;
  float* output;
  /** From a channel, or a row, to the next, in output and residual. */
  int64_t channelFloats;
  int64_t rowFloats;
  int64_t width;
  /** From a row to the next among the positions that the kernel counts. */
  int64_t pitch;
};

/** Where the outputs of a task's plane and of the group's channels from `channel` on go. */
HWY_ATTR inline Rows rowsOf(const Conv3dArgs& args, const Conv3dTask& task, int64_t z, int64_t y,
                            int64_t channel) {
  const int64_t voxels = args.outSize[0] * args.outSize[1] * args.outSize[2];
  const int64_t at = task.group * args.outChannels + channel;
  const int64_t first = (task.image * args.groups * args.outChannels + at) * voxels +
                        (z * args.outSize[1] + y) * args.outSize[2];
  Rows rows{};
  rows.finish.activation = args.activation;
  rows.finish.slope = static_cast<float>(args.negativeSlope);
  if (args.bias != nullptr) rows.finish.bias = static_cast<const float*>(args.bias) + at;
  if (args.residual != nullptr) {
    rows.finish.residual = static_cast<const float*>(args.residual) + first;
  }
  rows.output = static_cast<float*>(args.output) + first;
  rows.channelFloats = voxels;
  rows.rowFloats = args.outSize[2];
  rows.width = args.outSize[2];
  return rows;
}

struct Tile {
  const float* input;
  int64_t channelFloats;
  int64_t channels;
  const int64_t* taps;
  int64_t tapCount;
  /** [input channel][tap][output channel] */
  const float* weights;
};

/** Writes Channels rows of Vectors vectors of finished sums, `outputFloats` apart. */
template <int Channels, int Vectors, class V>
HWY_ATTR HWY_INLINE void finishTile(V (&sums)[Channels][Vectors], const Finish& finish,
                                    float* output, int64_t outputFloats) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
#pragma GCC unroll 8
  for (int c = 0; c < Channels; ++c) {
    const V bias = hn::Set(d, finish.bias != nullptr ? finish.bias[c] : 0.0f);
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      const int64_t at = c * outputFloats + v * lanes;
      V sum = hn::Add(sums[c][v], bias);
      if (finish.residual != nullptr) sum = hn::Add(sum, hn::LoadU(d, finish.residual + at));
      hn::StoreU(activated(d, sum, finish), d, output + at);
    }
  }
}

template <int Channels, int Vectors>
HWY_ATTR HWY_NOINLINE void sumTile(const Tile& tile, const Finish& finish, float* output,
                                   int64_t outputFloats) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V sums[Channels][Vectors];
#pragma GCC unroll 8
  for (int c = 0; c < Channels; ++c) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sums[c][v] = hn::Zero(d);
  }
  const float* weights = tile.weights;
  const float* channel = tile.input;
  for (int64_t i = 0; i < tile.channels; ++i, channel += tile.channelFloats) {
    for (int64_t t = 0; t < tile.tapCount; ++t, weights += Channels) {
      const float* const input = channel + tile.taps[t];
      V voxels[Vectors];
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) voxels[v] = hn::LoadU(d, input + v * lanes);
#pragma GCC unroll 8
      for (int c = 0; c < Channels; ++c) {
        const V weight = hn::Set(d, weights[c]);
#pragma GCC unroll 8
        for (int v = 0; v < Vectors; ++v) sums[c][v] = hn::MulAdd(voxels[v], weight, sums[c][v]);
      }
    }
  }
  finishTile(sums, finish, output, outputFloats);
}

using SumTile = void(const Tile&, const Finish&, float*, int64_t);
/** Of so many channels and vectors, less 1. */
using SumTiles = SumTile* const[8][kMostVectors];

template <int Channels, int Vectors>
constexpr SumTile* sumTileOrNull() {
  if constexpr (Channels <= kMostChannels && Vectors <= mostVectors(Channels)) {
    return sumTile<Channels, Vectors>;
  } else {
    return nullptr;
  }
}

#define VK_CONV3D_ROW(C)                                                                        \
  {                                                                                             \
    sumTileOrNull<C, 1>(), sumTileOrNull<C, 2>(), sumTileOrNull<C, 3>(), sumTileOrNull<C, 4>(), \
        sumTileOrNull<C, 5>(), sumTileOrNull<C, 6>()                                            \
  }
constexpr SumTiles kSumTiles = {VK_CONV3D_ROW(1), VK_CONV3D_ROW(2), VK_CONV3D_ROW(3),
                                VK_CONV3D_ROW(4), VK_CONV3D_ROW(5), VK_CONV3D_ROW(6),
                                VK_CONV3D_ROW(7), VK_CONV3D_ROW(8)};
#undef VK_CONV3D_ROW

/** Finishes `count` sums of one channel in a row. */
HWY_ATTR inline void finishRow(const float* sums, int64_t count, const Finish& finish, int channel,
                               const float* residual, float* output) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float bias = finish.bias != nullptr ? finish.bias[channel] : 0.0f;
  const auto finished = [&](auto tag, int64_t i) HWY_ATTR {
    auto sum = hn::Add(hn::LoadU(tag, sums + i), hn::Set(tag, bias));
    if (residual != nullptr) sum = hn::Add(sum, hn::LoadU(tag, residual + i));
    return activated(tag, sum, finish);
  };
  int64_t i = 0;
  if (finish.streams) {
    const int64_t vectorBytes = lanes * static_cast<int64_t>(sizeof(float));
    for (; i < count && reinterpret_cast<uintptr_t>(output + i) % vectorBytes != 0; ++i) {
      hn::StoreU(finished(one, i), one, output + i);
    }
    for (; i + lanes <= count; i += lanes) hn::Stream(finished(d, i), d, output + i);
  }
  for (; i + lanes <= count; i += lanes) hn::StoreU(finished(d, i), d, output + i);
  for (; i < count; ++i) hn::StoreU(finished(one, i), one, output + i);
}

/** Finishes a vector of sums each of Count rows, `step` floats from one to the next in output and
 * residual. Each question is asked once, not for each vector. */
template <int Count, class V>
HWY_ATTR HWY_INLINE void finishWhole(const V* sums, V bias, const float* residual, int64_t step,
                                     const Finish& finish, bool streams, float* output) {
  const hn::ScalableTag<float> d;
  V outputs[Count];
#pragma GCC unroll 4
  for (int r = 0; r < Count; ++r) outputs[r] = hn::Add(sums[r], bias);
  if (residual != nullptr) {
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) {
      outputs[r] = hn::Add(outputs[r], hn::LoadU(d, residual + r * step));
    }
  }
  if (finish.activation != VK_ACTIVATION_NONE) {
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) outputs[r] = activated(d, outputs[r], finish);
  }
  if (streams) {
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) hn::Stream(outputs[r], d, output + r * step);
  } else {
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) hn::StoreU(outputs[r], d, output + r * step);
  }
}

/** Finishes a vector of sums. */
template <class V>
HWY_ATTR HWY_INLINE void finishVector(V sum, V bias, const float* residual, const Finish& finish,
                                      bool streams, float* output) {
  finishWhole<1>(&sum, bias, residual, 0, finish, streams, output);
}

/** Whether every vector of whole rows begins where one can be written past the caches. */
HWY_ATTR inline bool streamsInVectors(const Rows& rows) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  const size_t vectorBytes = static_cast<size_t>(lanes) * sizeof(float);
  return rows.rowFloats % lanes == 0 && rows.channelFloats % lanes == 0 &&
         reinterpret_cast<uintptr_t>(rows.output) % vectorBytes == 0;
}

/** Finishes `count` sums, fewer than a vector. */
template <class V>
HWY_ATTR HWY_INLINE void finishSome(V sum, int64_t count, V bias, const float* residual,
                                    const Finish& finish, float* output) {
  const hn::ScalableTag<float> d;
  sum = hn::Add(sum, bias);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  const auto some = hn::FirstN(d, static_cast<size_t>(count));
  if (residual != nullptr) sum = hn::Add(sum, hn::MaskedLoad(some, d, residual));
  hn::BlendedStore(activated(d, sum, finish), some, d, output);
#else
  HWY_ALIGN float values[hn::MaxLanes(d)];
  hn::Store(sum, d, values);
  finishRow(values, count, Finish{nullptr, nullptr, finish.activation, finish.slope}, 0, residual,
            output);
#endif
}

/** Finishes a vector each of the first `count` of Count rows of a channel, from column x on;
 * `streams` as streamsInVectors allows. Whole if there are Count rows and a vector of each. */
template <int Count, bool Whole = false, class V>
HWY_ATTR HWY_INLINE void finishVectors(const V* sums, int64_t x, int channel, int64_t count,
                                       bool streams, const Rows& rows) {
  const hn::ScalableTag<float> d;
  const V bias = hn::Set(d, rows.finish.bias != nullptr ? rows.finish.bias[channel] : 0.0f);
  const int64_t first = channel * rows.channelFloats + x;
  float* const output = rows.output + first;
  const float* const residual =
      rows.finish.residual != nullptr ? rows.finish.residual + first : nullptr;
  if constexpr (Whole) {
    finishWhole<Count>(sums, bias, residual, rows.rowFloats, rows.finish, streams, output);
  } else {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
#pragma GCC unroll 4
    for (int r = 0; r < Count; ++r) {
      if (r >= count) break;
      const int64_t at = r * rows.rowFloats;
      const float* const added = residual != nullptr ? residual + at : nullptr;
      if (lanes > 1 && x + lanes > rows.width) {
        finishSome(sums[r], rows.width - x, bias, added, rows.finish, output + at);
      } else {
        finishVector(sums[r], bias, added, rows.finish, streams, output + at);
      }
    }
  }
}

/** a[0] b[0] a[1] b[1] ... */
template <class D, class V = hn::Vec<D>>
HWY_ATTR HWY_INLINE void interleavePair(D d, V a, V b, V& first, V& second) {
#if HWY_TARGET == HWY_AVX3
  const __m512i lower = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i upper = _mm512_add_epi32(lower, _mm512_set1_epi32(8));
  first = V{_mm512_permutex2var_ps(a.raw, lower, b.raw)};
  second = V{_mm512_permutex2var_ps(a.raw, upper, b.raw)};
#else
  HWY_ALIGN float both[2 * hn::MaxLanes(d)];
  hn::StoreInterleaved2(a, b, d, both);
  first = hn::Load(d, both);
  second = hn::Load(d, both + hn::Lanes(d));
#endif
}

/** Finishes `count` sums of each of two rows of one channel, whose outputs alternate. */
HWY_ATTR inline void finishPairs(const float* even, const float* odd, int64_t count,
                                 const Finish& finish, int channel, const float* residual,
                                 float* output) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const V bias = hn::Set(d, finish.bias != nullptr ? finish.bias[channel] : 0.0f);
  // Fewer than a vector.
  const auto some = [&](int64_t from, int64_t to) HWY_ATTR {
    HWY_ALIGN float both[2 * hn::MaxLanes(d)];
    for (int64_t k = from; k < to; ++k) {
      both[2 * (k - from)] = even[k];
      both[2 * (k - from) + 1] = odd[k];
    }
    finishRow(both, 2 * (to - from), finish, channel,
              residual != nullptr ? residual + 2 * from : nullptr, output + 2 * from);
  };
  const int64_t beyond =
      static_cast<int64_t>(reinterpret_cast<uintptr_t>(output) / sizeof(float)) % lanes;
  const bool streams = finish.streams && (beyond % 2 == 0 || lanes == 1);
  const auto put = [&](V sum, int64_t at) HWY_ATTR {
    finishVector(sum, bias, residual != nullptr ? residual + at : nullptr, finish, streams,
                 output + at);
  };
  const int64_t head = streams ? (lanes - beyond) % lanes / 2 : 0;
  int64_t i = head < count ? head : count;
  if (i > 0) some(0, i);
  for (; i + lanes <= count; i += lanes) {
    const V a = hn::LoadU(d, even + i);
    const V b = hn::LoadU(d, odd + i);
    V first, second;
    interleavePair(d, a, b, first, second);
    put(first, 2 * i);
    put(second, 2 * i + lanes);
  }
  if (i < count) some(i, count);
}

/** Output positions [begin, end) by `vectors` vectors. */
HWY_ATTR inline void computeTile(const SumTiles& sumTiles, const Tile& tile, int64_t channels,
                                 int64_t vectors, int64_t begin, int64_t end, const Rows& rows) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  SumTile* const sum = sumTiles[channels - 1][vectors - 1];
  int64_t row = begin / rows.pitch;
  int64_t x = begin - row * rows.pitch;
  if (x + vectors * lanes <= rows.width) {
    const int64_t at = row * rows.rowFloats + x;
    Finish finish = rows.finish;
    if (finish.residual != nullptr) finish.residual += at;
    sum(tile, finish, rows.output + at, rows.channelFloats);
    return;
  }
  HWY_ALIGN float sums[kMostChannels * kMostVectors * hn::MaxLanes(d)];
  const int64_t sumFloats = vectors * lanes;
  sum(tile, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0}, sums, sumFloats);
  for (int64_t position = begin; position < end; ++row, x = 0) {
    const int64_t rowEnd = row * rows.pitch + rows.width;
    const int64_t count = (rowEnd < end ? rowEnd : end) - position;
    for (int c = 0; c < channels && count > 0; ++c) {
      const int64_t at = c * rows.channelFloats + row * rows.rowFloats + x;
      finishRow(sums + c * sumFloats + (position - begin), count, rows.finish, c,
                rows.finish.residual != nullptr ? rows.finish.residual + at : nullptr,
                rows.output + at);
    }
    position = (row + 1) * rows.pitch;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
