// Sums of rows. Included after core/simd_begin.h, once an instruction set.
#include "pool/pool_rows-inl.h"

#if defined(VK_POOL_SUM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_POOL_SUM_INL_H
#undef VK_POOL_SUM_INL_H
#else
#define VK_POOL_SUM_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** A kind for combineRows. */
struct Sum {
  static constexpr float kOutside = 0;
  template <class D>
  HWY_ATTR hn::Vec<D> load(D, hn::Vec<D> value) const {
    return value;
  }
  template <class D>
  HWY_ATTR hn::Vec<D> combine(D, hn::Vec<D> sum, hn::Vec<D> value) const {
    return hn::Add(sum, value);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
