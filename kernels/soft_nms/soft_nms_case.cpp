#include "nms/scored_case.h"

namespace vk::cases {

void soft_nmsCase(Case& test) {
  const CaseLine& line = test.line();
  const ScoredBoxes input(test);
  vk_soft_nms_params params{};
  params.struct_size = sizeof params;
  params.decay =
      line.word("decay", "linear") == "gaussian" ? VK_SOFT_NMS_GAUSSIAN : VK_SOFT_NMS_LINEAR;
  params.iou_threshold = line.number("iou", 0.3);
  params.sigma = line.number("sigma", 0.5);
  params.score_threshold = line.number("score", 0.001);
  params.max_outputs = line.integer("most", 0);
  test.run([&](Call& call) {
    const int64_t capacity =
        params.max_outputs > 0 ? std::min(input.n, params.max_outputs) : input.n;
    const vk_view* kept = call.output("kept", VK_I64, {capacity}, {});
    const vk_view* scores = call.output("kept_scores", test.type(), {capacity}, {});
    double* keptCount = call.value("count", {});
    vk_plan plan{};
    int64_t count = -1;
    call.ok(vk_soft_nms_plan(call.context(), input.boxes.view(), input.scores.view(),
                             input.classes.view(), &params, kept, scores, &plan));
    call.ok(vk_soft_nms(call.context(), &plan, input.boxes.view(), input.scores.view(),
                        input.classes.view(), &params, call.workspace(plan), kept, scores, &count));
    *keptCount = static_cast<double>(count);
  });
}

}  // namespace vk::cases
