#include <cmath>

#include "core/scratch.h"
#include "core/threads.h"
#include "registry/operations.h"
#include "roi_align/roi_align_bins.h"

namespace vk {
namespace {

constexpr const char* kName = "roi_align";
constexpr const char* kGradientName = "roi_align_gradient";
constexpr int64_t kMostSamples = 1024;

long long shown(int64_t value) { return static_cast<long long>(value); }

/** `features` has the input's shape, `bins` the output's. */
RoiAlignArgs shapes(const char* name, const Context& context, const char* featuresName,
                    const vk_view* features, const vk_view* boxes, const vk_view* images,
                    const vk_roi_align_params* params, const char* binsName, const vk_view* bins) {
  if (params == nullptr || params->struct_size != sizeof(vk_roi_align_params)) {
    invalidArgument("%s: the parameters are missing or of another version", name);
  }
  RoiAlignArgs args{};
  args.mode = params->mode;
  if (args.mode != VK_ROI_AVERAGE && args.mode != VK_ROI_MAX) {
    invalidArgument("%s: unknown mode %d", name, static_cast<int>(args.mode));
  }
  args.halfPixel = params->half_pixel != 0;
  args.samplingRatio = params->sampling_ratio;
  if (args.samplingRatio < 0 || args.samplingRatio > kMostSamples) {
    invalidArgument("%s: sampling_ratio is %lld, expected 0 to %lld", name,
                    shown(args.samplingRatio), shown(kMostSamples));
  }
  for (int axis = 0; axis < 3; ++axis) {
    args.scale[axis] = params->spatial_scale[axis];
    if (!std::isfinite(args.scale[axis]) || args.scale[axis] <= 0) {
      invalidArgument("%s: a spatial scale is %g, expected a finite number above 0", name,
                      args.scale[axis]);
    }
  }
  requireDenseFloat(name, featuresName, features);
  requireRank(name, featuresName, *features, 5);
  requireDense(name, "boxes", boxes, features->type);
  requireRank(name, "boxes", *boxes, 2);
  requireDense(name, "images", images, VK_I64);
  requireRank(name, "images", *images, 1);
  requireDense(name, binsName, bins, features->type);
  requireRank(name, binsName, *bins, 5);
  args.type = features->type;
  args.batch = features->sizes[0];
  args.channels = features->sizes[1];
  args.boxCount = boxes->sizes[0];
  args.boxValues = boxes->sizes[1];
  if (args.boxValues != 6 && args.boxValues != 4) {
    invalidArgument("%s: boxes is %s, expected (R, 6), or (R, 4) in two dimensions", name,
                    describe(*boxes).c_str());
  }
  if (images->sizes[0] != args.boxCount) {
    invalidArgument("%s: images is %s and boxes %s; expected one image a box", name,
                    describe(*images).c_str(), describe(*boxes).c_str());
  }
  if (bins->sizes[0] != args.boxCount || bins->sizes[1] != args.channels) {
    invalidArgument("%s: %s is %s, expected (%lld, %lld, d, h, w) as boxes is %s and %s %s", name,
                    binsName, describe(*bins).c_str(), shown(args.boxCount), shown(args.channels),
                    describe(*boxes).c_str(), featuresName, describe(*features).c_str());
  }
  bool empty = args.batch == 0;
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = features->sizes[axis + 2];
    args.outSize[axis] = bins->sizes[axis + 2];
    empty = empty || args.inSize[axis] == 0;
    if (args.inSize[axis] >= int64_t{1} << 31) {
      invalidArgument("%s: %s is %s, expected axes below 2^31", name, featuresName,
                      describe(*features).c_str());
    }
  }
  if (args.boxValues == 4 && (args.inSize[0] != 1 || args.outSize[0] != 1)) {
    invalidArgument("%s: boxes is %s, without z, but %s is %s and %s %s", name,
                    describe(*boxes).c_str(), featuresName, describe(*features).c_str(), binsName,
                    describe(*bins).c_str());
  }
  if (empty && elementCount(*bins) > 0) {
    invalidArgument("%s: %s is %s, without a voxel, and %s %s", name, featuresName,
                    describe(*features).c_str(), binsName, describe(*bins).c_str());
  }
  args.boxes = boxes->data;
  args.images = dataOf<const int64_t>(images);
  args.threads = context.arena->threads();
  return args;
}

RoiAlignArgs checked(const Context& context, const vk_view* input, const vk_view* boxes,
                     const vk_view* images, const vk_roi_align_params* params,
                     const vk_view* output) {
  RoiAlignArgs args =
      shapes(kName, context, "input", input, boxes, images, params, "output", output);
  args.input = input->data;
  args.output = output->data;
  return args;
}

RoiAlignGradientArgs checkedGradient(const Context& context, const vk_view* input,
                                     const vk_view* boxes, const vk_view* images,
                                     const vk_view* upstream, const vk_roi_align_params* params,
                                     const vk_view* gradient) {
  RoiAlignGradientArgs args{};
  static_cast<RoiAlignArgs&>(args) = shapes(kGradientName, context, "gradient", gradient, boxes,
                                            images, params, "upstream", upstream);
  if (args.mode == VK_ROI_MAX) {
    requireDense(kGradientName, "input", input, gradient->type);
    requireSameSizes(kGradientName, "input", *input, "gradient", *gradient);
    args.input = input->data;
  }
  args.upstream = upstream->data;
  args.gradient = gradient->data;
  return args;
}

template <class T>
bool finite(const RoiAlignArgs& args, int64_t box) {
  const T* const values = static_cast<const T*>(args.boxes) + box * args.boxValues;
  for (int64_t i = 0; i < args.boxValues; ++i) {
    if (!std::isfinite(values[i])) return false;
  }
  return true;
}

/** Looks at the values, which there are only when the operation runs; those on a device are its
 * kernel's to check. */
void checkBoxes(const Context& context, const char* name, const RoiAlignArgs& args) {
  if (context.device != nullptr) return;
  for (int64_t box = 0; box < args.boxCount; ++box) {
    const bool isFinite =
        args.type == VK_F64 ? finite<double>(args, box) : finite<float>(args, box);
    if (args.images[box] < 0 || args.images[box] >= args.batch || !isFinite) {
      refuseRoiBox(name, args, box, args.images[box]);
    }
  }
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

int64_t workspaceBytes(const RoiAlignArgs& args, int64_t tasks) {
  WorkspaceLayout layout(nullptr);
  layout.take<char>((args.threads < tasks ? args.threads : tasks) * roiScratchBytes(args));
  return layout.bytes();
}

}  // namespace

int64_t roiAlignCpuWorkspaceBytes(const RoiAlignArgs& args) {
  return workspaceBytes(args, args.boxCount * chunkCount(args.channels, kRoiChannels));
}

int64_t roiAlignGradientCpuWorkspaceBytes(const RoiAlignGradientArgs& args) {
  return workspaceBytes(args, args.batch * chunkCount(args.channels, kRoiChannels));
}

Implementations<RoiAlignArgs> roi_alignImplementations() {
  static const HostImplementations<RoiAlignArgs> table(
      roiAlignCpuTable, cpuAccepts, roiAlignCpuWorkspaceBytes, roiAlignReference);
  return table;
}

Implementations<RoiAlignGradientArgs> roi_align_gradientImplementations() {
  static const HostImplementations<RoiAlignGradientArgs> table(roiAlignGradientCpuTable, cpuAccepts,
                                                               roiAlignGradientCpuWorkspaceBytes,
                                                               roiAlignGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_roi_align_plan(vk_context* context, const vk_view* input, const vk_view* boxes,
                            const vk_view* images, const vk_roi_align_params* params,
                            const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::roi_alignImplementations(),
               vk::checked(*context, input, boxes, images, params, output), plan);
  });
}

vk_status vk_roi_align(vk_context* context, const vk_plan* plan, const vk_view* input,
                       const vk_view* boxes, const vk_view* images,
                       const vk_roi_align_params* params, const vk_view* workspace,
                       const vk_view* output) {
  return vk::guarded(context, [&] {
    const vk::RoiAlignArgs args = vk::checked(*context, input, boxes, images, params, output);
    vk::checkBoxes(*context, vk::kName, args);
    vk::run(*context, vk::kName, vk::roi_alignImplementations(), args, plan, workspace);
  });
}

vk_status vk_roi_align_gradient_plan(vk_context* context, const vk_view* input,
                                     const vk_view* boxes, const vk_view* images,
                                     const vk_view* upstream, const vk_roi_align_params* params,
                                     const vk_view* gradient, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradientName, vk::roi_align_gradientImplementations(),
               vk::checkedGradient(*context, input, boxes, images, upstream, params, gradient),
               plan);
  });
}

vk_status vk_roi_align_gradient(vk_context* context, const vk_plan* plan, const vk_view* input,
                                const vk_view* boxes, const vk_view* images,
                                const vk_view* upstream, const vk_roi_align_params* params,
                                const vk_view* workspace, const vk_view* gradient) {
  return vk::guarded(context, [&] {
    const vk::RoiAlignGradientArgs args =
        vk::checkedGradient(*context, input, boxes, images, upstream, params, gradient);
    vk::checkBoxes(*context, vk::kGradientName, args);
    vk::run(*context, vk::kGradientName, vk::roi_align_gradientImplementations(), args, plan,
            workspace);
  });
}

}  // extern "C"
