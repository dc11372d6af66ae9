// Values of a block of tiles of stride 1. Included after core/simd_begin.h, once an instruction
// set.
#include "conv3d/conv3d_winograd_input-inl.h"
#include "conv3d/conv3d_winograd_tiles-inl.h"

#if defined(VK_CONV3D_WINOGRAD_VALUES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_VALUES_INL_H
#undef VK_CONV3D_WINOGRAD_VALUES_INL_H
#else
#define VK_CONV3D_WINOGRAD_VALUES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Reads and transforms the input of one task, tiles of Z x M x M outputs. */
template <int Z, int M>
class WinogradValues {
  static constexpr int kPlanes = winogradValues(Z);
  static constexpr int kRows = winogradValues(M);
  static constexpr int kSlice = kRows * kRows;

 public:
  /** Scratch memory is taken from `scratch`. */
  HWY_ATTR WinogradValues(const Conv3dArgs& args, const WinogradTiling& tiling,
                          const WinogradTask& task, Range channels, float*& scratch)
      : tiling_(tiling),
        task_(task),
        channels_(channels),
        input_(args, tiling, task, channels, scratch) {
    scratch += tiling.chunkChannels * tiling.channelFloats;
    alongZ_ = scratch;
    scratch += kPlanes * M * M * tiling.alongZFloats;
    alongY_ = scratch;
    scratch += kRows * M * tiling.alongYFloats;
    lattices_ = tiling.lattices[2];
    column_ = task.count[2] + 1;
    rowTiles_ = lattices_ * column_;
    planeTiles_ = task.count[1] * lattices_ * task.count[2];
  }

  /** Says that the tiles [.., end) along z come next, and how many rows of their input are missing.
   */
  HWY_ATTR int64_t expect(int64_t end) { return input_.expect(end); }

  /** Reads up to `count` of those rows. */
  HWY_ATTR void read(int64_t count) {
    input_.copy(count);
    input_.fetch(count);
  }

  /** Values of `count` planes of tiles. */
  HWY_ATTR void transform(int64_t first, int64_t count, float* values) {
    input_.complete();
    for (int64_t channel = channels_.begin; channel < channels_.end; ++channel) {
      transformChannel(channel, first, count, values);
    }
  }

 private:
  static HWY_ATTR int64_t lanes() { return static_cast<int64_t>(hn::Lanes(WinogradTag())); }

  HWY_ATTR void transformChannel(int64_t channel, int64_t first, int64_t count, float* values) {
    for (int64_t plane = 0; plane < count; ++plane) {
      const float* planes[kPlanes];
      for (int k = 0; k < kPlanes; ++k) planes[k] = input_.plane(channel, Z * (first + plane) + k);
      transformAlongZ(planes);
      for (int a = 0; a < kPlanes; ++a) {
        transformAlongY(a);
        transformAlongX(values + a * kSlice * tiling_.valueFloats + channel * tiling_.blockTiles +
                            plane * planeTiles_,
                        tiling_.blockTiles - plane * planeTiles_);
      }
    }
  }

  HWY_ATTR HWY_NOINLINE void transformAlongZ(const float* const* planes) {
    const WinogradTag d;
    for (int y = 0; y < M; ++y) {
      // Of a tile's inputs M + 2 is one more for the rows 0 and 1.
      const int64_t rows = task_.count[1] + (y < 2 ? 1 : 0);
      const int64_t from = y * (task_.count[1] + 1) * rowTiles_;
      float* const to = alongZ_ + y * M * tiling_.alongZFloats;
      for (int64_t at = 0; at < rows * rowTiles_; at += lanes()) {
        WinogradVec inputs[kPlanes * M];
#pragma GCC unroll 6
        for (int k = 0; k < kPlanes; ++k) {
          loadDealt<M>(planes[k] + (from + at) * M, inputs + k * M);
        }
#pragma GCC unroll 4
        for (int x = 0; x < M; ++x) {
          WinogradVec values[kPlanes];
          transformInputs<Z>(inputs + x, M, values);
#pragma GCC unroll 6
          for (int a = 0; a < kPlanes; ++a) {
            hn::StoreU(values[a], d, to + (a * M * M + x) * tiling_.alongZFloats + at);
          }
        }
      }
    }
  }

  HWY_ATTR HWY_NOINLINE void transformAlongY(int a) {
    const WinogradTag d;
    const float* const from = alongZ_ + a * M * M * tiling_.alongZFloats;
    for (int x = 0; x < M; ++x) {
      for (int64_t at = 0; at < task_.count[1] * rowTiles_; at += lanes()) {
        WinogradVec inputs[kRows], values[kRows];
#pragma GCC unroll 6
        for (int i = 0; i < kRows; ++i) {
          inputs[i] =
              hn::LoadU(d, from + (i % M * M + x) * tiling_.alongZFloats + i / M * rowTiles_ + at);
        }
        transformInputs<M>(inputs, 1, values);
#pragma GCC unroll 6
        for (int b = 0; b < kRows; ++b) {
          hn::StoreU(values[b], d, alongY_ + (b * M + x) * tiling_.alongYFloats + at);
        }
      }
    }
  }

  /** To values at `to` and on, with rubbish beyond the last tile while there is `room`. */
  HWY_ATTR HWY_NOINLINE void transformAlongX(float* to, int64_t room) const {
    forEachTileVector(task_.count[1] * lattices_, task_.count[2],
                      [&](int64_t from, int64_t tile, auto order) HWY_ATTR {
                        transformVectors(alongY_ + from, to + tile, room - tile, order);
                      });
  }

  template <class Order>
  HWY_ATTR HWY_INLINE void transformVectors(const float* from, float* to, int64_t room,
                                            Order order) const {
    const WinogradTag d;
    for (int b = 0; b < kRows; ++b) {
      WinogradVec inputs[kRows], values[kRows];
#pragma GCC unroll 6
      for (int j = 0; j < kRows; ++j) {
        inputs[j] = hn::LoadU(d, from + (b * M + j % M) * tiling_.alongYFloats + j / M);
      }
      transformInputs<M>(inputs, 1, values);
#pragma GCC unroll 6
      for (int e = 0; e < kRows; ++e) {
        storeTiles(order(values[e]), to + (b * kRows + e) * tiling_.valueFloats, room);
      }
    }
  }

  const WinogradTiling& tiling_;
  const WinogradTask& task_;
  Range channels_;
  WinogradInput<Z, M> input_;
  int64_t lattices_;
  /** Tiles of a lattice's row with one more for what its last tile needs, and of all lattices. */
  int64_t column_;
  int64_t rowTiles_;
  int64_t planeTiles_;
  float* alongZ_;
  float* alongY_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
