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

  /** Before a tile: what only the same tile of the next block needs, into `ahead_`. */
  HWY_ATTR void lookAhead(int64_t z, int64_t y, int planes) {
    for (int p = 0; p < planes; ++p) input_.rowsAt<1>(z + planes + 2 + p, y + 1, &ahead_[p]);
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

 private:
  const float* ahead_[kMostPlanes];
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
