#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

vk_interpolation interpolationOf(const CaseLine& line) {
  const std::string word = line.word("interpolation", "linear");
  return word == "nearest" ? VK_NEAREST : word == "linear" ? VK_LINEAR : VK_CUBIC_BSPLINE;
}

vk_border borderOf(const CaseLine& line) {
  const std::string word = line.word("border", "constant");
  if (word == "clamp") return VK_BORDER_CLAMP;
  if (word == "mirror") return VK_BORDER_MIRROR;
  return word == "periodic" ? VK_BORDER_PERIODIC : VK_BORDER_CONSTANT;
}

/** What the four operations take, from one case line. */
struct Warp {
  Case& test;
  Sizes moving, output;
  int64_t channels, points;
  vk_element_type coordinates;
  vk_warp3d_params params{};
  Buffer *map = nullptr, *displacement = nullptr, *list = nullptr;
  Buffer none;

  explicit Warp(Case& aTest) : test(aTest) {
    const CaseLine& line = test.line();
    moving = line.sizes("shape");
    output = line.sizes("out", line.word("shape", ""));
    channels = line.integer("channels", 0);
    points = line.integer("points", -1);
    coordinates = test.type() == VK_F64 ? VK_F64 : VK_F32;
    params.struct_size = sizeof params;
    params.interpolation = interpolationOf(line);
    params.border = borderOf(line);
    params.fill_value = line.word("fill", "0") == "nan" ? std::nan("") : line.number("fill", 0);
    const double amount = line.number("amount", 0.2);
    const std::vector<double> values =
        test.affine("index_map", output, amount, line.number("shift", 1.5));
    map = &test.input("index_map", VK_F64, {12});
    for (int64_t i = 0; i < 12; ++i) {
      // About the middle of the output, taken to the middle of the moving image.
      const bool translation = i % 4 == 3;
      const size_t axis = size_t(2 - i / 4);
      const double centres = 0.5 * double(moving[axis] - output[axis]);
      map->set(i, values[size_t(i)] + (translation ? centres : 0));
    }
    const std::vector<double> direction = line.numbers("displacement_map", 9, 0);
    for (size_t i = 0; i < 9; ++i) {
      params.displacement_map[i] =
          line.has("displacement_map") ? direction[i] : (i % 4 == 0 ? 1 : 0);
    }
    if (points >= 0) {
      list = &random("points", {3, points}, -2, 2);
      for (int64_t i = 0; i < list->count(); ++i) {
        // -2 to 2 becomes a little more than the output grid.
        const size_t axis = size_t(2 - i / points);
        list->set(i, 0.5 * double(output[axis] - 1) * (1 + 0.6 * list->get(i)));
      }
    }
    const double reach = line.number("displacement", 0);
    if (reach > 0) {
      displacement = &random("displacement", domain(3), -reach, reach);
      if (line.flag("nan_displacement", false)) displacement->set(0, std::nan(""));
    }
  }

  /** Uniform, of the type positions have. */
  Buffer& random(const std::string& name, const Sizes& sizes, double low, double high) {
    Buffer& buffer = test.input(name, coordinates, sizes);
    SplitMix64 numbers(test.line().seed(), name);
    for (int64_t i = 0; i < buffer.count(); ++i) buffer.set(i, numbers.uniform(low, high));
    return buffer;
  }

  /** The output's shape with a size in front; none for 0. */
  Sizes domain(int64_t front) const {
    Sizes sizes = points >= 0 ? Sizes{points} : output;
    if (front > 0) sizes.insert(sizes.begin(), front);
    return sizes;
  }
  Sizes image() const {
    Sizes sizes = moving;
    if (channels > 0) sizes.insert(sizes.begin(), channels);
    return sizes;
  }
  Buffer& movingImage() {
    const bool whole = test.type() != VK_F32 && test.type() != VK_F64;
    Buffer& buffer = whole ? test.integers("moving", image(), 0, 100)
                     : test.line().word("image", "random") == "smooth"
                         ? test.smooth("moving", image(), 4, -100, 100)
                         : test.uniform("moving", image(), -100, 100);
    test.spoil(buffer);
    return buffer;
  }

  const vk_view* u() const { return displacement != nullptr ? displacement->view() : none.view(); }
  const vk_view* at() const { return list != nullptr ? list->view() : none.view(); }
  /** With the map as it is now, so that differences can be taken in it. */
  const vk_warp3d_params* now() {
    for (int64_t i = 0; i < 12; ++i) params.index_map[i] = map->get(i);
    return &params;
  }
};

double lossOf(const Buffer& warped, const Buffer& upstream, const Buffer& mask) {
  double sum = 0;
  for (int64_t i = 0; i < warped.count(); ++i) {
    const bool counts = !mask.present() || mask.get(i % mask.count()) != 0;
    if (counts) sum += warped.get(i) * upstream.get(i);
  }
  return sum;
}

Run forward(Warp& warp, const Buffer& moving, const Buffer& movingMask, const Buffer& domainMask) {
  return [&](Call& call) {
    // A rounded position may change the side of an edge or, in f32 rows, of a half voxel.
    const bool exact = warp.params.interpolation == VK_NEAREST;
    const Bound bound =
        exact ? Bound{} : Bound{.relative = 2e-6, .ofLargest = 1e-5, .outliers = 0.002};
    const vk_view* warped =
        call.output("warped", warp.test.type(), warp.domain(warp.channels), bound);
    const vk_view* inside =
        call.output("inside", VK_U8, warp.domain(0), {.outliers = exact ? 0 : 0.002});
    vk_plan plan{};
    call.ok(vk_warp3d_plan(call.context(), moving.view(), movingMask.view(), domainMask.view(),
                           warp.u(), warp.at(), warp.now(), warped, inside, &plan));
    call.ok(vk_warp3d(call.context(), &plan, moving.view(), movingMask.view(), domainMask.view(),
                      warp.u(), warp.at(), warp.now(), warped, inside, call.workspace(plan)));
  };
}

}  // namespace

void warp3dCase(Case& test) {
  Warp warp(test);
  const Buffer& moving = warp.movingImage();
  const Buffer& movingMask = test.mask("moving_mask", warp.moving);
  const Buffer& domainMask = test.mask("domain_mask", warp.domain(0));
  if (test.line().word("check", "") == "identity") {
    for (int64_t i = 0; i < 12; ++i) warp.map->set(i, i % 5 == 0 ? 1 : 0);
  }
  const Run run = forward(warp, moving, movingMask, domainMask);
  test.run(run);
  if (test.line().word("check", "") != "identity") return;
  const Buffer& warped = test.reference(run).result("warped");
  for (int64_t i = 0; i < warped.count(); ++i) {
    const bool same =
        warped.get(i) == moving.get(i) || (std::isnan(warped.get(i)) && std::isnan(moving.get(i)));
    test.expect(same, "voxel %lld becomes %.9g, expected %.9g", static_cast<long long>(i),
                warped.get(i), moving.get(i));
  }
}

void warp3d_gradient_linearCase(Case& test) {
  Warp warp(test);
  const Buffer& moving = warp.movingImage();
  const Buffer& upstream = test.uniform("upstream", warp.domain(warp.channels), -1, 1);
  const Buffer& mask = test.mask("mask", warp.domain(0));
  const Run run = [&](Call& call) {
    double* gradient = call.values("gradient", 12, {.relative = 1e-5, .ofLargest = 1e-5});
    vk_plan plan{};
    call.ok(vk_warp3d_gradient_linear_plan(call.context(), moving.view(), warp.u(), warp.at(),
                                           mask.view(), upstream.view(), warp.now(), &plan));
    call.ok(vk_warp3d_gradient_linear(call.context(), &plan, moving.view(), warp.u(), warp.at(),
                                      mask.view(), upstream.view(), warp.now(),
                                      call.workspace(plan), gradient));
  };
  test.run(run);
  if (!test.line().flag("differences", false)) return;
  const Call& analytic = test.reference(run);
  const Buffer none;
  const Run sample = forward(warp, moving, none, none);
  test.checkGradient(
      "dL/dmap", *warp.map, analytic.result("gradient"),
      [&] { return lossOf(test.reference(sample).result("warped"), upstream, mask); },
      {.step = 1e-8, .tolerance = 1e-5});
}

void warp3d_gradient_fieldCase(Case& test) {
  Warp warp(test);
  const Buffer& moving = warp.movingImage();
  const Buffer& upstream = test.uniform("upstream", warp.domain(warp.channels), -1, 1);
  const Buffer& mask = test.mask("mask", warp.domain(0));
  const Run run = [&](Call& call) {
    const vk_view* gradient = call.output("gradient", test.type(), warp.domain(3),
                                          {.relative = 2e-6, .ofLargest = 1e-5, .outliers = 0.002});
    vk_plan plan{};
    call.ok(vk_warp3d_gradient_field_plan(call.context(), moving.view(), warp.u(), warp.at(),
                                          mask.view(), upstream.view(), warp.now(), gradient,
                                          &plan));
    call.ok(vk_warp3d_gradient_field(call.context(), &plan, moving.view(), warp.u(), warp.at(),
                                     mask.view(), upstream.view(), warp.now(), gradient,
                                     call.workspace(plan)));
  };
  test.run(run);
  if (!test.line().flag("differences", false)) return;
  const Call& analytic = test.reference(run);
  const Buffer none;
  const Run sample = forward(warp, moving, none, none);
  test.checkGradient(
      "dL/du", *warp.displacement, analytic.result("gradient"),
      [&] { return lossOf(test.reference(sample).result("warped"), upstream, mask); },
      {.step = 1e-6, .tolerance = 1e-6});
}

void warp3d_gradient_imageCase(Case& test) {
  Warp warp(test);
  Buffer& upstream = test.uniform("upstream", warp.domain(warp.channels), -1, 1);
  test.spoil(upstream);
  const Buffer& mask = test.mask("mask", warp.domain(0));
  const Run run = [&](Call& call) {
    const vk_view* gradient = call.output("gradient", test.type(), warp.image(),
                                          {.relative = 2e-5, .ofLargest = 3e-5, .outliers = 0.002});
    vk_plan plan{};
    call.ok(vk_warp3d_gradient_image_plan(call.context(), warp.u(), warp.at(), mask.view(),
                                          upstream.view(), warp.now(), gradient, &plan));
    call.ok(vk_warp3d_gradient_image(call.context(), &plan, warp.u(), warp.at(), mask.view(),
                                     upstream.view(), warp.now(), gradient, call.workspace(plan)));
  };
  test.run(run);
  if (test.type() != VK_F64) return;
  const Buffer& moving = warp.movingImage();
  const Buffer none;
  Buffer& counted = test.input("counted", test.type(), warp.domain(warp.channels));
  for (int64_t i = 0; i < counted.count(); ++i) {
    const bool counts = !mask.present() || mask.get(i % mask.count()) != 0;
    counted.set(i, counts ? upstream.get(i) : 0);
  }
  test.checkAdjoint(test.reference(forward(warp, moving, none, none)).result("warped"), counted,
                    moving, test.reference(run).result("gradient"));
}

}  // namespace vk::cases
