#include "box_matcher/box_matcher.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "box_matcher";
constexpr const char* kAtss = "box_matcher_atss";

void requireResults(const char* operation, const Boxes& anchors, const vk_view* matches,
                    const vk_view* overlaps) {
  requireVector(operation, "matches", matches, VK_I64, anchors.count);
  if (present(overlaps)) {
    requireVector(operation, "overlaps", overlaps, anchors.type, anchors.count);
  }
}

BoxMatcherArgs checked(const vk_view* anchors, const vk_view* boxes,
                       const vk_box_matcher_params* params, const vk_view* matches,
                       const vk_view* overlaps) {
  if (params == nullptr || params->struct_size != sizeof(vk_box_matcher_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kName);
  }
  if (!(params->foreground > 0 && params->foreground <= 1 && params->background >= 0 &&
        params->background <= params->foreground)) {
    invalidArgument(
        "%s: foreground from an IoU of %g, background below %g, expected 0 to 1 and "
        "no more than that",
        kName, params->foreground, params->background);
  }
  const Boxes list = requireBoxes(kName, "anchors", anchors);
  const Boxes truth = requireBoxesLike(kName, "boxes", boxes, "anchors", *anchors);
  requireResults(kName, list, matches, overlaps);
  return {list,
          truth,
          params->foreground,
          params->background,
          params->best_of_each_box != 0,
          dataOf<int64_t>(matches),
          dataOf<void>(overlaps)};
}

BoxMatcherAtssArgs checkedAtss(const vk_view* anchors, const vk_view* boxes,
                               const int64_t* levelSizes, int32_t levels,
                               const vk_box_matcher_atss_params* params, const vk_view* matches,
                               const vk_view* overlaps) {
  if (params == nullptr || params->struct_size != sizeof(vk_box_matcher_atss_params)) {
    invalidArgument("%s: the parameters are missing or of another version", kAtss);
  }
  if (params->candidates < 1 || !(params->least_distance >= 0)) {
    invalidArgument(
        "%s: %d candidates a level, centres %g inside, expected 1 or more and 0 or more", kAtss,
        params->candidates, params->least_distance);
  }
  const Boxes list = requireBoxes(kAtss, "anchors", anchors);
  const Boxes truth = requireBoxesLike(kAtss, "boxes", boxes, "anchors", *anchors);
  int64_t left = list.count;
  for (int32_t level = 0; level < levels && levelSizes != nullptr; ++level) {
    // A size beyond what is left would overflow the sum of many.
    if (levelSizes[level] < 0 || levelSizes[level] > left) left = -1;
    if (left < 0) break;
    left -= levelSizes[level];
  }
  if (levels < 0 || (levels > 0 && levelSizes == nullptr) || left != 0) {
    invalidArgument("%s: the sizes of %d levels do not add up to anchors %s", kAtss, levels,
                    describe(*anchors).c_str());
  }
  requireResults(kAtss, list, matches, overlaps);
  return {list,
          truth,
          levelSizes,
          levels,
          params->candidates,
          params->least_distance,
          dataOf<int64_t>(matches),
          dataOf<void>(overlaps)};
}

template <class Args>
Refusal cpuAccepts(const Args& args) {
  const Refusal refusal = takesFewBoxesOfF32(args.anchors);
  return refusal.empty() ? takesFewBoxesOfF32(args.boxes) : refusal;
}

}  // namespace

Implementations<BoxMatcherArgs> box_matcherImplementations() {
  static const HostImplementations<BoxMatcherArgs> table(
      boxMatcherCpuTable, cpuAccepts<BoxMatcherArgs>, boxMatcherCpuWorkspaceBytes,
      boxMatcherReference);
  return table;
}

Implementations<BoxMatcherAtssArgs> box_matcher_atssImplementations() {
  static const HostImplementations<BoxMatcherAtssArgs> table(
      boxMatcherAtssCpuTable, cpuAccepts<BoxMatcherAtssArgs>, boxMatcherAtssCpuWorkspaceBytes,
      boxMatcherAtssReference);
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_box_matcher_plan(vk_context* context, const vk_view* anchors, const vk_view* boxes,
                              const vk_box_matcher_params* params, const vk_view* matches,
                              const vk_view* overlaps, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kName, vk::box_matcherImplementations(),
               vk::checked(anchors, boxes, params, matches, overlaps), plan);
  });
}

vk_status vk_box_matcher(vk_context* context, const vk_plan* plan, const vk_view* anchors,
                         const vk_view* boxes, const vk_box_matcher_params* params,
                         const vk_view* workspace, const vk_view* matches,
                         const vk_view* overlaps) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kName, vk::box_matcherImplementations(),
            vk::checked(anchors, boxes, params, matches, overlaps), plan, workspace);
  });
}

vk_status vk_box_matcher_atss_plan(vk_context* context, const vk_view* anchors,
                                   const vk_view* boxes, const int64_t* level_sizes,
                                   int32_t level_count, const vk_box_matcher_atss_params* params,
                                   const vk_view* matches, const vk_view* overlaps, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::choose(*context, vk::kAtss, vk::box_matcher_atssImplementations(),
               vk::checkedAtss(anchors, boxes, level_sizes, level_count, params, matches, overlaps),
               plan);
  });
}

vk_status vk_box_matcher_atss(vk_context* context, const vk_plan* plan, const vk_view* anchors,
                              const vk_view* boxes, const int64_t* level_sizes, int32_t level_count,
                              const vk_box_matcher_atss_params* params, const vk_view* workspace,
                              const vk_view* matches, const vk_view* overlaps) {
  return vk::guarded(context, [&] {
    vk::run(*context, vk::kAtss, vk::box_matcher_atssImplementations(),
            vk::checkedAtss(anchors, boxes, level_sizes, level_count, params, matches, overlaps),
            plan, workspace);
  });
}

}  // extern "C"
