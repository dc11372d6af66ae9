// Largest values of rows, and where they lie. A NaN is larger than every number; of equal values
// the first counts, of NaN the last, in the order of the volume. Included after pool_rows-inl.h,
// once an instruction set.
#include "pool/pool_rows-inl.h"

#if defined(VK_POOL_LARGEST_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_POOL_LARGEST_INL_H
#undef VK_POOL_LARGEST_INL_H
#else
#define VK_POOL_LARGEST_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Not hn::Ne, which is false for a NaN with some versions; nor hn::Max, which may drop it. */
template <class V>
HWY_ATTR auto isNan(V value) {
  return hn::Not(hn::Eq(value, value));
}

/** A kind for combineRows. */
struct Largest {
  static constexpr float kOutside = -__builtin_inff();
  template <class D>
  HWY_ATTR hn::Vec<D> load(D, hn::Vec<D> value) const {
    return value;
  }
  template <class D>
  HWY_ATTR hn::Vec<D> combine(D, hn::Vec<D> found, hn::Vec<D> value) const {
    return hn::IfThenElse(hn::Or(hn::Gt(value, found), isNan(value)), value, found);
  }
};

/** A tap is its plane in the high half and its row in the low half. Where there is no voxel there
 * is none; as it is the largest, every voxel comes before it. */
constexpr int32_t kNoTap = 0x7FFFFFFF;

/** values[x] and taps[x]: what is largest of all rows at x, and in which it lies; up to a vector
 * of none follows. Planes below 2^15, rows below 2^16. */
HWY_ATTR inline void findInRows(const TapRows& rows, int64_t width, float* values, int32_t* taps) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t x = 0; x < width; x += lanes) {
    const auto within = hn::FirstN(d, static_cast<size_t>(lanes < width - x ? lanes : width - x));
    auto found = hn::Set(d, Largest::kOutside);
    auto tap = hn::Set(di, kNoTap);
    for (int64_t z = 0; z < rows.planes; ++z) {
      for (int64_t y = 0; y < rows.rows; ++y) {
        const float* const from = rows.first + z * rows.planeStep + y * rows.rowStep + x;
        const auto value =
            x + lanes <= width ? hn::LoadU(d, from) : hn::MaskedLoad(within, d, from);
        // The first voxel is taken even where it is negative infinity.
        const auto first = hn::RebindMask(d, hn::Eq(tap, hn::Set(di, kNoTap)));
        const auto take = hn::Or(hn::Or(hn::Gt(value, found), isNan(value)), first);
        found = hn::IfThenElse(take, value, found);
        tap = hn::IfThenElse(hn::RebindMask(di, take),
                             hn::Set(di, static_cast<int32_t>(z << 16 | y)), tap);
      }
    }
    if (x + lanes > width) {
      found = hn::IfThenElse(within, found, hn::Set(d, Largest::kOutside));
      tap = hn::IfThenElse(hn::RebindMask(di, within), tap, hn::Set(di, kNoTap));
    }
    hn::StoreU(found, d, values + x);
    hn::StoreU(tap, di, taps + x);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
