#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gaussian/gaussian_cpu.cpp"
#include "core/simd_begin.h"
#include "core/scratch.h"
#include "gaussian/gaussian.h"
#include "gaussian/gaussian_tiles.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct PlainRows {
  const float* values;
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, int64_t at) const {
    return hn::LoadU(d, values + at);
  }
  HWY_INLINE void prefetch(int64_t at) const { __builtin_prefetch(values + at); }
};

template <class D>
HWY_INLINE hn::Mask<D> counts(D d, const uint8_t* mask) {
  const hn::Rebind<uint8_t, D> d8;
  const hn::Rebind<int32_t, D> d32;
  return hn::RebindMask(d, hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, mask)), hn::Zero(d32)));
}

/** The image where the mask counts, zero elsewhere whatever the image holds there. */
struct MaskedRows {
  const float* values;
  const uint8_t* mask;
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, int64_t at) const {
    return hn::IfThenElseZero(counts(d, mask + at), hn::LoadU(d, values + at));
  }
  HWY_INLINE void prefetch(int64_t at) const { __builtin_prefetch(values + at); }
};

struct MaskRows {
  const uint8_t* mask;
  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, int64_t at) const {
    return hn::IfThenElseZero(counts(d, mask + at), hn::Set(d, 1.0f));
  }
  HWY_INLINE void prefetch(int64_t) const {}
};

/** Up to four neighbouring outputs of a banded axis and where their rows go. */
struct Block {
  int64_t begin[kGaussianBlock];
  int64_t end[kGaussianBlock];
  const float* weights[kGaussianBlock];
  float* output[kGaussianBlock];
};

/** Adds the input rows [begin, end) to the outputs kFrom..kTo of the block. The rows are more
 * streams than the hardware follows, so the next step's vectors are asked for here. */
template <int kFrom, int kTo, int kVectors, class D, class Rows>
HWY_INLINE void addRows(D d, const Rows& rows, int64_t at, int64_t stride, const Block& block,
                        int64_t begin, int64_t end, hn::Vec<D> (&sums)[kGaussianBlock][kVectors]) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t t = begin; t < end; ++t) {
    hn::Vec<D> values[kVectors];
    for (int v = 0; v < kVectors; ++v) values[v] = rows.load(d, at + t * stride + v * lanes);
    for (int v = 0; v < kVectors; ++v) rows.prefetch(at + t * stride + (kVectors + v) * lanes);
    for (int k = kFrom; k <= kTo; ++k) {
      const auto weight = hn::Set(d, block.weights[k][t - block.begin[k]]);
      for (int v = 0; v < kVectors; ++v) sums[k][v] = hn::MulAdd(weight, values[v], sums[k][v]);
    }
  }
}

/** Sums neighbouring vectors of four outputs. The bands begin and end in order and share at least
 * one row, so outputs join one after the other and leave in the same order. */
template <int kVectors, class D, class Rows>
HWY_INLINE void sumFour(D d, const Rows& rows, int64_t x, int64_t stride, const Block& block) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> sums[kGaussianBlock][kVectors];
  for (int k = 0; k < kGaussianBlock; ++k) {
    for (int v = 0; v < kVectors; ++v) sums[k][v] = hn::Zero(d);
  }
  const int64_t* begin = block.begin;
  const int64_t* end = block.end;
  addRows<0, 0>(d, rows, x, stride, block, begin[0], begin[1], sums);
  addRows<0, 1>(d, rows, x, stride, block, begin[1], begin[2], sums);
  addRows<0, 2>(d, rows, x, stride, block, begin[2], begin[3], sums);
  addRows<0, 3>(d, rows, x, stride, block, begin[3], end[0], sums);
  addRows<1, 3>(d, rows, x, stride, block, end[0], end[1], sums);
  addRows<2, 3>(d, rows, x, stride, block, end[1], end[2], sums);
  addRows<3, 3>(d, rows, x, stride, block, end[2], end[3], sums);
  for (int k = 0; k < kGaussianBlock; ++k) {
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[k][v], d, block.output[k] + x + v * lanes);
    }
  }
}

template <int kVectors, class D, class Rows>
HWY_INLINE void sumOne(D d, const Rows& rows, int64_t x, int64_t stride, const Block& block,
                       int64_t k) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> sums[kVectors];
  for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  for (int64_t t = block.begin[k]; t < block.end[k]; ++t) {
    const auto weight = hn::Set(d, block.weights[k][t - block.begin[k]]);
    for (int v = 0; v < kVectors; ++v) {
      sums[v] = hn::MulAdd(weight, rows.load(d, x + t * stride + v * lanes), sums[v]);
    }
  }
  for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[v], d, block.output[k] + x + v * lanes);
}

template <int kVectors, class D, class Rows>
HWY_INLINE void sumVectors(D d, const Rows& rows, int64_t x, int64_t stride, const Block& block,
                           int64_t outputs) {
  if (outputs == kGaussianBlock && block.end[0] >= block.begin[kGaussianBlock - 1]) {
    sumFour<kVectors>(d, rows, x, stride, block);
  } else {
    for (int64_t k = 0; k < outputs; ++k) sumOne<kVectors>(d, rows, x, stride, block, k);
  }
}

/** Sums `width` voxels of the block's outputs, two vectors a step, so that a weight is loaded for
 * both. A last, partial vector overlaps the one before. */
template <class Rows>
HWY_NOINLINE void sumRows(const Rows& rows, int64_t stride, int64_t width, const Block& block,
                          int64_t outputs) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (width < lanes) {
    const HWY_CAPPED(float, 1) d1;
    for (int64_t x = 0; x < width; ++x) sumVectors<1>(d1, rows, x, stride, block, outputs);
    return;
  }
  int64_t x = 0;
  for (; x + 2 * lanes <= width; x += 2 * lanes) {
    sumVectors<2>(d, rows, x, stride, block, outputs);
  }
  for (; x + lanes <= width; x += lanes) sumVectors<1>(d, rows, x, stride, block, outputs);
  if (x < width) sumVectors<1>(d, rows, width - lanes, stride, block, outputs);
}

template <class D>
HWY_INLINE void rowVector(D d, const GaussianRow& row, const float* dealt, int64_t j,
                          float* output) {
  auto sum = hn::Zero(d);
  for (int64_t t = 0; t < row.taps; ++t) {
    sum = hn::MulAdd(hn::Set(d, row.weights[t]), hn::LoadU(d, dealt + row.tapOffset[t] + j), sum);
  }
  if (row.scale != nullptr) sum = hn::Mul(sum, hn::LoadU(d, row.scale + j));
  hn::StoreU(sum, d, output + j);
}

/** The x axis: `dealt` to `width` outputs. */
HWY_NOINLINE void sumAlongRow(const GaussianRow& row, const float* dealt, int64_t width,
                              float* output) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (width < lanes) {
    const HWY_CAPPED(float, 1) d1;
    for (int64_t j = 0; j < width; ++j) rowVector(d1, row, dealt, j, output);
    return;
  }
  int64_t j = 0;
  for (; j + 4 * lanes <= width; j += 4 * lanes) {
    auto s0 = hn::Zero(d);
    auto s1 = s0;
    auto s2 = s0;
    auto s3 = s0;
    for (int64_t t = 0; t < row.taps; ++t) {
      const auto weight = hn::Set(d, row.weights[t]);
      const float* at = dealt + row.tapOffset[t] + j;
      s0 = hn::MulAdd(weight, hn::LoadU(d, at), s0);
      s1 = hn::MulAdd(weight, hn::LoadU(d, at + lanes), s1);
      s2 = hn::MulAdd(weight, hn::LoadU(d, at + 2 * lanes), s2);
      s3 = hn::MulAdd(weight, hn::LoadU(d, at + 3 * lanes), s3);
    }
    if (row.scale != nullptr) {
      s0 = hn::Mul(s0, hn::LoadU(d, row.scale + j));
      s1 = hn::Mul(s1, hn::LoadU(d, row.scale + j + lanes));
      s2 = hn::Mul(s2, hn::LoadU(d, row.scale + j + 2 * lanes));
      s3 = hn::Mul(s3, hn::LoadU(d, row.scale + j + 3 * lanes));
    }
    hn::StoreU(s0, d, output + j);
    hn::StoreU(s1, d, output + j + lanes);
    hn::StoreU(s2, d, output + j + 2 * lanes);
    hn::StoreU(s3, d, output + j + 3 * lanes);
  }
  for (; j + lanes <= width; j += lanes) rowVector(d, row, dealt, j, output);
  if (j < width) rowVector(d, row, dealt, width - lanes, output);
}

/** Writes the border of a row whose inside stands at `linear + left`. */
HWY_NOINLINE void writeBorder(const GaussianRow& row, int64_t width, bool clamp, float* linear) {
  const float before = clamp ? linear[row.left] : 0.0f;
  const float after = clamp ? linear[row.left + width - 1] : 0.0f;
  for (int64_t i = 0; i < row.left; ++i) linear[i] = before;
  for (int64_t i = row.left + width; i < row.length; ++i) linear[i] = after;
}

HWY_NOINLINE void deal(const GaussianRow& row, int64_t factor, const float* linear, float* dealt) {
  for (int64_t phase = 0; phase < factor; ++phase) {
    float* target = dealt + phase * row.phaseStride;
    for (int64_t i = phase; i < row.length; i += factor) *target++ = linear[i];
  }
}

HWY_NOINLINE void divide(const float* total, int64_t width, float* output) {
  for (int64_t j = 0; j < width; ++j) output[j] = total[j] > 0 ? output[j] / total[j] : 0.0f;
}

HWY_INLINE void setBand(const GaussianBands& bands, int64_t j, int64_t firstRow, Block& block,
                        int64_t k) {
  block.begin[k] = bands.begin[j] - firstRow;
  block.end[k] = bands.end[j] - firstRow;
  block.weights[k] = bands.weights + j * bands.taps;
}

/** One output tile: the z axis from the image into a buffer that stays in cache, then y and x. z
 * first and x last, so that a decimation leaves x, the only axis whose decimation does not suit
 * vectors, the least to do. */
struct Tile {
  const GaussianArgs& args;
  const GaussianTiles& tiles;
  float* scratch;
  int64_t channel;
  int64_t firstOutputRow;
  int64_t outputRows;
  int64_t firstRow;
  int64_t rows;

  HWY_INLINE float* buffer(int64_t kind, int64_t slice) const {
    return scratch + (kind * kGaussianBlock + slice) * tiles.bufferRows * tiles.rowStride;
  }

  HWY_INLINE void filterZ(int64_t z, int64_t slices) const {
    const int64_t width = args.size[0];
    const int64_t sliceSize = width * args.size[1];
    const float* image = static_cast<const float*>(args.image) + channel * sliceSize * args.size[2];
    Block block;
    for (int64_t k = 0; k < slices; ++k) setBand(tiles.z, z + k, 0, block, k);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = (firstRow + row) * width;
      for (int64_t k = 0; k < slices; ++k) block.output[k] = buffer(0, k) + row * tiles.rowStride;
      if (args.mask == nullptr) {
        sumRows(PlainRows{image + at}, sliceSize, width, block, slices);
        continue;
      }
      sumRows(MaskedRows{image + at, args.mask + at}, sliceSize, width, block, slices);
      for (int64_t k = 0; k < slices; ++k) block.output[k] = buffer(1, k) + row * tiles.rowStride;
      sumRows(MaskRows{args.mask + at}, sliceSize, width, block, slices);
    }
  }

  HWY_INLINE void filterX(float* linear, float* output) const {
    writeBorder(tiles.x, args.size[0], args.border == VK_GAUSSIAN_CLAMP, linear);
    const float* dealt = linear;
    if (args.factor[0] > 1) {
      deal(tiles.x, args.factor[0], linear, scratch + tiles.dealtAt);
      dealt = scratch + tiles.dealtAt;
    }
    sumAlongRow(tiles.x, dealt, args.outputSize[0], output);
  }

  HWY_INLINE void filterYX(int64_t kind, int64_t slice, int64_t y, int64_t count,
                           float* const* output) const {
    Block block;
    const int64_t linearStride = (tiles.dealtAt - tiles.linearAt) / kGaussianBlock;
    float* linear = scratch + tiles.linearAt;
    for (int64_t k = 0; k < count; ++k) {
      setBand(tiles.y, y + k, firstRow, block, k);
      block.output[k] = linear + k * linearStride + tiles.x.left;
    }
    sumRows(PlainRows{buffer(kind, slice)}, tiles.rowStride, tiles.rowStride, block, count);
    for (int64_t k = 0; k < count; ++k) filterX(linear + k * linearStride, output[k]);
  }

  HWY_INLINE void run(int64_t firstSlice, int64_t endSlice) const {
    const int64_t width = args.outputSize[0];
    float* smoothed = static_cast<float*>(args.smoothed) +
                      channel * width * args.outputSize[1] * args.outputSize[2];
    float* total = scratch + tiles.totalAt;
    for (int64_t z = firstSlice; z < endSlice; z += kGaussianBlock) {
      const int64_t slices = endSlice - z < kGaussianBlock ? endSlice - z : kGaussianBlock;
      filterZ(z, slices);
      for (int64_t slice = 0; slice < slices; ++slice) {
        for (int64_t row = 0; row < outputRows; row += kGaussianBlock) {
          const int64_t y = firstOutputRow + row;
          const int64_t count =
              outputRows - row < kGaussianBlock ? outputRows - row : kGaussianBlock;
          float* output[kGaussianBlock];
          for (int64_t k = 0; k < count; ++k) {
            output[k] = smoothed + ((z + slice) * args.outputSize[1] + y + k) * width;
          }
          filterYX(0, slice, y, count, output);
          if (args.mask == nullptr) continue;
          for (int64_t k = 0; k < count; ++k) {
            filterYX(1, slice, y + k, 1, &total);
            divide(total, width, output[k]);
          }
        }
      }
    }
  }
};

void gaussianCpu(const GaussianArgs& args, Context& context, const Workspace& workspace) {
  if (workspace.bytes == 0) return;
  const GaussianTiles tiles = gaussianTiles(args, workspace.data);
  ScratchSlots slots(args.threads);
  const int64_t tilesPerChannel = tiles.tilesY * tiles.tilesZ;
  parallelFor(context, tilesPerChannel * args.channels, [&](int64_t chunk) HWY_ATTR {
    const int64_t tileZ = chunk % tilesPerChannel / tiles.tilesY;
    const Range slices = chunkRange(args.outputSize[2], tiles.tileSlices, tileZ);
    const Range rows = chunkRange(args.outputSize[1], tiles.tileRows, chunk % tiles.tilesY);
    const int32_t slot = slots.acquire();
    const int64_t firstRow = tiles.y.begin[rows.begin];
    const Tile tile{args,
                    tiles,
                    tiles.scratch + slot * tiles.scratchFloats,
                    chunk / tilesPerChannel,
                    rows.begin,
                    rows.end - rows.begin,
                    firstRow,
                    tiles.y.end[rows.end - 1] - firstRow};
    tile.run(slices.begin, slices.end);
    slots.release(slot);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(gaussianCpu);

}  // namespace vk
#endif
