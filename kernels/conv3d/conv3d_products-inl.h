// The inner kernel of the gradient of weights: some upstream channels by some shifted inputs, their
// products summed over a box of voxels in registers. Included after core/simd_begin.h, once an
// instruction set.
#include "conv3d/conv3d_gradient_weights.h"
#include "core/parallel.h"

#if defined(VK_CONV3D_PRODUCTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_PRODUCTS_INL_H
#undef VK_CONV3D_PRODUCTS_INL_H
#else
#define VK_CONV3D_PRODUCTS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sums, one vector of each upstream channel and one of an input fit the registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kMostUpstreams = 4;
constexpr int kMostInputs = 6;
#else
constexpr int kMostUpstreams = 3;
constexpr int kMostInputs = 3;
#endif

/** Input and upstream of some planes by some rows, in scratch memory. */
struct Box {
  const float* band;
  /** Planes of the input lie at planeTaps[plane tapsOfPlane], those of output planes planeStep
   * apart. */
  const int64_t* planeTaps;
  int64_t tapsOfPlane;
  int64_t planeStep;
  int64_t inputRow;
  const float* upstream;
  int64_t upstreamChannel;
  int64_t upstreamPlane;
  int64_t upstreamRow;
  int64_t planes;
  /** Runs of `length` positions a plane: its rows, or all as one long row. */
  int64_t runs;
  int64_t length;
};

using ProductTag = hn::ScalableTag<float>;
using ProductVec = hn::Vec<ProductTag>;

/** The sum of the lanes of each vector. Halves their number until one lane of each is left: pairs
 * of lanes are added, and what is left of two vectors becomes one. */
template <int Count, size_t LanesEach>
HWY_ATTR HWY_INLINE void sumLanes(const ProductVec* vectors, float* sums) {
  const ProductTag d;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (LanesEach > 1) {
    constexpr int kHalf = (Count + 1) / 2;
    ProductVec halves[kHalf];
#pragma GCC unroll 16
    for (int i = 0; i < kHalf; ++i) {
      const ProductVec a = vectors[2 * i];
      const ProductVec b = vectors[2 * i + 1 < Count ? 2 * i + 1 : 2 * i];
      halves[i] = hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
    }
    sumLanes<kHalf, LanesEach / 2>(halves, sums);
    return;
  }
#endif
#pragma GCC unroll 32
  for (int i = 0; i < Count; ++i) hn::StoreU(vectors[i], d, sums + i * int(hn::MaxLanes(d)));
}

/** Adds to sums[o sumFloats + n] the products of upstream channel firstUpstream + o and input n. */
template <int Upstreams, int Inputs>
HWY_ATTR HWY_NOINLINE void addProducts(const Box& box, int64_t firstUpstream,
                                       const Conv3dShiftedInput* inputs, float* sums,
                                       int64_t sumFloats) {
  const ProductTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  ProductVec products[Upstreams * Inputs];
#pragma GCC unroll 32
  for (int i = 0; i < Upstreams * Inputs; ++i) products[i] = hn::Zero(d);
  const int64_t whole = box.length / lanes * lanes;
  const auto rest = hn::FirstN(d, static_cast<size_t>(box.length - whole));
  for (int64_t plane = 0; plane < box.planes; ++plane) {
    const float* input[Inputs];
#pragma GCC unroll 8
    for (int n = 0; n < Inputs; ++n) {
      const int64_t tap = (plane * box.planeStep + inputs[n].plane) * box.tapsOfPlane;
      input[n] = box.band + box.planeTaps[tap] + inputs[n].offset;
    }
    const float* upstream =
        box.upstream + firstUpstream * box.upstreamChannel + plane * box.upstreamPlane;
    for (int64_t run = 0; run < box.runs; ++run, upstream += box.upstreamRow) {
      for (int64_t x = 0; x < whole; x += lanes) {
        ProductVec u[Upstreams];
#pragma GCC unroll 8
        for (int o = 0; o < Upstreams; ++o) {
          u[o] = hn::LoadU(d, upstream + o * box.upstreamChannel + x);
        }
#pragma GCC unroll 8
        for (int n = 0; n < Inputs; ++n) {
          const ProductVec voxels = hn::LoadU(d, input[n] + x);
#pragma GCC unroll 8
          for (int o = 0; o < Upstreams; ++o) {
            products[o * Inputs + n] = hn::MulAdd(u[o], voxels, products[o * Inputs + n]);
          }
        }
      }
      if (whole < box.length) {
        ProductVec u[Upstreams];
#pragma GCC unroll 8
        for (int o = 0; o < Upstreams; ++o) {
          u[o] = hn::MaskedLoad(rest, d, upstream + o * box.upstreamChannel + whole);
        }
#pragma GCC unroll 8
        for (int n = 0; n < Inputs; ++n) {
          const ProductVec voxels = hn::MaskedLoad(rest, d, input[n] + whole);
#pragma GCC unroll 8
          for (int o = 0; o < Upstreams; ++o) {
            products[o * Inputs + n] = hn::MulAdd(u[o], voxels, products[o * Inputs + n]);
          }
        }
      }
#pragma GCC unroll 8
      for (int n = 0; n < Inputs; ++n) input[n] += box.inputRow;
    }
  }
  HWY_ALIGN float totals[Upstreams * Inputs + hn::MaxLanes(d)];
  sumLanes<Upstreams * Inputs, hn::MaxLanes(d)>(products, totals);
#pragma GCC unroll 8
  for (int o = 0; o < Upstreams; ++o) {
    for (int n = 0; n < Inputs; ++n) sums[o * sumFloats + n] += totals[o * Inputs + n];
  }
}

using AddProducts = void(const Box&, int64_t, const Conv3dShiftedInput*, float*, int64_t);

template <int Upstreams, int Inputs>
constexpr AddProducts* addProductsOrNull() {
  if constexpr (Upstreams <= kMostUpstreams && Inputs <= kMostInputs) {
    return addProducts<Upstreams, Inputs>;
  } else {
    return nullptr;
  }
}

#define VK_CONV3D_ROW(O)                                                                \
  {                                                                                     \
    addProductsOrNull<O, 1>(), addProductsOrNull<O, 2>(), addProductsOrNull<O, 3>(),    \
        addProductsOrNull<O, 4>(), addProductsOrNull<O, 5>(), addProductsOrNull<O, 6>() \
  }
constexpr AddProducts* kAddProducts[4][6] = {VK_CONV3D_ROW(1), VK_CONV3D_ROW(2), VK_CONV3D_ROW(3),
                                             VK_CONV3D_ROW(4)};
#undef VK_CONV3D_ROW

/** The sum of an upstream channel over the box. */
HWY_ATTR inline float sumUpstream(const Box& box, int64_t channel) {
  const ProductTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t whole = box.length / lanes * lanes;
  const auto rest = hn::FirstN(d, static_cast<size_t>(box.length - whole));
  ProductVec sum = hn::Zero(d);
  for (int64_t plane = 0; plane < box.planes; ++plane) {
    const float* upstream =
        box.upstream + channel * box.upstreamChannel + plane * box.upstreamPlane;
    for (int64_t run = 0; run < box.runs; ++run, upstream += box.upstreamRow) {
      for (int64_t x = 0; x < whole; x += lanes) sum = hn::Add(sum, hn::LoadU(d, upstream + x));
      if (whole < box.length) sum = hn::Add(sum, hn::MaskedLoad(rest, d, upstream + whole));
    }
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
