// Products with few rows or few columns, bound by reading the other operand: it is read once, in
// the order in which it lies in memory, and not packed. Included after core/simd_begin.h, once an
// instruction set.
#include "matmul/matmul_block-inl.h"

#if defined(VK_MATMUL_FEW_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_MATMUL_FEW_INL_H
#undef VK_MATMUL_FEW_INL_H
#else
#define VK_MATMUL_FEW_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Most lines of the few: of products that are sums of lines, or dot products. */
constexpr int64_t kFewWeighted = 4;
constexpr int64_t kFewDots = 8;
/** Most depth at which the few are copied, where their depth is not contiguous. */
constexpr int64_t kFewCopied = 512;
/** Lines of the large operand that a task takes. */
constexpr int64_t kFewColumns = 1024;

/** The product with the operand of few lines first, whichever that is. */
struct FewProduct {
  int64_t lines;
  int64_t many;
  int64_t depth;
  int64_t fewLine;
  int64_t fewDepth;
  int64_t manyLine;
  int64_t manyDepth;
  /** Few are columns of the output, not rows. */
  bool exchanged;
};

HWY_ATTR inline FewProduct fewProduct(const MatmulArgs& args) {
  if (args.m <= args.n) {
    return {args.m, args.n, args.k, args.aRow, args.aDepth, args.bColumn, args.bDepth, false};
  }
  return {args.n, args.m, args.k, args.bColumn, args.bDepth, args.aRow, args.aDepth, true};
}

/** Whether the paths of this file take the product. */
HWY_ATTR inline bool isFew(const MatmulArgs& args) {
  if (args.packed != nullptr) return false;
  const FewProduct product = fewProduct(args);
  if (product.depth == 0) return false;
  if (product.manyDepth != 1) return product.manyLine == 1 && product.lines <= kFewWeighted;
  return product.lines <= kFewDots && (product.fewDepth == 1 || product.depth <= kFewCopied);
}

/** sums[line * pitch + j] of Many lines whose depth is contiguous, as is that of the few. */
template <int Lines, int Many>
HWY_ATTR inline void dots(const float* few, int64_t fewLine, const float* many, int64_t manyLine,
                          int64_t depth, float* sums, int64_t pitch) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V dot[Lines][Many];
#pragma GCC unroll 8
  for (int l = 0; l < Lines; ++l) {
#pragma GCC unroll 4
    for (int j = 0; j < Many; ++j) dot[l][j] = hn::Zero(d);
  }
  int64_t i = 0;
  for (; i + lanes <= depth; i += lanes) {
    V values[Many];
#pragma GCC unroll 4
    for (int j = 0; j < Many; ++j) values[j] = hn::LoadU(d, many + j * manyLine + i);
#pragma GCC unroll 8
    for (int l = 0; l < Lines; ++l) {
      const V value = hn::LoadU(d, few + l * fewLine + i);
#pragma GCC unroll 4
      for (int j = 0; j < Many; ++j) dot[l][j] = hn::MulAdd(values[j], value, dot[l][j]);
    }
  }
#pragma GCC unroll 8
  for (int l = 0; l < Lines; ++l) {
#pragma GCC unroll 4
    for (int j = 0; j < Many; ++j) {
      float sum = hn::GetLane(hn::SumOfLanes(d, dot[l][j]));
      for (int64_t rest = i; rest < depth; ++rest) {
        sum += few[l * fewLine + rest] * many[j * manyLine + rest];
      }
      sums[l * pitch + j] = sum;
    }
  }
}

template <int Lines>
HWY_ATTR HWY_NOINLINE void dotProducts(const FewProduct& product, const float* few,
                                       const float* many, int64_t count, float* sums) {
  constexpr int kMany = Lines <= kTileRows / 2 ? 4 : Lines <= kTileRows ? 2 : 1;
  int64_t j = 0;
  for (; j + kMany <= count; j += kMany) {
    dots<Lines, kMany>(few, product.fewLine, many + j * product.manyLine, product.manyLine,
                       product.depth, sums + j, kFewColumns);
  }
  for (; j < count; ++j) {
    dots<Lines, 1>(few, product.fewLine, many + j * product.manyLine, product.manyLine,
                   product.depth, sums + j, kFewColumns);
  }
}

using DotProducts = void(const FewProduct&, const float*, const float*, int64_t, float*);
constexpr DotProducts* kDotProducts[kFewDots] = {dotProducts<1>, dotProducts<2>, dotProducts<3>,
                                                 dotProducts<4>, dotProducts<5>, dotProducts<6>,
                                                 dotProducts<7>, dotProducts<8>};

/** sums[j] += few[0] many[j] + few[fewDepth] many[manyDepth + j] + ... of `Depth` lines. */
template <int Depth>
HWY_ATTR inline void addLines(const float* few, int64_t fewDepth, const float* many,
                              int64_t manyDepth, int64_t count, float* sums) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    auto sum = hn::LoadU(d, sums + j);
#pragma GCC unroll 8
    for (int i = 0; i < Depth; ++i) {
      sum = hn::MulAdd(hn::LoadU(d, many + i * manyDepth + j), hn::Set(d, few[i * fewDepth]), sum);
    }
    hn::StoreU(sum, d, sums + j);
  }
  for (; j < count; ++j) {
    auto sum = hn::LoadU(one, sums + j);
    for (int i = 0; i < Depth; ++i) {
      sum = hn::MulAdd(hn::LoadU(one, many + i * manyDepth + j), hn::Set(one, few[i * fewDepth]),
                       sum);
    }
    hn::StoreU(sum, one, sums + j);
  }
}

HWY_ATTR inline void weightedSums(const FewProduct& product, const float* few, const float* many,
                                  int64_t count, float* sums) {
  for (int64_t line = 0; line < product.lines; ++line) {
    for (int64_t j = 0; j < count; ++j) sums[line * kFewColumns + j] = 0.0f;
  }
  int64_t i = 0;
  for (; i + 8 <= product.depth; i += 8) {
    for (int64_t line = 0; line < product.lines; ++line) {
      addLines<8>(few + line * product.fewLine + i * product.fewDepth, product.fewDepth,
                  many + i * product.manyDepth, product.manyDepth, count,
                  sums + line * kFewColumns);
    }
  }
  for (; i < product.depth; ++i) {
    for (int64_t line = 0; line < product.lines; ++line) {
      addLines<1>(few + line * product.fewLine + i * product.fewDepth, product.fewDepth,
                  many + i * product.manyDepth, product.manyDepth, count,
                  sums + line * kFewColumns);
    }
  }
}

/** Lines [begin, begin + count) of the large operand, at most kFewColumns. */
HWY_ATTR inline void fewLines(const MatmulArgs& args, const FewProduct& product,
                              const MatmulOffsets& offsets, const MatmulFinish& finish,
                              int64_t begin, int64_t count) {
  const float* const a = static_cast<const float*>(args.a) + offsets.a;
  const float* const b = static_cast<const float*>(args.b) + offsets.b;
  const float* few = product.exchanged ? b : a;
  const float* const many = (product.exchanged ? a : b) + begin * product.manyLine;
  HWY_ALIGN float sums[kFewDots * kFewColumns];
  HWY_ALIGN float copied[kFewDots * kFewCopied];
  if (product.manyDepth != 1) {
    weightedSums(product, few, many, count, sums);
  } else {
    FewProduct contiguous = product;
    if (product.fewDepth != 1) {
      for (int64_t line = 0; line < product.lines; ++line) {
        for (int64_t i = 0; i < product.depth; ++i) {
          copied[line * kFewCopied + i] = few[line * product.fewLine + i * product.fewDepth];
        }
      }
      few = copied;
      contiguous.fewLine = kFewCopied;
    }
    kDotProducts[product.lines - 1](contiguous, few, many, count, sums);
  }
  float* const output = static_cast<float*>(args.output) + offsets.output;
  const int64_t column = product.exchanged ? 0 : begin;
  const int64_t row = product.exchanged ? begin : 0;
  MatmulFinish here = finish;
  if (here.c != nullptr) here.c += row * args.cRow + column * args.cColumn;
  if (!product.exchanged) {
    finishTile(sums, kFewColumns, product.lines, count, here, output + column, args.n);
    return;
  }
  if (product.lines == 1 && (here.c == nullptr || here.cRow <= 1)) {
    here.cColumn = here.cRow;
    finishTile(sums, kFewColumns, 1, count, here, output + row, args.m);
    return;
  }
  HWY_ALIGN float rowSums[kFewDots];
  for (int64_t j = 0; j < count; ++j) {
    for (int64_t line = 0; line < product.lines; ++line) {
      rowSums[line] = sums[line * kFewColumns + j];
    }
    MatmulFinish ofRow = here;
    if (ofRow.c != nullptr) ofRow.c += j * args.cRow;
    finishTile(rowSums, 0, 1, product.lines, ofRow, output + (row + j) * args.n, 0);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
