// Sums over box windows, slid over one tile: along z in place, along y from row to row, and along x
// when a row of windows is complete. Included by the lncc kernel once an instruction set.
#if defined(VK_LNCC_WINDOWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_LNCC_WINDOWS_INL
#undef VK_LNCC_WINDOWS_INL
#else
#define VK_LNCC_WINDOWS_INL
#endif

#include <hwy/highway.h>

#include "lncc/lncc_layout.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

HWY_INLINE int64_t lanes() { return static_cast<int64_t>(hn::Lanes(D())); }

/** Adds up along the lanes. */
class LaneSums {
 public:
  HWY_INLINE LaneSums() {
    const D d;
    const hn::RebindToSigned<D> d64;
    HWY_ALIGN int64_t index[hn::MaxLanes(D())];
    int64_t step = 1;
    for (int k = 0; k < kSteps; ++k, step *= 2) {
      for (int64_t i = 0; i < lanes(); ++i) index[i] = i >= step ? i - step : i;
      shift_[k] = hn::IndicesFromVec(d, hn::Load(d64, index));
      before_[k] = hn::FirstN(d, static_cast<size_t>(step));
    }
    for (int64_t i = 0; i < lanes(); ++i) index[i] = lanes() - 1;
    last_ = hn::IndicesFromVec(d, hn::Load(d64, index));
  }

  /** Lane i becomes the sum of lanes 0 to i. */
  HWY_INLINE V upTo(V v) const {
    for (int k = 0; k < kSteps; ++k) {
      v = hn::Add(v, hn::IfThenZeroElse(before_[k], hn::TableLookupLanes(v, shift_[k])));
    }
    return v;
  }
  HWY_INLINE V lastLane(V v) const { return hn::TableLookupLanes(v, last_); }

 private:
  static constexpr int kSteps = hn::MaxLanes(D()) == 1   ? 0
                                : hn::MaxLanes(D()) == 2 ? 1
                                : hn::MaxLanes(D()) == 4 ? 2
                                                         : 3;
  using Index = decltype(hn::IndicesFromVec(D(), hn::Zero(hn::RebindToSigned<D>())));
  Index shift_[kSteps + 1];
  M before_[kSteps + 1];
  Index last_;
};

/** Slides box windows over one tile and hands every row of window sums to the pass. */
template <class Pass>
class Slider {
 public:
  static constexpr int kSums = Pass::kSums;

  HWY_INLINE Slider(Pass& pass, const LnccArgs& args, const LnccLayout& layout, double* scratch)
      : pass_(pass),
        args_(args),
        layout_(layout),
        columns_(scratch),
        rows_(scratch + layout.rowsAt + layout.rowLeft) {}

  HWY_NOINLINE void run(Range rows, Range slices) {
    const int64_t ry = args_.radius[1];
    const int64_t rz = args_.radius[2];
    firstRow_ = rows.begin > ry ? rows.begin - ry : 0;
    endRow_ = rows.end + ry < layout_.box.size[1] ? rows.end + ry : layout_.box.size[1];
    const int64_t firstSlice = slices.begin > rz ? slices.begin - rz : 0;
    clear(columns_, (endRow_ - firstRow_) * kSums * layout_.rowStride);
    for (int64_t z = firstSlice; z < slices.end + rz; ++z) {
      const int64_t entering = z < layout_.box.size[2] ? z : -1;
      const int64_t leaving = z - 2 * rz - 1 >= firstSlice ? z - 2 * rz - 1 : -1;
      const int64_t centre = z - rz;
      if (centre < slices.begin) {
        for (int64_t y = firstRow_; y < endRow_; ++y) slideColumns(entering, leaving, y);
        continue;
      }
      clear(rows_ - layout_.rowLeft, kSums * layout_.rowLength);
      for (int64_t y = firstRow_; y < rows.end + ry; ++y) {
        const int64_t dropped = y - 2 * ry - 1;
        const double* old = dropped >= firstRow_ ? column(dropped) : nullptr;
        if (y < endRow_) {
          slideRow(entering, leaving, y, old);
        } else if (old != nullptr) {
          dropRow(old);
        }
        if (y - ry >= rows.begin) sumAlongRow(centre, y - ry);
      }
    }
  }

 private:
  HWY_INLINE double* column(int64_t y) const {
    return columns_ + (y - firstRow_) * kSums * layout_.rowStride;
  }

  static HWY_NOINLINE void clear(double* from, int64_t count) {
    const D d;
    for (int64_t i = 0; i < count; i += lanes()) hn::StoreU(hn::Zero(d), d, from + i);
  }

  HWY_INLINE void update(int64_t entering, int64_t leaving, int64_t y, int64_t x, V* sums) const {
    if (entering >= 0) pass_.add(entering, y, x, sums);
    if (leaving >= 0) pass_.remove(leaving, y, x, sums);
  }

  /** While the first windows fill. */
  HWY_NOINLINE void slideColumns(int64_t entering, int64_t leaving, int64_t y) const {
    const D d;
    double* sums = column(y);
    for (int64_t x = 0; x < layout_.box.size[0]; x += lanes()) {
      V s[kSums];
      for (int k = 0; k < kSums; ++k) s[k] = hn::Load(d, sums + k * layout_.rowStride + x);
      update(entering, leaving, y, x, s);
      for (int k = 0; k < kSums; ++k) hn::Store(s[k], d, sums + k * layout_.rowStride + x);
    }
  }

  HWY_NOINLINE void slideRow(int64_t entering, int64_t leaving, int64_t y,
                             const double* old) const {
    const D d;
    double* sums = column(y);
    for (int64_t x = 0; x < layout_.box.size[0]; x += lanes()) {
      V s[kSums];
      for (int k = 0; k < kSums; ++k) s[k] = hn::Load(d, sums + k * layout_.rowStride + x);
      update(entering, leaving, y, x, s);
      for (int k = 0; k < kSums; ++k) {
        hn::Store(s[k], d, sums + k * layout_.rowStride + x);
        double* row = rows_ + k * layout_.rowLength + x;
        V sum = hn::Add(hn::LoadU(d, row), s[k]);
        if (old != nullptr) sum = hn::Sub(sum, hn::Load(d, old + k * layout_.rowStride + x));
        hn::StoreU(sum, d, row);
      }
    }
  }

  /** Below the image no row enters. */
  HWY_NOINLINE void dropRow(const double* old) const {
    const D d;
    for (int64_t x = 0; x < layout_.box.size[0]; x += lanes()) {
      for (int k = 0; k < kSums; ++k) {
        double* row = rows_ + k * layout_.rowLength + x;
        hn::StoreU(hn::Sub(hn::LoadU(d, row), hn::Load(d, old + k * layout_.rowStride + x)), d,
                   row);
      }
    }
  }

  HWY_NOINLINE void sumAlongRow(int64_t z, int64_t y) {
    const D d;
    const int64_t rx = args_.radius[0];
    const LaneSums laneSums;
    V before[kSums];
    for (int k = 0; k < kSums; ++k) {
      double sum = 0;
      for (int64_t i = 0; i < rx; ++i) sum += rows_[k * layout_.rowLength + i];
      before[k] = hn::Set(d, sum);
    }
    typename Pass::Row row = pass_.beginRow(z, y);
    for (int64_t x = 0; x < layout_.box.size[0]; x += lanes()) {
      V sums[kSums];
      for (int k = 0; k < kSums; ++k) {
        const double* at = rows_ + k * layout_.rowLength + x;
        const V change = hn::Sub(hn::LoadU(d, at + rx), hn::LoadU(d, at - rx - 1));
        sums[k] = hn::Add(laneSums.upTo(change), before[k]);
        before[k] = laneSums.lastLane(sums[k]);
      }
      pass_.emit(row, x, sums);
    }
    pass_.endRow(row);
  }

  Pass& pass_;
  const LnccArgs& args_;
  const LnccLayout& layout_;
  /** Sums along z, a row of the tile and its surroundings after the other. */
  double* columns_;
  /** Sums along z and y of the current row of windows. */
  double* rows_;
  int64_t firstRow_ = 0;
  int64_t endRow_ = 0;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
