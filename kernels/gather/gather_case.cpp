#include "gather/indexing_case.h"
#include "voxkern/tensor.h"

namespace vk::cases {

void gatherCase(Case& test) {
  const IndexingSetup setup(test);
  const Buffer& data = test.integers("data", setup.data, 0, 100);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), setup.picked, {});
    vk_plan plan{};
    call.ok(vk_gather_plan(call.context(), data.view(), setup.indices->view(), setup.kind,
                           setup.axis, output, &plan));
    call.ok(vk_gather(call.context(), &plan, data.view(), setup.indices->view(), setup.kind,
                      setup.axis, call.workspace(plan), output));
  });
}

}  // namespace vk::cases
