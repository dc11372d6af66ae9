// What both ways to compute depthwise kernels in Winograd's domain know of a task. Included after
// core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_depthwise-inl.h"
#include "conv3d/conv3d_winograd-inl.h"
#include "conv3d/conv3d_winograd_depthwise.h"

#if defined(VK_CONV3D_WINOGRAD_DEPTHWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_WINOGRAD_DEPTHWISE_INL_H
#undef VK_CONV3D_WINOGRAD_DEPTHWISE_INL_H
#else
#define VK_CONV3D_WINOGRAD_DEPTHWISE_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** A task is some output planes of a group. */
class WinogradDepthwiseTask {
 public:
  HWY_ATTR bool streams() const { return streams_; }

 protected:
  static constexpr int kRows = static_cast<int>(kWinogradRows);
  static constexpr int kValues = static_cast<int>(kWinogradRowValues);
  static constexpr int kMostPlanes = static_cast<int>(kWinogradDepthwisePlanes);

  HWY_ATTR WinogradDepthwiseTask(const Conv3dArgs& args, const Conv3dTask& task, const float* zeros)
      : args_(args),
        task_(task),
        input_(args, task, zeros),
        weights_(static_cast<const float*>(args.packed) + task.group * kValues * 9),
        streams_(conv3dStreams(args) && streamsInVectors(rowsOf(args, task, 0, 0, 0))) {}

  static HWY_ATTR int64_t lanes() { return static_cast<int64_t>(hn::Lanes(WinogradTag())); }

  /** Begins a tile, and finds what only the same tile of the next block needs. */
  HWY_ATTR void beginTile(int64_t z, int64_t y, int planes) {
    planes_ = planes;
    for (int p = 0; p < planes; ++p) input_.rowsAt<1>(z + planes + 2 + p, y + 1, &ahead_[p]);
  }

  /** Goes along the rows of a tile: whole(x, count, rows) where all of `floats` outputs of its four
   * rows are written, part(x, count, rows) for what there is of a vector; rows is where the outputs
   * of plane z go, from row y on, of which there are `count`. */
  template <class Whole, class Part>
  HWY_ATTR HWY_INLINE void alongRows(int64_t z, int64_t y, int64_t floats, const Whole& whole,
                                     const Part& part) const {
    const Rows rows = rowsOf(args_, task_, task_.plane + z, y, 0);
    const int64_t count = args_.outSize[1] - y;
    const int64_t width = args_.outSize[2];
    int64_t x = 0;
    if (count >= kRows) {
      for (; x + floats <= width; x += floats) whole(x, count, rows);
    }
    for (; x < width; x += lanes()) part(x, count, rows);
  }

  /** Asks for a part of it, for vectors at column x of output plane p; all parts are all of it
   * where the output's rows are as long as the input's, and else about that. */
  HWY_ATTR HWY_INLINE void fetchAhead(int p, int64_t x, int vectors) const {
    constexpr int64_t kLineFloats = 16;
    for (int64_t i = 0; i < kRows * vectors * lanes(); i += kLineFloats) {
      __builtin_prefetch(ahead_[p] + kRows * x + i, 0, 2);
    }
  }

  HWY_ATTR HWY_INLINE void nextPlane(Rows& rows) const {
    const int64_t floats = args_.outSize[1] * args_.outSize[2];
    rows.output += floats;
    if (rows.finish.residual != nullptr) rows.finish.residual += floats;
  }

  const Conv3dArgs& args_;
  const Conv3dTask& task_;
  const DepthwiseInput input_;
  /** [value][kz][kx]. */
  const float* weights_;
  bool streams_;
  /** Of the tile. */
  int planes_ = 0;

 private:
  const float* ahead_[kMostPlanes];
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
