#include <cmath>

#include "gather/indexing_case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

const char* const kModes[] = {"replace", "add", "multiply", "min", "max"};

}  // namespace

void scatterCase(Case& test) {
  const CaseLine& line = test.line();
  const IndexingSetup setup(test);
  const std::string name = line.word("mode", "");
  size_t which = 0;
  while (which < std::size(kModes) && name != kModes[which]) ++which;
  const auto mode = static_cast<vk_scatter_mode>(which);
  const bool whole = line.flag("whole", true);
  const Buffer absent;
  const Buffer& data = !line.flag("data", true) ? absent
                       : whole                  ? test.integers("data", setup.data, -9, 9)
                                                : test.uniform("data", setup.data, -2, 2);
  Buffer& updates = whole ? test.integers("updates", setup.picked, -9, 9)
                          : test.uniform("updates", setup.picked, -2, 2);
  test.spoil(updates);
  const Run scatter = [&](Call& call) {
    const vk_view* output = call.output(
        "output", test.type(), setup.data,
        {.relative = mode == VK_SCATTER_MULTIPLY ? 1e-5 : 0, .ofLargest = whole ? 0 : 1e-6});
    vk_plan plan{};
    call.ok(vk_scatter_plan(call.context(), data.view(), setup.indices->view(), updates.view(),
                            setup.kind, setup.axis, mode, output, &plan));
    call.ok(vk_scatter(call.context(), &plan, data.view(), setup.indices->view(), updates.view(),
                       setup.kind, setup.axis, mode, call.workspace(plan), output));
  };
  test.run(scatter);
  if (test.type() != VK_F64 || data.present() || mode != VK_SCATTER_ADD) return;
  // Adding into zeros is the transposed map of gather, and its gradient.
  Buffer& source = test.uniform("source", setup.data, -1, 1);
  const auto gathered = [&](Call& call) {
    const vk_view* output = call.output("gathered", test.type(), setup.picked, {});
    vk_plan plan{};
    call.ok(vk_gather_plan(call.context(), source.view(), setup.indices->view(), setup.kind,
                           setup.axis, output, &plan));
    call.ok(vk_gather(call.context(), &plan, source.view(), setup.indices->view(), setup.kind,
                      setup.axis, call.workspace(plan), output));
  };
  const Buffer& back = test.reference(scatter).result("output");
  test.checkAdjoint(test.reference(gathered).result("gathered"), updates, source, back);
  if (!line.flag("differences", false)) return;
  test.checkGradient("d gather", source, back,
                     [&] { return dot(test.reference(gathered).result("gathered"), updates); },
                     {.step = 1e-3, .tolerance = 1e-9});
}

}  // namespace vk::cases
