// Depthwise kernels in Winograd's domain with sixteen registers. Included after core/simd_begin.h,
// once an instruction set.
#include "conv3d/conv3d_winograd_depthwise-inl.h"

#if defined(VK_CONV3D_WINOGRAD_DEPTHWISE_VALUES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_DEPTHWISE_VALUES_INL_H
#undef VK_CONV3D_WINOGRAD_DEPTHWISE_VALUES_INL_H
#else
#define VK_CONV3D_WINOGRAD_DEPTHWISE_VALUES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** The input of a tile is transformed; then some vectors of a row after the other go through the
 * planes, one value after the other, with its weights and its sums of three planes in registers. */
class WinogradDepthwiseValues : public WinogradDepthwiseTask {
 public:
  HWY_ATTR WinogradDepthwiseValues(const Conv3dArgs& args, const WinogradDepthwiseTiling& tiling,
                                   const Conv3dTask& task, const float* zeros, float* scratch)
      : WinogradDepthwiseTask(args, task, zeros),
        t_(tiling),
        values_(scratch),
        sums_(scratch + tiling.valueFloats) {
    // Also what stands for the padding along x, which nothing else writes.
    fillZero(values_, tiling.valueFloats);
  }

  /** Four rows, from row y on, of some planes, from the task's z on. */
  HWY_ATTR void runTile(int64_t z, int64_t y, int planes) {
    beginTile(z, y, planes);
    for (int p = 0; p < planes + 2; ++p) transformPlane(z, y, p);
    alongRows(
        z, y, kVectors * lanes(),
        [&](int64_t x, int64_t count, const Rows& rows)
            HWY_ATTR { runVectors<kVectors, true>(x, count, rows); },
        [&](int64_t x, int64_t count, const Rows& rows)
            HWY_ATTR { runVectors<1, false>(x, count, rows); });
  }

 private:
  static constexpr int kVectors = static_cast<int>(kWinogradDepthwiseVectors);

  /** Of the plane that the next one of input completes, and the two after it. */
  template <int Vectors>
  using Sums = WinogradVec[3][Vectors];

  HWY_ATTR HWY_NOINLINE void transformPlane(int64_t z, int64_t y, int plane) const {
    const float* rows[kValues];
    input_.rowsAt<kValues>(z + plane, y, rows);
    float* const to = values_ + plane * planeFloats() + t_.lead;
    int64_t x = 0;
    // Copies, which would be read anew after each store.
    const int64_t columns = t_.columns;
    const int64_t step = valueFloats();
    for (; x + lanes() <= columns; x += lanes()) transform<true>(rows, x, to + x, step);
    if (x < columns) transform<false>(rows, x, to + x, step);
  }

  /** A vector of the rows of a plane; Whole if all of it lies in the rows. */
  template <bool Whole>
  HWY_ATTR HWY_INLINE void transform(const float* const* from, int64_t x, float* to,
                                     int64_t step) const {
    const WinogradTag d;
    WinogradVec rows[kValues], values[kValues];
#pragma GCC unroll 6
    for (int r = 0; r < kValues; ++r) {
      rows[r] = Whole ? hn::LoadU(d, from[r] + x) : input_.load(input_.inside(x), from[r], x);
    }
    transformInputs<kRows>(rows, 1, values);
#pragma GCC unroll 6
    for (int k = 0; k < kValues; ++k) hn::StoreU(values[k], d, to + k * step);
  }

  /** From a value of a plane to the next one. */
  HWY_ATTR int64_t valueFloats() const { return t_.pitch; }
  /** From a plane to the next one. */
  HWY_ATTR int64_t planeFloats() const { return kValues * t_.pitch; }

  /** Some vectors of the rows of a tile; Whole if all of them are written. */
  template <int Vectors, bool Whole>
  HWY_ATTR HWY_NOINLINE void runVectors(int64_t x, int64_t count, Rows rows) const {
    const WinogradTag d;
    const float* const from = values_ + t_.lead - args_.paddingBegin[2] + x;
    for (int k = 0; k < kValues; ++k) {
      for (int p = k; p < planes_; p += kValues) fetchAhead(p, x, Vectors);
      addPlanes<Vectors>(from + k * valueFloats(), weights_ + k * 9, sumsOf<Vectors>(0, k));
    }
    for (int p = 0; p < planes_; ++p) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        WinogradVec sums[kValues], outputs[kRows];
#pragma GCC unroll 6
        for (int k = 0; k < kValues; ++k) {
          sums[k] = hn::Load(d, sumsOf<Vectors>(p, k) + v * lanes());
        }
        transformSums<kRows>(sums, 1, outputs);
        finishVectors<kRows, Whole>(outputs, x + v * lanes(), 0, count, streams_, rows);
      }
      nextPlane(rows);
    }
  }

  template <int Vectors>
  HWY_ATTR float* sumsOf(int plane, int k) const {
    return sums_ + (plane * kValues + k) * Vectors * lanes();
  }

  /** A value's sums of all planes. */
  template <int Vectors>
  HWY_ATTR HWY_INLINE void addPlanes(const float* values, const float* packed, float* to) const {
    const WinogradTag d;
    WinogradVec weights[9];
#pragma GCC unroll 9
    for (int i = 0; i < 9; ++i) weights[i] = hn::Set(d, packed[i]);
    // Copies, which would be read anew after each store.
    const int64_t step = planeFloats();
    const int planes = planes_;
    Sums<Vectors> sums;
    addPlane<0, 1>(values, weights, sums);
    shift(sums);
    addPlane<0, 2>(values += step, weights, sums);
    for (int p = 2; p < planes; ++p) {
      shift(sums);
      addPlane<0, 3>(values += step, weights, sums);
      to = storePlane(sums, to);
    }
    if (planes > 1) {
      shift(sums);
      addPlane<1, 3>(values += step, weights, sums);
      to = storePlane(sums, to);
    }
    shift(sums);
    addPlane<2, 3>(values += step, weights, sums);
    storePlane(sums, to);
  }

  template <int Vectors>
  HWY_ATTR HWY_INLINE static float* storePlane(const Sums<Vectors>& sums, float* to) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) hn::Store(sums[0][v], WinogradTag(), to + v * lanes());
    return to + kValues * Vectors * lanes();
  }

  template <int Vectors>
  HWY_ATTR HWY_INLINE static void shift(Sums<Vectors>& sums) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      sums[0][v] = sums[1][v];
      sums[1][v] = sums[2][v];
    }
  }

  /** Adds what a plane gives by the kernel's planes Begin to End, the first of which begins the
   * sums of a new plane. */
  template <int Begin, int End, int Vectors>
  HWY_ATTR HWY_INLINE static void addPlane(const float* values, const WinogradVec* weights,
                                           Sums<Vectors>& sums) {
    const WinogradTag d;
#pragma GCC unroll 3
    for (int tap = 0; tap < 3; ++tap) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        WinogradVec value = hn::LoadU(d, values + tap + v * lanes());
        // Or each product would load it anew, and most lie across lines of the cache.
        settle(value);
#pragma GCC unroll 3
        for (int z = Begin; z < End; ++z) {
          WinogradVec& sum = sums[2 - z][v];
          const WinogradVec weight = weights[z * 3 + tap];
          sum = z == 0 && tap == 0 ? hn::Mul(value, weight) : hn::MulAdd(value, weight, sum);
        }
      }
    }
  }

  /** Keeps the compiler from loading a vector anew. */
  HWY_ATTR HWY_INLINE static void settle(WinogradVec& vector) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    asm("" : "+v"(vector.raw));
#else
    (void)vector;
#endif
  }

  const WinogradDepthwiseTiling& t_;
  /** Of a tile: [plane][value][pitch]. */
  float* values_;
  /** Of some vectors: [plane][value][vector]. */
  float* sums_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
