#include <cmath>

#include "cases/case.h"
#include "voxkern/registration.h"

namespace vk::cases {
namespace {

struct Level {
  vk_gaussian_params params{};
  Sizes input;
  Sizes output;

  explicit Level(const CaseLine& line)
      : params{sizeof(vk_gaussian_params), border(line), {}, {}, {}} {
    const Sizes shape = line.sizes("shape");
    const std::vector<double> sigma = line.numbers("sigma", 3, 1);
    const std::vector<double> factor = line.numbers("factor", 3, 1);
    const int64_t channels = line.integer("channels", 0);
    if (channels > 0) {
      input = {channels};
      output = {channels};
    }
    for (size_t axis = 3; axis-- > 0;) {
      const int64_t step = int64_t(factor[axis]);
      params.sigma[axis] = sigma[axis];
      params.factor[axis] = int32_t(step);
      // The convention of Geometry.shrink.
      params.offset[axis] = (factor[axis] - 1) / 2;
      input.push_back(shape[2 - axis]);
      output.push_back(step > 0 ? (shape[2 - axis] + step - 1) / step : 1);
    }
    if (line.has("offset")) {
      const std::vector<double> offset = line.numbers("offset", 3, 0);
      for (size_t axis = 0; axis < 3; ++axis) params.offset[axis] = offset[axis];
    }
    if (line.has("output")) {
      const Sizes wanted = line.sizes("output");
      std::copy(wanted.begin(), wanted.end(), output.end() - 3);
    }
  }

  static vk_gaussian_border border(const CaseLine& line) {
    const std::string word = line.word("border", "clamp");
    if (word == "clamp") return VK_GAUSSIAN_CLAMP;
    if (word == "renormalised") return VK_GAUSSIAN_RENORMALISED;
    if (word == "zero") return VK_GAUSSIAN_ZERO;
    throw CaseFailed{"border=" + word + ": expected clamp, renormalised or zero"};
  }
};

Run smoothing(const Level& level, const Buffer& image, const Buffer& mask) {
  return [&](Call& call) {
    const vk_view* smoothed =
        call.output("smoothed", image.type(), level.output, {.ofLargest = 2e-6});
    vk_plan plan{};
    call.ok(vk_gaussian_plan(call.context(), image.view(), mask.view(), &level.params, smoothed,
                             &plan));
    call.ok(vk_gaussian(call.context(), &plan, image.view(), mask.view(), &level.params,
                        call.workspace(plan), smoothed));
  };
}

/** Symmetric weights reproduce a linear function exactly, where they do not reach the border. */
void checkRamp(Case& test, const Level& level, Buffer& image, const Run& smooth) {
  const auto ramp = [](double x, double y, double z) { return 3 + 2 * x - y + 0.5 * z; };
  const Sizes& size = level.input;
  for (int64_t i = 0; i < image.count(); ++i) {
    image.set(i, ramp(double(i % size[2]), double(i / size[2] % size[1]),
                      double(i / (size[2] * size[1]))));
  }
  const Buffer& smoothed = test.reference(smooth).result("smoothed");
  for (int64_t i = 0; i < smoothed.count(); ++i) {
    const int64_t voxel[3] = {i % level.output[2], i / level.output[2] % level.output[1],
                              i / (level.output[2] * level.output[1])};
    double at[3];
    bool inside = true;
    for (int axis = 0; axis < 3; ++axis) {
      at[axis] = level.params.factor[axis] * double(voxel[axis]) + level.params.offset[axis];
      const double reach = std::ceil(4 * level.params.sigma[axis]);
      inside =
          inside && at[axis] >= reach && at[axis] + reach <= double(size[size_t(2 - axis)] - 1);
    }
    const double expected = ramp(at[0], at[1], at[2]);
    test.expect(
        !inside || std::fabs(smoothed.get(i) - expected) <= 1e-5 * (1 + std::fabs(expected)),
        "a linear image is not reproduced at element %lld: %.9g, expected %.9g",
        static_cast<long long>(i), smoothed.get(i), expected);
  }
}

}  // namespace

void gaussianCase(Case& test) {
  const Level level(test.line());
  const Sizes spatial(level.input.end() - 3, level.input.end());
  Buffer& image = test.uniform("image", level.input, -100, 100);
  const Buffer& mask = test.mask("mask", spatial);
  test.spoil(image);
  const Run smooth = smoothing(level, image, mask);
  const std::string check = test.line().word("check", "");
  if (check == "ramp") checkRamp(test, level, image, smooth);
  test.run(smooth);
  if (check == "constant") {
    for (int64_t i = 0; i < image.count(); ++i) image.set(i, 7);
    const Buffer& smoothed = test.reference(smooth).result("smoothed");
    for (int64_t i = 0; i < smoothed.count(); ++i) {
      const double expected = mask.present() && smoothed.get(i) == 0 ? 0 : 7;
      test.expect(std::fabs(smoothed.get(i) - expected) < 1e-5, "element %lld of 7 became %.9g",
                  static_cast<long long>(i), smoothed.get(i));
    }
  }
  if (check == "adjoint") {
    const Buffer& other = test.uniform("other", level.input, -1, 1);
    test.checkAdjoint(test.reference(smooth).result("smoothed"), other, image,
                      test.reference(smoothing(level, other, mask)).result("smoothed"));
  }
}

}  // namespace vk::cases
