#include "box_iou/box_iou.h"
#include "registry/operations.h"

namespace vk {
namespace {

void requireKind(const char* name, vk_box_overlap kind) {
  if (kind < VK_BOX_IOU || kind > VK_BOX_DIOU) {
    invalidArgument("%s: unknown kind of overlap %d", name, static_cast<int>(kind));
  }
}

BoxIouArgs pairwise(const vk_view* a, const vk_view* b, vk_box_overlap kind,
                    const vk_view* overlap) {
  constexpr const char* kName = "box_iou";
  requireKind(kName, kind);
  const Boxes boxesA = requireBoxes(kName, "a", a);
  const Boxes boxesB = requireBoxesLike(kName, "b", b, "a", *a);
  requireDense(kName, "overlap", overlap, a->type);
  requireRank(kName, "overlap", *overlap, 2);
  if (overlap->sizes[0] != boxesA.count || overlap->sizes[1] != boxesB.count) {
    invalidArgument("%s: overlap is %s, expected (%lld, %lld) as a is %s and b is %s", kName,
                    describe(*overlap).c_str(), static_cast<long long>(boxesA.count),
                    static_cast<long long>(boxesB.count), describe(*a).c_str(),
                    describe(*b).c_str());
  }
  return {boxesA, boxesB, kind, overlap->data};
}

void requirePairs(const char* name, const vk_view* a, const vk_view* b, vk_box_overlap kind) {
  requireKind(name, kind);
  requireBoxes(name, "a", a);
  requireBoxesLike(name, "b", b, "a", *a);
  requireSameSizes(name, "a", *a, "b", *b);
}

BoxIouArgs paired(const vk_view* a, const vk_view* b, vk_box_overlap kind, const vk_view* overlap) {
  constexpr const char* kName = "box_iou_paired";
  requirePairs(kName, a, b, kind);
  requireVector(kName, "overlap", overlap, a->type, a->sizes[0]);
  return {requireBoxes(kName, "a", a), requireBoxes(kName, "b", b), kind, overlap->data};
}

BoxIouGradientArgs gradient(const vk_view* a, const vk_view* b, vk_box_overlap kind,
                            const vk_view* gradientOverlap, const vk_view* gradientA,
                            const vk_view* gradientB) {
  constexpr const char* kName = "box_iou_gradient";
  requirePairs(kName, a, b, kind);
  requireVector(kName, "gradient_overlap", gradientOverlap, a->type, a->sizes[0]);
  if (present(gradientA)) {
    requireDense(kName, "gradient_a", gradientA, a->type);
    requireSameSizes(kName, "gradient_a", *gradientA, "a", *a);
  }
  if (present(gradientB)) {
    requireDense(kName, "gradient_b", gradientB, a->type);
    requireSameSizes(kName, "gradient_b", *gradientB, "b", *b);
  }
  return {requireBoxes(kName, "a", a), requireBoxes(kName, "b", b), kind,
          gradientOverlap->data,       dataOf<void>(gradientA),     dataOf<void>(gradientB)};
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  return args.a.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<BoxIouArgs> box_iouImplementations() {
  static const HostImplementations<BoxIouArgs> table(boxIouCpuTable, cpuAccepts<BoxIouArgs>,
                                                     boxIouCpuWorkspaceBytes, boxIouReference);
  return table;
}

Implementations<BoxIouArgs> box_iou_pairedImplementations() {
  static const HostImplementations<BoxIouArgs> table(boxIouPairedCpuTable, cpuAccepts<BoxIouArgs>,
                                                     nullptr, boxIouPairedReference);
  return table;
}

Implementations<BoxIouGradientArgs> box_iou_gradientImplementations() {
  static const HostImplementations<BoxIouGradientArgs> table(
      boxIouGradientCpuTable, cpuAccepts<BoxIouGradientArgs>, nullptr, boxIouGradientReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_box_iou_plan(vk_context* context, const vk_view* a, const vk_view* b,
                          vk_box_overlap kind, const vk_view* overlap, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "box_iou", vk::box_iouImplementations(), vk::pairwise(a, b, kind, overlap),
               plan);
  });
}

vk_status vk_box_iou(vk_context* context, const vk_plan* plan, const vk_view* a, const vk_view* b,
                     vk_box_overlap kind, const vk_view* workspace, const vk_view* overlap) {
  return vk::guarded(context, [&] {
    vk::run(*context, "box_iou", vk::box_iouImplementations(), vk::pairwise(a, b, kind, overlap),
            plan, workspace);
  });
}

vk_status vk_box_iou_paired_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                 vk_box_overlap kind, const vk_view* overlap, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "box_iou_paired", vk::box_iou_pairedImplementations(),
               vk::paired(a, b, kind, overlap), plan);
  });
}

vk_status vk_box_iou_paired(vk_context* context, const vk_plan* plan, const vk_view* a,
                            const vk_view* b, vk_box_overlap kind, const vk_view* workspace,
                            const vk_view* overlap) {
  return vk::guarded(context, [&] {
    vk::run(*context, "box_iou_paired", vk::box_iou_pairedImplementations(),
            vk::paired(a, b, kind, overlap), plan, workspace);
  });
}

vk_status vk_box_iou_gradient_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                   vk_box_overlap kind, const vk_view* gradient_overlap,
                                   const vk_view* gradient_a, const vk_view* gradient_b,
                                   vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, "box_iou_gradient", vk::box_iou_gradientImplementations(),
               vk::gradient(a, b, kind, gradient_overlap, gradient_a, gradient_b), plan);
  });
}

vk_status vk_box_iou_gradient(vk_context* context, const vk_plan* plan, const vk_view* a,
                              const vk_view* b, vk_box_overlap kind,
                              const vk_view* gradient_overlap, const vk_view* workspace,
                              const vk_view* gradient_a, const vk_view* gradient_b) {
  return vk::guarded(context, [&] {
    vk::run(*context, "box_iou_gradient", vk::box_iou_gradientImplementations(),
            vk::gradient(a, b, kind, gradient_overlap, gradient_a, gradient_b), plan, workspace);
  });
}

}  // extern "C"
