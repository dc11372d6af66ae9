// Depthwise kernels in Winograd's domain where there are registers for all sums of three planes.
// Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_winograd_depthwise-inl.h"

#if defined(VK_CONV3D_WINOGRAD_DEPTHWISE_COLUMNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_DEPTHWISE_COLUMNS_INL_H
#undef VK_CONV3D_WINOGRAD_DEPTHWISE_COLUMNS_INL_H
#else
#define VK_CONV3D_WINOGRAD_DEPTHWISE_COLUMNS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Each vector of four rows goes through the planes with the sums of three of them in registers, so
 * that nothing but outputs is stored. What a plane of input is transformed to is not kept either,
 * but computed anew for each column of the kernel, with additions that go on beside the products.
 */
class WinogradDepthwiseColumns : public WinogradDepthwiseTask {
 public:
  HWY_ATTR WinogradDepthwiseColumns(const Conv3dArgs& args, const WinogradDepthwiseTiling&,
                                    const Conv3dTask& task, const float* zeros, float*)
      : WinogradDepthwiseTask(args, task, zeros) {}

  /** Four rows, from row y on, of some planes, from the task's z on. */
  HWY_ATTR void runTile(int64_t z, int64_t y, int planes) {
    beginTile(z, y, planes);
    for (int p = 0; p < planes + 2; ++p) input_.rowsAt<kValues>(z + p, y, from_[p]);
    alongRows(
        z, y, lanes(),
        [&](int64_t x, int64_t count, const Rows& rows)
            HWY_ATTR { runColumn<true>(x, count, rows); },
        [&](int64_t x, int64_t count, const Rows& rows)
            HWY_ATTR { runColumn<false>(x, count, rows); });
  }

 private:
  using Sums = WinogradVec[kValues];

  /** A vector of the rows; Whole if all of it is written. */
  template <bool Whole>
  HWY_ATTR HWY_NOINLINE void runColumn(int64_t x, int64_t count, Rows rows) const {
    const int64_t at = x - args_.paddingBegin[2];
    const hn::Mask<WinogradTag> inside[3] = {input_.inside(at), input_.inside(at + 1),
                                             input_.inside(at + 2)};
    // Of the plane that is complete with this one of input, and the next two.
    Sums complete, second, third;
    addPlane<0, 1>(0, at, inside, complete, complete, second);
    addPlane<0, 2>(1, at, inside, complete, second, third);
    for (int p = 0; p < planes_; ++p) {
#pragma GCC unroll 6
      for (int k = 0; k < kValues; ++k) {
        complete[k] = second[k];
        second[k] = third[k];
      }
      fetchAhead(p, x, 1);
      if (p + 2 < planes_) {
        addPlane<0, 3>(p + 2, at, inside, complete, second, third);
      } else if (p + 1 < planes_) {
        addPlane<1, 3>(p + 2, at, inside, complete, second, third);
      } else {
        addPlane<2, 3>(p + 2, at, inside, complete, second, third);
      }
      WinogradVec outputs[kRows];
      transformSums<kRows>(complete, 1, outputs);
      finishVectors<kRows, Whole>(outputs, x, 0, count, streams_, rows);
      nextPlane(rows);
    }
  }

  /** Adds what a plane of input gives by the kernel's planes Begin to End, the first of which
   * begins the sums of a plane. */
  template <int Begin, int End>
  HWY_ATTR HWY_INLINE void addPlane(int plane, int64_t at, const hn::Mask<WinogradTag>* inside,
                                    Sums& complete, Sums& second, Sums& third) const {
#pragma GCC unroll 3
    for (int column = 0; column < 3; ++column) {
      WinogradVec rows[kValues], values[kValues];
#pragma GCC unroll 6
      for (int r = 0; r < kValues; ++r) {
        rows[r] = input_.load(inside[column], from_[plane][r], at + column);
      }
      transformInputs<kRows>(rows, 1, values);
      const float* const weights = weights_ + column;
#pragma GCC unroll 6
      for (int k = 0; k < kValues; ++k) {
        if (End > 2) addProduct(values[k], weights + k * 9 + 6, complete[k]);
        if (Begin <= 1 && End > 1) addProduct(values[k], weights + k * 9 + 3, second[k]);
        if (Begin > 0) continue;
        if (column == 0) {
          third[k] = hn::Mul(values[k], hn::Set(WinogradTag(), weights[k * 9]));
        } else {
          addProduct(values[k], weights + k * 9, third[k]);
        }
      }
    }
  }

  /** Left to itself, the compiler writes sums over the values, which it then has to copy. */
  HWY_ATTR HWY_INLINE static void addProduct(WinogradVec value, const float* weight,
                                             WinogradVec& sum) {
#if HWY_TARGET == HWY_AVX3
    asm("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum.raw) : "v"(value.raw), "m"(*weight));
#else
    sum = hn::MulAdd(value, hn::Set(WinogradTag(), *weight), sum);
#endif
  }

  /** The rows that a tile needs. */
  const float* from_[kMostPlanes + 2][kValues];
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
