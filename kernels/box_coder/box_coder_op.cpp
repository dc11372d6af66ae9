#include <cmath>

#include "box_coder/box_coder.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kEncode = "box_coder_encode";
constexpr const char* kDecode = "box_coder_decode";
constexpr const char* kGradient = "box_coder_gradient";
constexpr const char* kClip = "box_coder_clip";

struct Named {
  const char* name;
  const vk_view* view;
};

/** A list of boxes or deltas, and others of the same shape and type. */
BoxCoderArgs checked(const char* operation, Named input, Named anchors, Named output,
                     const vk_box_coder_params* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_box_coder_params)) {
    invalidArgument("%s: the parameters are missing or of another version", operation);
  }
  const Boxes list = requireBoxes(operation, input.name, input.view);
  for (const Named& other : {anchors, output}) {
    requireDense(operation, other.name, other.view, list.type);
    requireSameSizes(operation, input.name, *input.view, other.name, *other.view);
  }
  BoxCoderArgs args{list.type, list.dimensions,         list.count,
                    list.data, anchors.view->data,      nullptr,
                    {},        params->log_scale_limit, output.view->data};
  for (int i = 0; i < 6; ++i) {
    args.weights[i] = params->weights[i];
    if (!std::isfinite(args.weights[i]) || args.weights[i] == 0) {
      invalidArgument("%s: weight %d is %g, expected a finite number other than 0", operation, i,
                      args.weights[i]);
    }
  }
  if (std::isnan(args.logScaleLimit)) invalidArgument("%s: log_scale_limit is NaN", operation);
  return args;
}

BoxCoderArgs checkedGradient(const vk_view* deltas, const vk_view* anchors,
                             const vk_view* gradientBoxes, const vk_box_coder_params* params,
                             const vk_view* gradientDeltas) {
  BoxCoderArgs args = checked(kGradient, {"deltas", deltas}, {"anchors", anchors},
                              {"gradient_deltas", gradientDeltas}, params);
  requireDense(kGradient, "gradient_boxes", gradientBoxes, args.type);
  requireSameSizes(kGradient, "deltas", *deltas, "gradient_boxes", *gradientBoxes);
  args.gradientBoxes = gradientBoxes->data;
  return args;
}

BoxClipArgs checkedClip(const vk_view* boxes, const double* extent, const vk_view* clipped) {
  const Boxes list = requireBoxes(kClip, "boxes", boxes);
  requireDense(kClip, "clipped", clipped, list.type);
  requireSameSizes(kClip, "boxes", *boxes, "clipped", *clipped);
  if (extent == nullptr) invalidArgument("%s: the extent is missing", kClip);
  BoxClipArgs args{list.type, list.dimensions, list.count, list.data, {}, clipped->data};
  for (int axis = 0; axis < list.dimensions; ++axis) {
    args.extent[axis] = extent[axis];
    if (!(extent[axis] >= 0)) {
      invalidArgument("%s: the extent along %c is %g, expected 0 or more", kClip, "xyz"[axis],
                      extent[axis]);
    }
  }
  return args;
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<BoxCoderArgs> box_coder_encodeImplementations() {
  static const HostImplementations<BoxCoderArgs> table(boxEncodeCpuTable, cpuAccepts<BoxCoderArgs>,
                                                       nullptr, boxEncodeReference);
  return table;
}

Implementations<BoxCoderArgs> box_coder_decodeImplementations() {
  static const HostImplementations<BoxCoderArgs> table(boxDecodeCpuTable, cpuAccepts<BoxCoderArgs>,
                                                       nullptr, boxDecodeReference);
  return table;
}

Implementations<BoxCoderArgs> box_coder_gradientImplementations() {
  static const HostImplementations<BoxCoderArgs> table(
      boxDecodeGradientCpuTable, cpuAccepts<BoxCoderArgs>, nullptr, boxDecodeGradientReference);
  return table;
}

Implementations<BoxClipArgs> box_coder_clipImplementations() {
  static const HostImplementations<BoxClipArgs> table(boxClipCpuTable, cpuAccepts<BoxClipArgs>,
                                                      nullptr, boxClipReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_box_coder_encode_plan(vk_context* context, const vk_view* boxes,
                                   const vk_view* anchors, const vk_box_coder_params* params,
                                   const vk_view* deltas, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kEncode, vk::box_coder_encodeImplementations(),
               vk::checked(vk::kEncode, {"boxes", boxes}, {"anchors", anchors}, {"deltas", deltas},
                           params),
               plan);
  });
}

vk_status vk_box_coder_encode(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                              const vk_view* anchors, const vk_box_coder_params* params,
                              const vk_view* workspace, const vk_view* deltas) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kEncode, vk::box_coder_encodeImplementations(),
            vk::checked(vk::kEncode, {"boxes", boxes}, {"anchors", anchors}, {"deltas", deltas},
                        params),
            plan, workspace);
  });
}

vk_status vk_box_coder_decode_plan(vk_context* context, const vk_view* deltas,
                                   const vk_view* anchors, const vk_box_coder_params* params,
                                   const vk_view* boxes, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kDecode, vk::box_coder_decodeImplementations(),
               vk::checked(vk::kDecode, {"deltas", deltas}, {"anchors", anchors}, {"boxes", boxes},
                           params),
               plan);
  });
}

vk_status vk_box_coder_decode(vk_context* context, const vk_plan* plan, const vk_view* deltas,
                              const vk_view* anchors, const vk_box_coder_params* params,
                              const vk_view* workspace, const vk_view* boxes) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kDecode, vk::box_coder_decodeImplementations(),
            vk::checked(vk::kDecode, {"deltas", deltas}, {"anchors", anchors}, {"boxes", boxes},
                        params),
            plan, workspace);
  });
}

vk_status vk_box_coder_gradient_plan(vk_context* context, const vk_view* deltas,
                                     const vk_view* anchors, const vk_view* gradient_boxes,
                                     const vk_box_coder_params* params,
                                     const vk_view* gradient_deltas, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kGradient, vk::box_coder_gradientImplementations(),
               vk::checkedGradient(deltas, anchors, gradient_boxes, params, gradient_deltas), plan);
  });
}

vk_status vk_box_coder_gradient(vk_context* context, const vk_plan* plan, const vk_view* deltas,
                                const vk_view* anchors, const vk_view* gradient_boxes,
                                const vk_box_coder_params* params, const vk_view* workspace,
                                const vk_view* gradient_deltas) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kGradient, vk::box_coder_gradientImplementations(),
            vk::checkedGradient(deltas, anchors, gradient_boxes, params, gradient_deltas), plan,
            workspace);
  });
}

vk_status vk_box_coder_clip_plan(vk_context* context, const vk_view* boxes, const double* extent,
                                 const vk_view* clipped, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kClip, vk::box_coder_clipImplementations(),
               vk::checkedClip(boxes, extent, clipped), plan);
  });
}

vk_status vk_box_coder_clip(vk_context* context, const vk_plan* plan, const vk_view* boxes,
                            const double* extent, const vk_view* workspace,
                            const vk_view* clipped) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kClip, vk::box_coder_clipImplementations(),
            vk::checkedClip(boxes, extent, clipped), plan, workspace);
  });
}

}  // extern "C"
