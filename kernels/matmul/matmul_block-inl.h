// Blocks of a product in packed order, and the inner kernel: some rows by some vectors of columns,
// all in registers. Included after core/simd_begin.h, once an instruction set.
#include "core/parallel.h"
#include "matmul/matmul_tiling.h"
#include "voxkern/matmul.h"

#if defined(VK_MATMUL_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_MATMUL_BLOCK_INL_H
#undef VK_MATMUL_BLOCK_INL_H
#else
#define VK_MATMUL_BLOCK_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sums of kTileRows rows by kTileVectors vectors, the vectors of b and one value of a fit the
// registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kTileRows = 8;
#else
constexpr int kTileRows = 4;
#endif
constexpr int kTileVectors = 3;

HWY_ATTR inline int64_t tileColumns() {
  return kTileVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
}

/** to[i * width + line] = from[line * lineStride + i * depthStride], 0 for the lines up to width
 * that there are none of. */
HWY_ATTR inline void packPanel(const float* from, int64_t lineStride, int64_t depthStride,
                               int64_t lines, int64_t depth, float* to, int64_t width) {
  if (lineStride == 1 || lines == 1) {
    const hn::ScalableTag<float> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t i = 0; i < depth; ++i, from += depthStride, to += width) {
      int64_t line = 0;
      for (; line + lanes <= lines; line += lanes) {
        hn::StoreU(hn::LoadU(d, from + line), d, to + line);
      }
      for (; line < lines; ++line) to[line] = from[line];
      for (; line < width; ++line) to[line] = 0.0f;
    }
    return;
  }
  int64_t line = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d4;
  const hn::FixedTag<double, 2> d2;
  for (; line + 4 <= lines && depthStride == 1; line += 4) {
    const float* const rows = from + line * lineStride;
    int64_t i = 0;
    for (; i + 4 <= depth; i += 4) {
      const auto r0 = hn::LoadU(d4, rows + i);
      const auto r1 = hn::LoadU(d4, rows + i + lineStride);
      const auto r2 = hn::LoadU(d4, rows + i + 2 * lineStride);
      const auto r3 = hn::LoadU(d4, rows + i + 3 * lineStride);
      const auto low01 = hn::BitCast(d2, hn::InterleaveLower(d4, r0, r1));
      const auto low23 = hn::BitCast(d2, hn::InterleaveLower(d4, r2, r3));
      const auto high01 = hn::BitCast(d2, hn::InterleaveUpper(d4, r0, r1));
      const auto high23 = hn::BitCast(d2, hn::InterleaveUpper(d4, r2, r3));
      float* const at = to + i * width + line;
      hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, low01, low23)), d4, at);
      hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, low01, low23)), d4, at + width);
      hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, high01, high23)), d4, at + 2 * width);
      hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, high01, high23)), d4, at + 3 * width);
    }
    for (; i < depth; ++i) {
      for (int64_t r = 0; r < 4; ++r) to[i * width + line + r] = rows[r * lineStride + i];
    }
  }
#endif
  for (; line < lines; ++line) {
    for (int64_t i = 0; i < depth; ++i) {
      to[i * width + line] = from[line * lineStride + i * depthStride];
    }
  }
  for (; line < width; ++line) {
    for (int64_t i = 0; i < depth; ++i) to[i * width + line] = 0.0f;
  }
}

/** What becomes of the sums of a block of the depth. */
struct MatmulFinish {
  float alpha;
  float beta;
  /** At the first output of the tile; null for none, or after the first block of the depth. */
  const float* c;
  int64_t cRow;
  int64_t cColumn;
  /** Of an earlier block. */
  bool accumulates;
  vk_activation activation;
  float slope;
};

HWY_ATTR inline MatmulFinish finishOf(const MatmulArgs& args, int64_t cOffset) {
  MatmulFinish finish{};
  finish.alpha = static_cast<float>(args.alpha);
  finish.beta = static_cast<float>(args.beta);
  if (args.c != nullptr) finish.c = static_cast<const float*>(args.c) + cOffset;
  finish.cRow = args.cRow;
  finish.cColumn = args.cColumn;
  finish.activation = args.activation;
  finish.slope = static_cast<float>(args.negativeSlope);
  return finish;
}

template <class D, class V = hn::Vec<D>>
HWY_ATTR HWY_INLINE V matmulActivated(D d, V sum, const MatmulFinish& finish) {
  if (finish.activation == VK_ACTIVATION_NONE) return sum;
  const auto negative = hn::Lt(sum, hn::Zero(d));
  if (finish.activation == VK_ACTIVATION_RELU) return hn::IfThenZeroElse(negative, sum);
  return hn::IfThenElse(negative, hn::Mul(sum, hn::Set(d, finish.slope)), sum);
}

/** One vector of outputs (one lane for a tail) from its sums. */
template <class D>
HWY_ATTR HWY_INLINE void finishVector(D d, const float* sums, const float* c, int64_t cColumn,
                                      const MatmulFinish& finish, float* output) {
  auto sum = hn::Mul(hn::LoadU(d, sums), hn::Set(d, finish.alpha));
  if (finish.accumulates) sum = hn::Add(hn::LoadU(d, output), sum);
  if (c != nullptr) {
    const auto added = cColumn == 0 ? hn::Set(d, c[0]) : hn::LoadU(d, c);
    sum = hn::MulAdd(hn::Set(d, finish.beta), added, sum);
  }
  hn::StoreU(matmulActivated(d, sum, finish), d, output);
}

HWY_ATTR inline void finishTile(const float* sums, int64_t sumsPitch, int64_t rows, int64_t columns,
                                const MatmulFinish& finish, float* output, int64_t outputPitch) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < rows; ++row) {
    const float* const from = sums + row * sumsPitch;
    const float* const c = finish.c != nullptr ? finish.c + row * finish.cRow : nullptr;
    float* const to = output + row * outputPitch;
    int64_t i = 0;
    for (; i + lanes <= columns; i += lanes) {
      finishVector(d, from + i, c != nullptr ? c + i * finish.cColumn : nullptr, finish.cColumn,
                   finish, to + i);
    }
    for (; i < columns; ++i) {
      finishVector(one, from + i, c != nullptr ? c + i * finish.cColumn : nullptr, finish.cColumn,
                   finish, to + i);
    }
  }
}

/** sums[row][column] over the depth: a at a[row * aRow + i * aDepth], b at b[i * bPitch +
 * column]. */
template <int Rows, int Vectors>
HWY_ATTR HWY_NOINLINE void sumProducts(const float* a, int64_t aRow, int64_t aDepth, const float* b,
                                       int64_t bPitch, int64_t depth, float* result) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V sums[Rows][Vectors];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (int64_t i = 0; i < depth; ++i, a += aDepth, b += bPitch) {
    V columns[Vectors];
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) columns[v] = hn::LoadU(d, b + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const V value = hn::Set(d, a[r * aRow]);
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::MulAdd(columns[v], value, sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) hn::StoreU(sums[r][v], d, result + (r * Vectors + v) * lanes);
  }
}

using SumProducts = void(const float*, int64_t, int64_t, const float*, int64_t, int64_t, float*);

template <int Rows>
HWY_ATTR inline SumProducts* sumProductsOf(int64_t vectors) {
  return vectors == 1   ? sumProducts<Rows, 1>
         : vectors == 2 ? sumProducts<Rows, 2>
                        : sumProducts<Rows, 3>;
}

HWY_ATTR inline SumProducts* sumProductsOf(int64_t rows, int64_t vectors) {
  switch (rows) {
    case 1:
      return sumProductsOf<1>(vectors);
    case 2:
      return sumProductsOf<2>(vectors);
    case 3:
      return sumProductsOf<3>(vectors);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
    case 5:
      return sumProductsOf<5>(vectors);
    case 6:
      return sumProductsOf<6>(vectors);
    case 7:
      return sumProductsOf<7>(vectors);
    case 8:
      return sumProductsOf<8>(vectors);
#endif
    default:
      return sumProductsOf<4>(vectors);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
