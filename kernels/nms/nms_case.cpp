#include <limits>

#include "nms/scored_case.h"
#include "voxkern/detection.h"

namespace vk::cases {
namespace {

struct Scored {
  const Buffer& boxes;
  const Buffer& scores;
  const Buffer& classes;
};

vk_nms_params paramsOf(const CaseLine& line) {
  vk_nms_params params{};
  params.struct_size = sizeof params;
  params.iou_threshold = line.number("iou", 0.5);
  params.score_threshold = line.number("score", -std::numeric_limits<double>::infinity());
  params.max_outputs = line.integer("most", 0);
  params.max_outputs_per_class = line.integer("most_of_class", 0);
  return params;
}

struct Kept {
  std::vector<int64_t> indices;
  int64_t count;
};

/** One run on a context of its own, without the harness. */
Kept keptOn(vk_context* context, const Scored& input, const vk_nms_params& params) {
  const int64_t n = input.scores.count();
  const int64_t capacity = params.max_outputs > 0 ? std::min(n, params.max_outputs) : n;
  Buffer indices("kept", VK_I64, {capacity}, 8, 0x7F);
  vk_plan plan{};
  int64_t count = -1;
  const auto ok = [](vk_status status) {
    if (status != VK_OK) throw CaseFailed{vk_last_error()};
  };
  ok(vk_nms_plan(context, input.boxes.view(), input.scores.view(), input.classes.view(), &params,
                 indices.view(), &plan));
  const Buffer workspace("workspace", VK_U8, {plan.workspace_bytes}, 0, 0xFF);
  ok(vk_nms(context, &plan, input.boxes.view(), input.scores.view(), input.classes.view(), &params,
            workspace.view(), indices.view(), &count));
  if (!indices.guardDamage().empty()) throw CaseFailed{indices.guardDamage()};
  return {{indices.as<int64_t>(), indices.as<int64_t>() + capacity}, count};
}

/** A random problem of its own for each seed: sizes, thresholds, ties, degenerate boxes. */
void compareRandomProblems(Case& test, int64_t problems) {
  vk_context* contexts[4] = {};
  const vk_isa isas[] = {VK_ISA_PORTABLE, VK_ISA_AVX2, VK_ISA_AVX512};
  const vk_context_options slow{
      sizeof(vk_context_options), VK_BACKEND_REFERENCE, VK_ISA_AUTO, 1, 0, 0};
  int fast = 0;
  if (vk_context_create(&slow, &contexts[3]) != VK_OK) throw CaseFailed{vk_last_error()};
  for (const vk_isa isa : isas) {
    const vk_context_options options{sizeof(vk_context_options), VK_BACKEND_CPU, isa, 2, 0, 0};
    if (vk_context_create(&options, &contexts[fast]) == VK_OK) ++fast;
  }
  for (int64_t problem = 0; problem < problems; ++problem) {
    SplitMix64 random(test.line().seed() + static_cast<uint64_t>(problem), "problem");
    const int64_t dimensions = 2 + random.below(2);
    const int64_t n = random.below(random.below(8) == 0 ? 300 : 40);
    const int64_t classes = random.below(3) == 0 ? 1 + random.below(5) : 0;
    const double spread = random.uniform(0.05, 0.6);
    const std::string text = std::string("nms exact=") + (random.below(2) == 0 ? "yes" : "no") +
                             " degenerate=" + (random.below(2) == 0 ? "yes" : "no") +
                             " clusters=" + std::to_string(random.below(6)) +
                             " span=" + std::to_string(20 + random.below(100)) +
                             " size_low=1 size_high=" + std::to_string(2 + random.below(60)) +
                             " jitter=" + std::to_string(spread) +
                             " steps=" + std::to_string(1 + random.below(50));
    const CaseLine line(text);
    Buffer boxes("boxes", VK_F32, {n, 2 * dimensions}, 4, 0);
    Buffer scores("scores", VK_F32, {n}, 4, 0);
    Buffer none, some("classes", VK_I64, {n}, 8, 0);
    drawBoxes(line, random, boxes, n, dimensions);
    drawScores(line, random, scores);
    drawClasses(random, classes > 0 ? classes : 1, some);
    if (n > 0 && random.below(4) == 0) {
      boxes.set(random.below(boxes.count()), std::numeric_limits<double>::quiet_NaN());
      scores.set(random.below(n), std::numeric_limits<double>::quiet_NaN());
    }
    vk_nms_params params{};
    params.struct_size = sizeof params;
    params.iou_threshold = random.below(10) == 0 ? 0 : random.uniform();
    params.score_threshold = random.uniform(-0.5, 0.5);
    params.max_outputs = random.below(3) == 0 ? random.below(20) : 0;
    params.max_outputs_per_class = random.below(4) == 0 ? random.below(6) : 0;
    const Scored input{boxes, scores, classes > 0 ? some : none};
    const Kept expected = keptOn(contexts[3], input, params);
    const Kept got = keptOn(contexts[problem % fast], input, params);
    test.expect(got.count == expected.count && got.indices == expected.indices,
                "problem %lld (%lld boxes, IoU %g, %s): keeps others than the reference",
                static_cast<long long>(problem), static_cast<long long>(n), params.iou_threshold,
                text.c_str());
  }
  for (vk_context* context : contexts) vk_context_destroy(context);
}

}  // namespace

void nmsCase(Case& test) {
  const CaseLine& line = test.line();
  const ScoredBoxes input(test);
  const vk_nms_params params = paramsOf(line);
  test.run([&](Call& call) {
    const int64_t capacity =
        params.max_outputs > 0 ? std::min(input.n, params.max_outputs) : input.n;
    const vk_view* kept = call.output("kept", VK_I64, {capacity}, {});
    double* keptCount = call.value("count", {});
    vk_plan plan{};
    int64_t count = -1;
    call.ok(vk_nms_plan(call.context(), input.boxes.view(), input.scores.view(),
                        input.classes.view(), &params, kept, &plan));
    call.ok(vk_nms(call.context(), &plan, input.boxes.view(), input.scores.view(),
                   input.classes.view(), &params, call.workspace(plan), kept, &count));
    *keptCount = static_cast<double>(count);
  });
  const int64_t problems = line.integer("problems", 0);
  if (problems > 0) compareRandomProblems(test, problems);
}

}  // namespace vk::cases
