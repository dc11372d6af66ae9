#include <algorithm>

#include "cases/case.h"
#include "voxkern/matmul.h"

namespace vk::cases {
namespace {

vk_matmul_params paramsOf(const CaseLine& line) {
  vk_matmul_params params{};
  params.struct_size = sizeof params;
  params.transpose_a = line.flag("ta", false);
  params.transpose_b = line.flag("tb", false);
  const std::string activation = line.word("activation", "none");
  params.activation = activation == "none"    ? VK_ACTIVATION_NONE
                      : activation == "relu"  ? VK_ACTIVATION_RELU
                      : activation == "leaky" ? VK_ACTIVATION_LEAKY_RELU
                                              : static_cast<vk_activation>(3);
  params.negative_slope = line.number("slope", 0.01);
  params.alpha = line.number("alpha", 1);
  params.beta = line.number("beta", 1);
  params.accuracy = line.number("accuracy", 0);
  return params;
}

int64_t fromEnd(const Sizes& sizes, size_t axis) {
  return axis < sizes.size() ? sizes[sizes.size() - 1 - axis] : 1;
}

/** Where the arguments make no sense, something for the operation to refuse. */
Sizes outputSizes(const Sizes& a, const Sizes& b, const vk_matmul_params& params) {
  Sizes sizes(std::max<size_t>(2, std::max(a.size(), b.size())));
  for (size_t axis = 2; axis < sizes.size(); ++axis) {
    sizes[sizes.size() - 1 - axis] = fromEnd(a, axis) == 1 ? fromEnd(b, axis) : fromEnd(a, axis);
  }
  sizes[sizes.size() - 2] = fromEnd(a, params.transpose_a ? 0 : 1);
  sizes[sizes.size() - 1] = fromEnd(b, params.transpose_b ? 1 : 0);
  return sizes;
}

void multiply(Call& call, const vk_view* a, const vk_view* b, const vk_view* c,
              const vk_matmul_params& params, const vk_view* output) {
  vk_plan plan{};
  const vk_view none{};
  call.ok(vk_matmul_plan(call.context(), a, b, c, &params, output, &plan));
  call.ok(vk_matmul(call.context(), &plan, a, b, &none, c, &params, call.workspace(plan), output));
}

/** The gradients are products with other transposes: against central differences. */
void checkGradients(Case& test, Buffer& a, Buffer& b, const vk_matmul_params& params,
                    const Sizes& sizes) {
  const Buffer& gradient = test.uniform("gradient", sizes, -1, 1);
  const Buffer none;
  const auto objective = [&] {
    const Call& call = test.reference([&](Call& run) {
      multiply(run, a.view(), b.view(), none.view(), params,
               run.output("product", test.type(), sizes, {}));
    });
    return dot(gradient, call.result("product"));
  };
  const auto product = [&](const Buffer& left, bool transposeLeft, const Buffer& right,
                           bool transposeRight, const Buffer& like) -> const Buffer& {
    vk_matmul_params other = params;
    other.transpose_a = transposeLeft;
    other.transpose_b = transposeRight;
    const vk_view* view = like.view();
    const Sizes ofResult(view->sizes, view->sizes + view->rank);
    return test
        .reference([&](Call& run) {
          multiply(run, left.view(), right.view(), none.view(), other,
                   run.output("product", test.type(), ofResult, {}));
        })
        .result("product");
  };
  const bool ta = params.transpose_a != 0;
  const bool tb = params.transpose_b != 0;
  test.checkGradient("a", a,
                     ta ? product(b, tb, gradient, true, a) : product(gradient, false, b, !tb, a),
                     objective);
  test.checkGradient("b", b,
                     tb ? product(gradient, true, a, ta, b) : product(a, !ta, gradient, false, b),
                     objective);
}

}  // namespace

void matmulCase(Case& test) {
  const CaseLine& line = test.line();
  const vk_matmul_params params = paramsOf(line);
  const Sizes aSizes = line.sizes("a");
  const Sizes bSizes = line.sizes("b");
  const Sizes sizes = outputSizes(aSizes, bSizes, params);
  // Sums of small whole numbers are exact, whatever their order.
  const bool exact = line.flag("exact", false);
  const Bound bound = exact ? Bound{} : Bound{.ofLargest = line.number("bound", 4e-6)};
  Buffer& a = exact ? test.integers("a", aSizes, -4, 4) : test.uniform("a", aSizes, -1, 1);
  Buffer& b = exact ? test.integers("b", bSizes, -4, 4) : test.uniform("b", bSizes, -1, 1);
  test.spoil(a);
  Buffer none;
  Buffer& c = line.has("c") ? test.integers("c", line.sizes("c"), -9, 9) : none;
  const bool packs = line.flag("packed", false);
  const bool inPlace = line.flag("in_place", false);

  const Run product = [&](Call& call) {
    const vk_view* output = call.output("output", test.type(), sizes, bound);
    const vk_view* added = c.view();
    if (inPlace) {
      call.fill(output, c);
      added = output;
    }
    if (!packs) {
      multiply(call, a.view(), b.view(), added, params, output);
      return;
    }
    vk_plan plan{};
    call.ok(vk_matmul_plan(call.context(), a.view(), b.view(), added, &params, output, &plan));
    Buffer packed("packed", test.type(), {plan.packed_bytes / sizeOf(test.type())},
                  sizeOf(test.type()), 0xFF);
    breakView(line, packed);
    call.ok(vk_matmul_pack(call.context(), &plan, b.view(), &params, packed.view()));
    call.ok(vk_matmul(call.context(), &plan, a.view(), b.view(), packed.view(), added, &params,
                      call.workspace(plan), output));
    const std::string damage = packed.guardDamage();
    test.expect(damage.empty(), "packing wrote %s", damage.c_str());
  };
  test.run(product);
  if (line.flag("differences", false)) checkGradients(test, a, b, params, sizes);
}

}  // namespace vk::cases
