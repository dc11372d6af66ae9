#include <cstring>

#include "cases/case.h"
#include "voxkern/tensor.h"

namespace vk::cases {
namespace {

/** A strided view of a buffer: `PREFIX_order=201` is the order of the axes in memory, slowest
 * first, `PREFIX_step=1,-2,0` the step along each axis in elements of its own; gaps=yes leaves one
 * element out at the end of each. */
struct Layout {
  Sizes sizes;
  std::vector<int64_t> strides;
  int64_t offset = 0;
  int64_t elements = 1;

  Layout(const CaseLine& line, const std::string& prefix, const Sizes& of) : sizes(of) {
    const size_t rank = sizes.size();
    const std::string order = line.word(prefix + "_order", std::string("01234567").substr(0, rank));
    const std::vector<double> steps = line.numbers(prefix + "_step", rank, 1);
    const bool gaps = line.flag("gaps", false);
    strides.assign(rank, 0);
    for (size_t i = rank; i-- > 0;) {
      const auto axis = static_cast<size_t>(order[i] - '0');
      const auto step = static_cast<int64_t>(steps[axis]);
      strides[axis] = step * elements;
      if (step == 0 || sizes[axis] == 0) continue;
      const int64_t reach = (sizes[axis] - 1) * std::abs(step);
      if (step < 0) offset += reach * elements;
      elements *= reach + 1 + (gaps ? 1 : 0);
    }
  }

  vk_view of(const vk_view& buffer, vk_element_type type) const {
    vk_view view = buffer;
    if (buffer.data != nullptr) {
      view.data = static_cast<char*>(buffer.data) + offset * sizeOf(type);
    }
    view.rank = static_cast<int32_t>(sizes.size());
    for (size_t i = 0; i < sizes.size(); ++i) {
      view.sizes[i] = sizes[i];
      view.strides[i] = strides[i];
    }
    return view;
  }
};

}  // namespace

void copy_stridedCase(Case& test) {
  const CaseLine& line = test.line();
  const Sizes sizes = line.sizes("shape");
  const Layout from(line, "in", sizes);
  // to= gives the output another shape, which must be refused.
  const Layout to(line, "out", line.has("to") ? line.sizes("to") : sizes);
  const Buffer& input = test.integers("input", {from.elements}, 0, 100);
  test.run([&](Call& call) {
    const vk_view* output = call.output("output", test.type(), {to.elements}, {});
    // What lies between the view's elements must stay as it is.
    if (output->data != nullptr) {
      std::memset(output->data, 7, static_cast<size_t>(to.elements * sizeOf(test.type())));
    }
    const vk_view source = from.of(*input.view(), test.type());
    const vk_view target = to.of(*output, test.type());
    vk_plan plan{};
    call.ok(vk_copy_strided_plan(call.context(), &source, &target, &plan));
    call.ok(vk_copy_strided(call.context(), &plan, &source, call.workspace(plan), &target));
  });
}

}  // namespace vk::cases
