#include "box_iou/box_case.h"

namespace vk::cases {
namespace {

vk_box_coder_params paramsOf(const CaseLine& line) {
  vk_box_coder_params params{};
  params.struct_size = sizeof params;
  const std::vector<double> weights = line.numbers("weights", 6, 1);
  for (size_t i = 0; i < 6; ++i) params.weights[i] = weights[i];
  params.log_scale_limit = line.number("limit", 4.135);
  return params;
}

Sizes sizesOf(const CaseLine& line) { return {line.integer("n", 1), 2 * line.integer("dims", 3)}; }

constexpr Bound kBound{.relative = 1e-6, .absolute = 1e-5};

Run decode(Case& test, const Buffer& deltas, const Buffer& anchors,
           const vk_box_coder_params& params) {
  return [&](Call& call) {
    const vk_view* boxes = call.output("boxes", test.type(), sizesOf(test.line()), kBound);
    vk_plan plan{};
    call.ok(vk_box_coder_decode_plan(call.context(), deltas.view(), anchors.view(), &params, boxes,
                                     &plan));
    call.ok(vk_box_coder_decode(call.context(), &plan, deltas.view(), anchors.view(), &params,
                                call.workspace(plan), boxes));
  };
}

}  // namespace

void box_coder_encodeCase(Case& test) {
  const CaseLine& line = test.line();
  Buffer& boxes = boxInput(test, "boxes", line.integer("n", 1));
  Buffer& anchors = boxInput(test, "anchors", line.integer("n", 1));
  test.spoil(boxes);
  const vk_box_coder_params params = paramsOf(line);
  test.run([&](Call& call) {
    const vk_view* deltas = call.output("deltas", test.type(), sizesOf(line), kBound);
    vk_plan plan{};
    call.ok(vk_box_coder_encode_plan(call.context(), boxes.view(), anchors.view(), &params, deltas,
                                     &plan));
    call.ok(vk_box_coder_encode(call.context(), &plan, boxes.view(), anchors.view(), &params,
                                call.workspace(plan), deltas));
  });
  if (!line.flag("round_trip", false)) return;
  // Decoding what was encoded gives the boxes back.
  const Call& encoded = test.reference([&](Call& call) {
    const vk_view* deltas = call.output("deltas", test.type(), sizesOf(line), {});
    vk_plan plan{};
    call.ok(vk_box_coder_encode_plan(call.context(), boxes.view(), anchors.view(), &params, deltas,
                                     &plan));
    call.ok(vk_box_coder_encode(call.context(), &plan, boxes.view(), anchors.view(), &params,
                                call.workspace(plan), deltas));
  });
  const Call& decoded = test.reference(decode(test, encoded.result("deltas"), anchors, params));
  const std::string text = difference(decoded.result("boxes"), boxes, {.absolute = 1e-10});
  test.expect(text.empty(), "decoding what was encoded gives others: %s", text.c_str());
}

void box_coder_decodeCase(Case& test) {
  const CaseLine& line = test.line();
  Buffer& deltas = test.uniform("deltas", sizesOf(line), -2, 2);
  Buffer& anchors = boxInput(test, "anchors", line.integer("n", 1));
  test.spoil(deltas);
  const vk_box_coder_params params = paramsOf(line);
  test.run(decode(test, deltas, anchors, params));
}

void box_coder_gradientCase(Case& test) {
  const CaseLine& line = test.line();
  Buffer& deltas = test.uniform("deltas", sizesOf(line), -2, 2);
  Buffer& anchors = boxInput(test, "anchors", line.integer("n", 1));
  Buffer& from = test.uniform("gradient_boxes", sizesOf(line), -1, 1);
  test.spoil(deltas);
  const vk_box_coder_params params = paramsOf(line);
  const Run gradient = [&](Call& call) {
    const vk_view* to = call.output("gradient_deltas", test.type(), sizesOf(line), kBound);
    vk_plan plan{};
    call.ok(vk_box_coder_gradient_plan(call.context(), deltas.view(), anchors.view(), from.view(),
                                       &params, to, &plan));
    call.ok(vk_box_coder_gradient(call.context(), &plan, deltas.view(), anchors.view(), from.view(),
                                  &params, call.workspace(plan), to));
  };
  test.run(gradient);
  if (!line.flag("differences", false)) return;
  const Call& analytic = test.reference(gradient);
  test.checkGradient("dboxes/ddeltas", deltas, analytic.result("gradient_deltas"),
                     [&] {
                       const Buffer& boxes =
                           test.reference(decode(test, deltas, anchors, params)).result("boxes");
                       double sum = 0;
                       for (int64_t i = 0; i < boxes.count(); ++i) {
                         sum += from.get(i) * boxes.get(i);
                       }
                       return sum;
                     },
                     {.step = 1e-5, .tolerance = 1e-7});
}

void box_coder_clipCase(Case& test) {
  const CaseLine& line = test.line();
  Buffer& boxes = boxInput(test, "boxes", line.integer("n", 1));
  test.spoil(boxes);
  const std::vector<double> extent = line.numbers("extent", 3, 50);
  test.run([&](Call& call) {
    const vk_view* clipped = call.output("clipped", test.type(), sizesOf(line), {});
    vk_plan plan{};
    call.ok(vk_box_coder_clip_plan(call.context(), boxes.view(), extent.data(), clipped, &plan));
    call.ok(vk_box_coder_clip(call.context(), &plan, boxes.view(), extent.data(),
                              call.workspace(plan), clipped));
  });
}

}  // namespace vk::cases
