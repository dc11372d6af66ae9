#include "cases/case.h"
#include "voxkern/detection.h"

namespace vk::cases {

void anchorsCase(Case& test) {
  const CaseLine& line = test.line();
  const int64_t dimensions = line.integer("dims", 3);
  const int64_t shapes = line.integer("shapes", 3);
  Buffer& extents = test.uniform("extents", {shapes, dimensions}, 1, 60);
  test.spoil(extents);
  vk_anchors_params params{};
  params.struct_size = sizeof params;
  const Sizes grid = line.sizes("shape");
  const std::vector<double> stride = line.numbers("stride", 3, 8);
  const std::vector<double> offset = line.numbers("offset", 3, 0.5);
  int64_t places = 1;
  for (size_t axis = 0; axis < 3; ++axis) {
    params.grid[axis] = grid[2 - axis];
    params.stride[axis] = stride[axis];
    params.offset[axis] = offset[axis];
    places *= grid[axis];
  }
  test.run([&](Call& call) {
    const vk_view* anchors =
        call.output("anchors", test.type(), {places * shapes, 2 * dimensions}, {});
    vk_plan plan{};
    call.ok(vk_anchors_plan(call.context(), extents.view(), &params, anchors, &plan));
    call.ok(
        vk_anchors(call.context(), &plan, extents.view(), &params, call.workspace(plan), anchors));
  });
}

}  // namespace vk::cases
