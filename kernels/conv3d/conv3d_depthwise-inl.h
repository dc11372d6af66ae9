// Depthwise convolutions with kernels of three rows and columns and one or three planes. Included
// after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_depthwise.h"
#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"
#include "core/scratch.h"

#if defined(VK_CONV3D_DEPTHWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_DEPTHWISE_INL_H
#undef VK_CONV3D_DEPTHWISE_INL_H
#else
#define VK_CONV3D_DEPTHWISE_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** A row of zeros, and around it as many as loads reach. */
HWY_ATTR inline const float* takeZeros(const Conv3dArgs& args, WorkspaceLayout& layout) {
  float* const zeros = layout.take<float>(conv3dZeroFloats(args));
  fillZero(zeros, conv3dZeroFloats(args));
  return zeros + kConv3dZerosAround;
}

/** Runs body(task, a row of zeros, its scratch memory) for the tasks of conv3dRowTasks. */
template <class Body>
HWY_ATTR void forEachDepthwiseTask(const Conv3dArgs& args, Context& context,
                                   const Workspace& workspace, int64_t scratchFloats,
                                   const Body& body) {
  const int64_t tasks = conv3dRowTasks(args);
  if (tasks == 0 || args.outSize[1] == 0 || args.outSize[2] == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  WorkspaceLayout layout(workspace.data);
  const float* const zeros = takeZeros(args, layout);
  float* const scratch = layout.take<float>(slotCount * scratchFloats);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dRowTask(args, index);
    const int32_t slot = slots.acquire();
    body(task, zeros, scratch + slot * scratchFloats);
    slots.release(slot);
  });
}

/** The voxels of a task's input, and the zeros around them. */
class DepthwiseInput {
  using Tag = hn::ScalableTag<float>;

 public:
  HWY_ATTR DepthwiseInput(const Conv3dArgs& args, const Conv3dTask& task, const float* zeros)
      : args_(args), plane_(task.plane - args.paddingBegin[0]), zeros_(zeros) {
    const int64_t voxels = args.inSize[0] * args.inSize[1] * args.inSize[2];
    voxels_ =
        static_cast<const float*>(args.input) + (task.image * args.groups + task.group) * voxels;
  }

  /** The first rows that output rows y to y + Count - 1 need, of a plane that is counted from the
   * first one that the task needs; rows of zeros outside the input. */
  template <int Count>
  HWY_ATTR HWY_INLINE void rowsAt(int64_t plane, int64_t y, const float** rows) const {
    const int64_t inZ = plane_ + plane;
    const int64_t inY = y - args_.paddingBegin[1];
    const bool inside = inZ >= 0 && inZ < args_.inSize[0];
#pragma GCC unroll 6
    for (int r = 0; r < Count; ++r) {
      const bool found = inside && inY + r >= 0 && inY + r < args_.inSize[1];
      rows[r] = found ? voxels_ + (inZ * args_.inSize[1] + inY + r) * args_.inSize[2] : zeros_;
    }
  }

  /** Lanes of a vector from voxel x on that lie in a row. */
  HWY_ATTR HWY_INLINE hn::Mask<Tag> inside(int64_t x) const {
    const auto until = [](int64_t count) HWY_ATTR {
      const int64_t lanes = static_cast<int64_t>(hn::Lanes(Tag()));
      const int64_t clipped = count < 0 ? 0 : count < lanes ? count : lanes;
      return hn::FirstN(Tag(), static_cast<size_t>(clipped));
    };
    return hn::AndNot(until(-x), until(args_.inSize[2] - x));
  }

  /** A vector from voxel x of a row on, and zeros outside; `mask` is inside(x). Only with masks
   * does a load end with the row. */
  HWY_ATTR HWY_INLINE hn::Vec<Tag> load(hn::Mask<Tag> mask, const float* row, int64_t x) const {
    const Tag d;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    return hn::MaskedLoad(mask, d, row + x);
#else
    (void)mask;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    if (x >= 0 && x + lanes <= args_.inSize[2]) return hn::LoadU(d, row + x);
    HWY_ALIGN float values[hn::MaxLanes(d)];
    for (int64_t i = 0; i < lanes; ++i) {
      values[i] = x + i < 0 || x + i >= args_.inSize[2] ? 0 : row[x + i];
    }
    return hn::Load(d, values);
#endif
  }

 private:
  const Conv3dArgs& args_;
  /** Of the input, the task's first. */
  int64_t plane_;
  const float* voxels_;
  const float* zeros_;
};

/** Runs one task. A plane of the kernel is multiplied with a plane of the input for all outputs
 * that need it, in three planes; so a row of input is loaded once a column of the kernel. */
template <int KernelPlanes>
class Depthwise {
  static constexpr int kRows = static_cast<int>(kDepthwiseRows);
  static constexpr int kFromRows = kRows + 2;
  static constexpr int kPartial = KernelPlanes - 1;
  /** Planes from the one that is added to the one that is fetched. */
  static constexpr int64_t kAhead = 3;

 public:
  HWY_ATTR Depthwise(const Conv3dArgs& args, const DepthwiseTiling& tiling, const Conv3dTask& task,
                     const float* zeros, float* scratch)
      : args_(args), t_(tiling), task_(task), input_(args, task, zeros), partial_(scratch) {
    weights_ = static_cast<const float*>(args.packed) + task.group * 9 * KernelPlanes;
    rows_ = partial_ + tiling.partialFloats;
    to_ = rowsOf(args, task, 0, 0, 0);
    to_.finish.streams = conv3dStreams(args);
    direct_ = args.outSize[2] % lanes() == 0 && (!to_.finish.streams || streamsInVectors(to_));
  }

  HWY_ATTR void run() {
    for (int64_t y = 0; y < args_.outSize[1]; y += t_.bandRows) {
      const int64_t left = args_.outSize[1] - y;
      runBand(y, left < t_.bandRows ? left : t_.bandRows);
    }
    if (to_.finish.streams) hwy::FlushStream();
  }

 private:
  static HWY_ATTR int64_t lanes() {
    return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  }

  HWY_ATTR void runBand(int64_t y, int64_t count) {
    for (int64_t i = 0; i < t_.partialFloats; ++i) partial_[i] = 0;
    for (int64_t step = 0; step < task_.planes + kPartial; ++step) {
      for (int64_t row = 0; row < count; row += kRows) {
        input_.template rowsAt<kFromRows>(step, y + row, from_);
        input_.template rowsAt<kRows>(step + kAhead, y + row + 2, ahead_);
        const int64_t left = count - row;
        const int64_t z = task_.plane + step - kPartial;
        const int64_t at = (z * args_.outSize[1] + y + row) * args_.outSize[2];
        float* const partial = partial_ + kPartial * row * t_.width;
        if (step < kPartial) {
          addPlane(partial, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0}, rows_);
        } else if (direct_ && left >= kRows) {
          Finish finish = to_.finish;
          if (finish.residual != nullptr) finish.residual += at;
          addPlane(partial, finish, to_.output + at);
        } else {
          addPlane(partial, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0}, rows_);
          writeRows(at, left < kRows ? left : kRows);
        }
      }
    }
  }

  /** Adds what a plane of input gives to KernelPlanes planes of outputs, of which the first is
   * complete then. */
  HWY_ATTR HWY_NOINLINE void addPlane(float* partial, const Finish& finish, float* to) {
    const hn::ScalableTag<float> d;
    using V = hn::Vec<decltype(d)>;
    const float* const weights = weights_;
    const int64_t toFloats = to == rows_ ? t_.width : args_.outSize[2];
    const V bias = hn::Set(d, finish.bias != nullptr ? *finish.bias : 0.0f);
    for (int64_t x = 0; x < args_.outSize[2]; x += lanes()) {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) __builtin_prefetch(ahead_[r] + x);
      V sums[KernelPlanes][kRows];
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
        for (int p = 0; p < kPartial; ++p) {
          sums[p][r] = hn::Load(d, partial + (p * kRows + r) * lanes());
        }
        sums[kPartial][r] = hn::Zero(d);
      }
#pragma GCC unroll 1
      for (int column = 0; column < 3; ++column) {
        V weight[KernelPlanes][3];
#pragma GCC unroll 3
        for (int p = 0; p < KernelPlanes; ++p) {
#pragma GCC unroll 3
          for (int row = 0; row < 3; ++row) {
            weight[p][row] = hn::Set(d, weights[((kPartial - p) * 3 + row) * 3 + column]);
          }
        }
        const int64_t at = x + column - args_.paddingBegin[2];
        const auto mask = input_.inside(at);
#pragma GCC unroll 6
        for (int from = 0; from < kFromRows; ++from) {
          const V voxels = input_.load(mask, from_[from], at);
#pragma GCC unroll 3
          for (int row = 0; row < 3; ++row) {
            const int r = from - row;
            if (r < 0 || r >= kRows) continue;
#pragma GCC unroll 3
            for (int p = 0; p < KernelPlanes; ++p) {
              sums[p][r] = hn::MulAdd(voxels, weight[p][row], sums[p][r]);
            }
          }
        }
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const int64_t at = r * toFloats + x;
        finishVector(sums[0][r], bias, finish.residual != nullptr ? finish.residual + at : nullptr,
                     finish, finish.streams, to + at);
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
        for (int p = 0; p < kPartial; ++p) {
          hn::Store(sums[p + 1][r], d, partial + (p * kRows + r) * lanes());
        }
      }
      partial += kPartial * kRows * lanes();
    }
  }

  HWY_ATTR void writeRows(int64_t at, int64_t count) const {
    const int64_t width = args_.outSize[2];
    for (int64_t r = 0; r < count; ++r, at += width) {
      finishRow(rows_ + r * t_.width, width, to_.finish, 0,
                to_.finish.residual != nullptr ? to_.finish.residual + at : nullptr,
                to_.output + at);
    }
  }

  const Conv3dArgs& args_;
  const DepthwiseTiling& t_;
  const Conv3dTask& task_;
  const DepthwiseInput input_;
  float* partial_;
  /** Rows of a plane that is complete. */
  float* rows_;
  const float* weights_;
  /** The rows of input that are added, and those that are fetched. */
  const float* from_[kFromRows];
  const float* ahead_[kRows];
  Rows to_;
  /** Whether the output is written in whole vectors, straight from the registers. */
  bool direct_;
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
