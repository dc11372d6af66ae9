#include <cmath>

#include "cases/case.h"
#include "voxkern/sampling.h"

namespace vk::cases {
namespace {

/** Shapes from one case line. */
struct Grid {
  Sizes theta, grid;
  int32_t align;

  explicit Grid(const CaseLine& line) : align(line.flag("align", false) ? 1 : 0) {
    Sizes shape = line.sizes("shape");
    if (line.flag("flat", false)) shape.erase(shape.begin());
    const int64_t axes = int64_t(shape.size());
    const int64_t batch = line.integer("n", 1);
    theta = {batch, axes, axes + 1};
    grid = {batch};
    grid.insert(grid.end(), shape.begin(), shape.end());
    grid.push_back(axes);
  }
};

Run forward(const Grid& shapes, const Buffer& theta, Case& test) {
  return [&](Call& call) {
    const vk_view* grid = call.output("grid", test.type(), shapes.grid, {.absolute = 2e-6});
    vk_plan plan{};
    call.ok(vk_affine_grid_plan(call.context(), theta.view(), shapes.align, grid, &plan));
    call.ok(vk_affine_grid(call.context(), &plan, theta.view(), shapes.align, call.workspace(plan),
                           grid));
  };
}

}  // namespace

void affine_gridCase(Case& test) {
  const Grid shapes(test.line());
  Buffer& theta = test.uniform("theta", shapes.theta, -1.5, 1.5);
  test.spoil(theta);
  test.run(forward(shapes, theta, test));
}

void affine_grid_gradientCase(Case& test) {
  const Grid shapes(test.line());
  Buffer& upstream = test.uniform("upstream", shapes.grid, -1, 1);
  Buffer& theta = test.uniform("theta", shapes.theta, -1, 1);
  test.spoil(upstream);
  // Of the sum of magnitudes, which the sums themselves may be far below.
  const double voxels = double(upstream.count()) / double(shapes.theta[0] * shapes.theta[1] + 1);
  const Run gradient = [&](Call& call) {
    const vk_view* out =
        call.output("gradient", test.type(), shapes.theta, {.absolute = 1e-6 * (voxels + 1)});
    vk_plan plan{};
    call.ok(
        vk_affine_grid_gradient_plan(call.context(), upstream.view(), shapes.align, out, &plan));
    call.ok(vk_affine_grid_gradient(call.context(), &plan, upstream.view(), shapes.align,
                                    call.workspace(plan), out));
  };
  test.run(gradient);
  if (test.line().has("hostile") || test.line().has("expect")) return;
  const Run grid = forward(shapes, theta, test);
  const Buffer& result = test.reference(gradient).result("gradient");
  test.checkAdjoint(test.reference(grid).result("grid"), upstream, theta, result);
  if (!test.line().flag("differences", false)) return;
  test.checkGradient("dL/dtheta", theta, result,
                     [&] { return dot(test.reference(grid).result("grid"), upstream); },
                     {.step = 1e-3, .tolerance = 1e-9});
}

}  // namespace vk::cases
