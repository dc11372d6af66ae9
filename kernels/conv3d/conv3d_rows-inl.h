// Convolutions of one output channel a group whose kernel has three rows, depthwise ones foremost:
// several rows of output together, so that an input row is loaded once for up to three of them, and
// straight from the input. Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"

#if defined(VK_CONV3D_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_ROWS_INL_H
#undef VK_CONV3D_ROWS_INL_H
#else
#define VK_CONV3D_ROWS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Most vectors of each row that are computed together. */
constexpr int kRowVectors = 2;

/** Runs one task. */
class RowsConvolution {
 public:
  /** `pointers`, conv3dRowPointers of them, is scratch memory; `zeros` is an input row of zeros. */
  HWY_ATTR RowsConvolution(const Conv3dArgs& args, const Conv3dTask& task, const float** pointers,
                           const float* zeros)
      : args_(args), task_(task), pointers_(pointers), zeros_(zeros) {
    inVoxels_ = args.inSize[0] * args.inSize[1] * args.inSize[2];
    input_ = static_cast<const float*>(args.input) +
             (task.image * args.groups + task.group) * args.inChannels * inVoxels_;
    weights_ =
        static_cast<const float*>(args.packed) + task.group * args.inChannels * conv3dTaps(args);
    rows_ = rowsOf(args, task, 0, 0, 0);
    rows_.finish.streams = conv3dStreams(args);
  }

  HWY_ATTR void run() {
    const int64_t step = args_.dilation[1];
    // Rows whose input, of all planes of the kernel, stays in the second-level cache.
    const int64_t rowBytes =
        args_.inChannels * args_.kernel[0] * args_.inSize[2] * static_cast<int64_t>(sizeof(float));
    const int64_t most = kBandBytes / (rowBytes + 1) / kConv3dMostRows * kConv3dMostRows;
    const int64_t band = (most > kConv3dMostRows ? most : kConv3dMostRows) * step;
    for (int64_t lattice = 0; lattice < step && lattice < args_.outSize[1]; ++lattice) {
      for (int64_t begin = lattice; begin < args_.outSize[1]; begin += band) {
        const int64_t end = begin + band < args_.outSize[1] ? begin + band : args_.outSize[1];
        for (int64_t z = task_.plane; z < task_.plane + task_.planes; ++z) {
          for (int64_t y = begin; y < end; y += kConv3dMostRows * step) {
            const int64_t left = chunkCount(end - y, step);
            computeRows(z, y, left < kConv3dMostRows ? left : kConv3dMostRows);
          }
        }
      }
    }
    if (rows_.finish.streams) hwy::FlushStream();
  }

 private:
  static constexpr int kRows = static_cast<int>(kConv3dMostRows);
  static constexpr int64_t kBandBytes = 384 * 1024;

  static HWY_ATTR int64_t lanes() {
    return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  }

  /** Output rows y, y + dilation, ... */
  HWY_ATTR void computeRows(int64_t z, int64_t y, int64_t count) {
    pointAt(z, y, count);
    const int64_t width = args_.outSize[2];
    const int64_t reach = (args_.kernel[2] - 1) * args_.dilation[2];
    const int64_t place = (z * args_.outSize[1] + y) * width;
    for (int64_t x = 0; x < width;) {
      const int64_t vectors = width - x > lanes() ? kRowVectors : 1;
      const int64_t end = x + vectors * lanes() < width ? x + vectors * lanes() : width;
      const int64_t first = x - args_.paddingBegin[2];
      const bool inside = first >= 0 && first + reach + vectors * lanes() <= args_.inSize[2];
      HWY_ALIGN float sums[kRows * kRowVectors * hn::MaxLanes(hn::ScalableTag<float>())];
      if (vectors == 1) {
        inside ? sumRows<1, true>(first, sums) : sumRows<1, false>(first, sums);
      } else {
        inside ? sumRows<kRowVectors, true>(first, sums) : sumRows<kRowVectors, false>(first, sums);
      }
      for (int64_t r = 0; r < count; ++r) {
        const int64_t at = place + r * args_.dilation[1] * width + x;
        finishRow(sums + r * vectors * lanes(), end - x, rows_.finish, 0,
                  rows_.finish.residual != nullptr ? rows_.finish.residual + at : nullptr,
                  rows_.output + at);
      }
      x = end;
    }
  }

  /** Points at the input rows of `count` output rows: [input channel][kernel plane][row]. */
  HWY_ATTR void pointAt(int64_t z, int64_t y, int64_t count) {
    const float** to = pointers_;
    for (int64_t channel = 0; channel < args_.inChannels; ++channel) {
      const float* const volume = input_ + channel * inVoxels_;
      for (int64_t k = 0; k < args_.kernel[0]; ++k) {
        const int64_t inZ = z * args_.stride[0] + k * args_.dilation[0] - args_.paddingBegin[0];
        for (int64_t r = 0; r < kRows + 2; ++r) {
          const int64_t inY = y + r * args_.dilation[1] - args_.paddingBegin[1];
          const bool inside = inZ >= 0 && inZ < args_.inSize[0] && inY >= 0 &&
                              inY < args_.inSize[1] && r < count + 2;
          *to++ = inside ? volume + (inZ * args_.inSize[1] + inY) * args_.inSize[2] : zeros_;
        }
      }
    }
  }

  /** Sums [row][vector] that begin with input voxel `first` of the rows pointed at; zeros are read
   * outside the row. */
  template <int Vectors, bool Inside>
  HWY_ATTR HWY_NOINLINE void sumRows(int64_t first, float* to) const {
    const hn::ScalableTag<float> d;
    using V = hn::Vec<decltype(d)>;
    V sums[kRows][Vectors];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::Zero(d);
    }
    const int64_t planes = args_.inChannels * args_.kernel[0];
    const int64_t width = args_.kernel[2];
    const float* weights = weights_;
    const float* const* rows = pointers_;
    for (int64_t plane = 0; plane < planes; ++plane, weights += 3 * width, rows += kRows + 2) {
      for (int64_t t = 0; t < width; ++t) {
        const V weight[3] = {hn::Set(d, weights[t]), hn::Set(d, weights[t + width]),
                             hn::Set(d, weights[t + 2 * width])};
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) {
          const int64_t at = first + t * args_.dilation[2] + v * lanes();
          V voxels[kRows + 2];
#pragma GCC unroll 8
          for (int r = 0; r < kRows + 2; ++r) voxels[r] = load<Inside>(rows[r], at);
#pragma GCC unroll 4
          for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 4
            for (int r = 0; r < kRows; ++r) {
              sums[r][v] = hn::MulAdd(voxels[r + k], weight[k], sums[r][v]);
            }
          }
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) hn::Store(sums[r][v], d, to + (r * Vectors + v) * lanes());
    }
  }

  /** A vector of a row, and zeros where it reaches beyond it: masks that keep loads from reading
   * there are an x86 feature. */
  template <bool Inside>
  HWY_ATTR HWY_INLINE hn::Vec<hn::ScalableTag<float>> load(const float* row, int64_t at) const {
    const hn::ScalableTag<float> d;
    if constexpr (Inside) return hn::LoadU(d, row + at);
    const int64_t before = at < 0 ? -at : 0;
    const int64_t rest = args_.inSize[2] - at;
    if (before >= lanes() || rest <= 0) return hn::Zero(d);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    const auto outside = hn::FirstN(d, static_cast<size_t>(before));
    const auto until = hn::FirstN(d, static_cast<size_t>(rest < lanes() ? rest : lanes()));
    return hn::MaskedLoad(hn::AndNot(outside, until), d, row + at);
#else
    HWY_ALIGN float values[hn::MaxLanes(hn::ScalableTag<float>())];
    for (int64_t i = 0; i < lanes(); ++i) values[i] = i < before || i >= rest ? 0 : row[at + i];
    return hn::Load(d, values);
#endif
  }

  const Conv3dArgs& args_;
  const Conv3dTask& task_;
  const float** pointers_;
  const float* zeros_;
  const float* input_;
  const float* weights_;
  int64_t inVoxels_;
  Rows rows_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
