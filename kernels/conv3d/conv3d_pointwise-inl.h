// Where the outputs of a product of weights and voxels go. Included after core/simd_begin.h, once
// an instruction set.
#include "conv3d/conv3d_pointwise.h"
#include "conv3d/conv3d_tile-inl.h"

#if defined(VK_CONV3D_POINTWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_POINTWISE_INL_H
#undef VK_CONV3D_POINTWISE_INL_H
#else
#define VK_CONV3D_POINTWISE_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Three or four rows of `count` sums, to one in which they alternate. */
HWY_ATTR inline void interleave(const float* sums, int64_t sumFloats, int64_t rows, int64_t count,
                                float* to) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto at = [&](int64_t row, int64_t i)
                      HWY_ATTR { return hn::LoadU(d, sums + row * sumFloats + i); };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes, to += rows * lanes) {
    if (rows == 3) {
      hn::StoreInterleaved3(at(0, i), at(1, i), at(2, i), d, to);
    } else {
      hn::StoreInterleaved4(at(0, i), at(1, i), at(2, i), at(3, i), d, to);
    }
  }
  for (; i < count; ++i) {
    for (int64_t row = 0; row < rows; ++row) *to++ = sums[row * sumFloats + i];
  }
}

/** Lines of a block, and where their outputs of the first voxel are. */
struct PointwiseLines {
  int64_t begin;
  int64_t count;
  int64_t rows;
  int channels[kConv3dPointwiseMostRows];
  int64_t offsets[kConv3dPointwiseMostRows];
};

/** Of one image and group, dealt into blocks of lines with up to `mostRows` rows. */
class PointwiseOutputs {
 public:
  HWY_ATTR PointwiseOutputs(const Conv3dArgs& args, const Conv3dPointwise& shape, int64_t mostRows,
                            int64_t image, int64_t group)
      : shape_(shape), mostRows_(mostRows) {
    Conv3dTask task{};
    task.image = image;
    task.group = group;
    to_ = rowsOf(args, task, 0, 0, 0);
    to_.finish.streams = conv3dStreams(args);
    constexpr int64_t kLine = 16;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    wholePairs_ = shape.kernel[2] == 2 && lanes == kLine && shape.size[2] % kLine == 0 &&
                  (!to_.finish.streams || streamsInVectors(to_));
  }

  HWY_ATTR int64_t blocks() const { return shape_.blocks(mostRows_); }

  HWY_ATTR PointwiseLines lines(int64_t block) const {
    PointwiseLines lines;
    lines.begin = shape_.blockBegin(mostRows_, block);
    lines.count = shape_.blockBegin(mostRows_, block + 1) - lines.begin;
    lines.rows = lines.count * shape_.kernel[2];
    const int64_t ky = shape_.kernel[1];
    const int64_t width = shape_.size[2] * shape_.kernel[2];
    const int64_t height = shape_.size[1] * ky;
    int64_t channel = lines.begin / (ky * shape_.kernel[0]);
    int64_t z = lines.begin / ky % shape_.kernel[0];
    int64_t y = lines.begin % ky;
    for (int64_t i = 0; i < lines.count; ++i) {
      lines.channels[i] = static_cast<int>(channel);
      lines.offsets[i] = channel * to_.channelFloats + (z * height + y) * width;
      if (++y < ky) continue;
      y = 0;
      if (++z < shape_.kernel[0]) continue;
      z = 0;
      ++channel;
    }
    return lines;
  }

  /** Finishes the sums of `count` voxels, of some of the lines. */
  HWY_ATTR void write(const PointwiseLines& lines, Range some, const float* sums, int64_t sumFloats,
                      int64_t begin, int64_t count) const {
    const int64_t kx = shape_.kernel[2];
    const int64_t width = shape_.size[2];
    int64_t row = begin / width;
    int64_t x = begin - row * width;
    for (int64_t done = 0; done < count;) {
      int64_t piece = count - done < width - x ? count - done : width - x;
      if (kx > 2 && piece > kPiece) piece = kPiece;
      const int64_t z = row / shape_.size[1];
      const int64_t y = row - z * shape_.size[1];
      const int64_t first =
          ((z * shape_.kernel[0] * shape_.size[1] + y) * shape_.kernel[1] * width + x) * kx;
      for (int64_t i = some.begin; i < some.end; ++i) {
        const float* values = sums + i * kx * sumFloats + done;
        const int64_t at = first + lines.offsets[i];
        const float* const residual =
            to_.finish.residual != nullptr ? to_.finish.residual + at : nullptr;
        if (kx == 2) {
          finishPairs(values, values + sumFloats, piece, to_.finish, lines.channels[i], residual,
                      to_.output + at);
          continue;
        }
        HWY_ALIGN float alternating[kPiece * kConv3dPointwiseTaps];
        if (kx > 2) {
          interleave(values, sumFloats, kx, piece, alternating);
          values = alternating;
        }
        finishRow(values, piece * kx, to_.finish, lines.channels[i], residual, to_.output + at);
      }
      done += piece;
      x += piece;
      if (x == width) {
        x = 0;
        ++row;
      }
    }
  }

  /** Whether lines are pairs of rows whose vectors lie in one row of the input each, and so are two
   * whole lines of the cache in the output. */
  HWY_ATTR bool wholePairs() const { return wholePairs_; }

  /** Finishes sums of voxels from `begin` on, of wholePairs. */
  template <int Rows, int Vectors, class V>
  HWY_ATTR HWY_INLINE void writePairs(const PointwiseLines& lines, int64_t begin,
                                      V (&sums)[Rows][Vectors]) const {
    const hn::ScalableTag<float> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    const int64_t width = shape_.size[2];
    int64_t row = begin / width;
    int64_t x = begin - row * width;
    int64_t places[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      const int64_t z = row / shape_.size[1];
      const int64_t y = row - z * shape_.size[1];
      places[v] = ((z * shape_.kernel[0] * shape_.size[1] + y) * shape_.kernel[1] * width + x) * 2;
      x += lanes;
      if (x == width) {
        x = 0;
        ++row;
      }
    }
    const Finish& finish = to_.finish;
#pragma GCC unroll 4
    for (int i = 0; i < Rows / 2; ++i) {
      const V bias = hn::Set(d, finish.bias != nullptr ? finish.bias[lines.channels[i]] : 0.0f);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) {
        V pair[2];
        interleavePair(d, sums[2 * i][v], sums[2 * i + 1][v], pair[0], pair[1]);
#pragma GCC unroll 2
        for (int k = 0; k < 2; ++k) {
          const int64_t at = lines.offsets[i] + places[v] + k * lanes;
          finishVector(pair[k], bias, finish.residual != nullptr ? finish.residual + at : nullptr,
                       finish, finish.streams, to_.output + at);
        }
      }
    }
  }

 private:
  /** Most voxels of a line that are interleaved at once. */
  static constexpr int64_t kPiece = 128;

  const Conv3dPointwise& shape_;
  int64_t mostRows_;
  Rows to_;
  bool wholePairs_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
