#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "roi_align/roi_align_cpu.cpp"
#include "core/simd_begin.h"
#include "core/carve.h"
#include "core/scratch.h"
#include "roi_align/roi_align_bins.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** to[i] += weight from[i]. */
HWY_ATTR void addScaled(float weight, const float* from, int64_t count, float* to) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto w = hn::Set(d, weight);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::MulAdd(w, hn::LoadU(d, from + i), hn::LoadU(d, to + i)), d, to + i);
  }
  for (; i < count; ++i) to[i] += weight * from[i];
}

HWY_ATTR void clear(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = 0;
}

/** The voxel whose weighted value is the output, and its weight; -1 for none. */
struct Found {
  int64_t voxel;
  float weight;
};

/** One box and the channels of a task. */
class Box {
 public:
  Box(const RoiAlignArgs& args, char* scratch) : args_(args), bins_(roiBinsAt(args, scratch)) {
    Carver carver(scratch + roiBinsBytes(args));
    plane_ = carver.take<float>(args.inSize[1] * args.inSize[2]);
    row_ = carver.take<float>(args.inSize[2]);
  }

  void fill(int64_t box) { fillRoiBins(args_, box, &bins_); }

  /** Means of one volume's bins: planes are added up to one, its rows to one, which the bins along
   * x read. */
  HWY_ATTR void average(const float* volume, float* output) const {
    const RoiAxis &az = bins_.axes[0], &ay = bins_.axes[1], &ax = bins_.axes[2];
    const int64_t width = args_.inSize[2], plane = args_.inSize[1] * width;
    const Range y = bins_.seen[1], x = bins_.seen[2];
    const int64_t across = x.end - x.begin;
    for (int64_t bz = 0; bz < az.bins; ++bz) {
      for (int64_t i = y.begin; i < y.end; ++i) {
        float* const sums = plane_ + i * width + x.begin;
        clear(sums, across);
        for (int64_t z = az.begin[bz]; z < az.end[bz]; ++z) {
          addScaled(az.weights[bz * az.size + z], volume + z * plane + i * width + x.begin, across,
                    sums);
        }
      }
      for (int64_t by = 0; by < ay.bins; ++by) {
        clear(row_ + x.begin, across);
        for (int64_t i = ay.begin[by]; i < ay.end[by]; ++i) {
          addScaled(ay.weights[by * ay.size + i], plane_ + i * width + x.begin, across,
                    row_ + x.begin);
        }
        for (int64_t bx = 0; bx < ax.bins; ++bx) {
          float sum = 0;
          for (int64_t i = ax.begin[bx]; i < ax.end[bx]; ++i) {
            sum += ax.weights[bx * ax.size + i] * row_[i];
          }
          *output++ = bins_.sampled ? sum : 0;
        }
      }
    }
  }

  /** The transpose. */
  HWY_ATTR void averageGradient(const float* upstream, float* gradient) const {
    if (!bins_.sampled) return;
    const RoiAxis &az = bins_.axes[0], &ay = bins_.axes[1], &ax = bins_.axes[2];
    const int64_t width = args_.inSize[2], plane = args_.inSize[1] * width;
    const Range y = bins_.seen[1], x = bins_.seen[2];
    const int64_t across = x.end - x.begin;
    for (int64_t bz = 0; bz < az.bins; ++bz) {
      for (int64_t i = y.begin; i < y.end; ++i) clear(plane_ + i * width + x.begin, across);
      for (int64_t by = 0; by < ay.bins; ++by) {
        clear(row_ + x.begin, across);
        for (int64_t bx = 0; bx < ax.bins; ++bx, ++upstream) {
          for (int64_t i = ax.begin[bx]; i < ax.end[bx]; ++i) {
            row_[i] += ax.weights[bx * ax.size + i] * *upstream;
          }
        }
        for (int64_t i = ay.begin[by]; i < ay.end[by]; ++i) {
          addScaled(ay.weights[by * ay.size + i], row_ + x.begin, across,
                    plane_ + i * width + x.begin);
        }
      }
      for (int64_t z = az.begin[bz]; z < az.end[bz]; ++z) {
        for (int64_t i = y.begin; i < y.end; ++i) {
          addScaled(az.weights[bz * az.size + z], plane_ + i * width + x.begin, across,
                    gradient + z * plane + i * width + x.begin);
        }
      }
    }
  }

  /** body(found) for each bin of a volume, in order. */
  template <class Body>
  HWY_ATTR void eachLargest(const float* volume, const Body& body) const {
    for (int64_t bz = 0; bz < bins_.axes[0].bins; ++bz) {
      for (int64_t by = 0; by < bins_.axes[1].bins; ++by) {
        for (int64_t bx = 0; bx < bins_.axes[2].bins; ++bx) {
          body(bins_.sampled ? largest(volume, bz, by, bx) : Found{-1, 0});
        }
      }
    }
  }

 private:
  HWY_ATTR Found largest(const float* volume, int64_t bz, int64_t by, int64_t bx) const {
    const RoiAxis &az = bins_.axes[0], &ay = bins_.axes[1], &ax = bins_.axes[2];
    Found best{-1, 0};
    float value = 0;
    for (int64_t z = 0; z < az.counts[bz]; ++z) {
      const RoiSample& sz = az.samples[bz * az.mostSamples + z];
      for (int64_t y = 0; y < ay.counts[by]; ++y) {
        const RoiSample& sy = ay.samples[by * ay.mostSamples + y];
        for (int64_t x = 0; x < ax.counts[bx]; ++x) {
          const RoiSample& sx = ax.samples[bx * ax.mostSamples + x];
          for (int corner = 0; corner < 8; ++corner) {
            const int64_t cz = corner & 4 ? sz.high : sz.low;
            const int64_t cy = corner & 2 ? sy.high : sy.low;
            const int64_t cx = corner & 1 ? sx.high : sx.low;
            const float weight = (corner & 4 ? sz.highWeight : sz.lowWeight) *
                                 (corner & 2 ? sy.highWeight : sy.lowWeight) *
                                 (corner & 1 ? sx.highWeight : sx.lowWeight);
            const int64_t voxel = (cz * args_.inSize[1] + cy) * args_.inSize[2] + cx;
            const float weighted = weight * volume[voxel];
            if (best.voxel < 0 || weighted > value || weighted != weighted) {
              best = {voxel, weight};
              value = weighted;
            }
          }
        }
      }
    }
    const bool outside = az.outside[bz] != 0 || ay.outside[by] != 0 || ax.outside[bx] != 0;
    return outside && value < 0 ? Found{-1, 0} : best;
  }

  const RoiAlignArgs& args_;
  RoiBins bins_;
  float* plane_;
  float* row_;
};

/** Calls body(task, scratch) with scratch memory for a box. */
template <class Body>
HWY_ATTR void eachTask(const RoiAlignArgs& args, Context& context, const Workspace& workspace,
                       int64_t tasks, const Body& body) {
  if (tasks == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  const int64_t bytes = roiScratchBytes(args);
  WorkspaceLayout layout(workspace.data);
  char* const scratch = layout.take<char>(slotCount * bytes);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t task) HWY_ATTR {
    const int32_t slot = slots.acquire();
    body(task, scratch + slot * bytes);
    slots.release(slot);
  });
}

HWY_ATTR void roiAlignCpu(const RoiAlignArgs& args, Context& context, const Workspace& workspace) {
  const int64_t groups = chunkCount(args.channels, kRoiChannels);
  const int64_t voxels = args.inSize[0] * args.inSize[1] * args.inSize[2];
  const int64_t outputs = args.outSize[0] * args.outSize[1] * args.outSize[2];
  if (outputs == 0) return;
  eachTask(
      args, context, workspace, args.boxCount * groups, [&](int64_t task, char* scratch) HWY_ATTR {
        const int64_t boxIndex = task / groups;
        const Range channels = chunkRange(args.channels, kRoiChannels, task % groups);
        Box box(args, scratch);
        box.fill(boxIndex);
        for (int64_t channel = channels.begin; channel < channels.end; ++channel) {
          const float* const volume = static_cast<const float*>(args.input) +
                                      (args.images[boxIndex] * args.channels + channel) * voxels;
          float* output =
              static_cast<float*>(args.output) + (boxIndex * args.channels + channel) * outputs;
          if (args.mode == VK_ROI_AVERAGE) {
            box.average(volume, output);
          } else {
            box.eachLargest(volume, [&](const Found& found) HWY_ATTR {
              *output++ = found.voxel < 0 ? 0 : found.weight * volume[found.voxel];
            });
          }
        }
      });
}

/** A task owns some channels of an image and adds its boxes in order. */
HWY_ATTR void roiAlignGradientCpu(const RoiAlignGradientArgs& args, Context& context,
                                  const Workspace& workspace) {
  const int64_t groups = chunkCount(args.channels, kRoiChannels);
  const int64_t voxels = args.inSize[0] * args.inSize[1] * args.inSize[2];
  const int64_t outputs = args.outSize[0] * args.outSize[1] * args.outSize[2];
  eachTask(args, context, workspace, args.batch * groups,
           [&](int64_t task, char* scratch) HWY_ATTR {
             const int64_t image = task / groups;
             const Range channels = chunkRange(args.channels, kRoiChannels, task % groups);
             float* const gradients =
                 static_cast<float*>(args.gradient) + image * args.channels * voxels;
             clear(gradients + channels.begin * voxels, (channels.end - channels.begin) * voxels);
             if (outputs == 0) return;
             Box box(args, scratch);
             for (int64_t boxIndex = 0; boxIndex < args.boxCount; ++boxIndex) {
               if (args.images[boxIndex] != image) continue;
               box.fill(boxIndex);
               for (int64_t channel = channels.begin; channel < channels.end; ++channel) {
                 const float* upstream = static_cast<const float*>(args.upstream) +
                                         (boxIndex * args.channels + channel) * outputs;
                 float* const gradient = gradients + channel * voxels;
                 if (args.mode == VK_ROI_AVERAGE) {
                   box.averageGradient(upstream, gradient);
                 } else {
                   const float* const volume = static_cast<const float*>(args.input) +
                                               (image * args.channels + channel) * voxels;
                   box.eachLargest(volume, [&](const Found& found) HWY_ATTR {
                     if (found.voxel >= 0) gradient[found.voxel] += found.weight * *upstream;
                     ++upstream;
                   });
                 }
               }
             }
           });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(roiAlignCpu);
VK_SIMD_TABLE(roiAlignGradientCpu);

}  // namespace vk
#endif
