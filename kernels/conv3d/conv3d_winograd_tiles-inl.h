// Vectors of tiles that lie row by row with a place between. Included after core/simd_begin.h, once
// an instruction set.
#include "conv3d/conv3d_winograd-inl.h"

#if defined(VK_CONV3D_WINOGRAD_TILES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_TILES_INL_H
#undef VK_CONV3D_WINOGRAD_TILES_INL_H
#else
#define VK_CONV3D_WINOGRAD_TILES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Rows of `width` tiles, each with one place more: transform(from, to, order) has the vector of
 * places at `from`, of which order() leaves the tiles, from tile `to` on. */
template <class Transform>
HWY_ATTR HWY_INLINE void forEachTileVector(int64_t rows, int64_t width,
                                           const Transform& transform) {
  const WinogradTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t column = width + 1;
  // Rows in one vector: what lies between them is squeezed out.
  const int64_t together = (lanes + 1) / column;
  if (together > 1) {
    HWY_ALIGN int32_t order[hn::MaxLanes(WinogradTag())];
    for (int64_t i = 0; i < lanes; ++i) {
      order[i] = static_cast<int32_t>(i < together * width ? i / width * column + i % width : 0);
    }
    const auto indices = hn::SetTableIndices(d, order);
    for (int64_t row = 0; row < rows; row += together) {
      transform(row * column, row * width,
                [&](WinogradVec v) HWY_ATTR { return hn::TableLookupLanes(v, indices); });
    }
    return;
  }
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t x = 0; x < width; x += lanes) {
      transform(row * column + x, row * width + x, [](WinogradVec v) HWY_ATTR { return v; });
    }
  }
}

/** At most `room` lanes: what lies beyond the last tile is another channel's, which another thread
 * may write. */
HWY_ATTR HWY_INLINE void storeTiles(WinogradVec v, float* to, int64_t room) {
  const WinogradTag d;
  if (room >= static_cast<int64_t>(hn::Lanes(d))) {
    hn::StoreU(v, d, to);
    return;
  }
  HWY_ALIGN float values[hn::MaxLanes(WinogradTag())];
  hn::Store(v, d, values);
  for (int64_t i = 0; i < room; ++i) to[i] = values[i];
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
