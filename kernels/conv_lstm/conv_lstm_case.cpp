#include "cases/case.h"
#include "voxkern/recurrent.h"

namespace vk::cases {
namespace {

struct Setup {
  explicit Setup(Case& of)
      : test(of),
        shape(test.line().sizes("shape")),
        n(test.line().integer("n", 1)),
        channels(test.line().integer("c", 1)),
        cells({n, channels, shape[0], shape[1], shape[2]}),
        gateSizes({n, 4 * channels, shape[0], shape[1], shape[2]}),
        weightSizes({3, channels, shape[0], shape[1], shape[2]}),
        gates(test.uniform("gates", gateSizes, -3, 3)),
        cell(test.uniform("cell", cells, -1, 1)),
        peepholes(test.line().flag("peepholes", false)
                      ? test.uniform("peepholes", weightSizes, -1, 1)
                      : none) {
    test.spoil(gates);
  }

  Run forward(Bound bound) {
    return [this, bound](Call& call) {
      const vk_view* newCell = call.output("new_cell", test.type(), cells, bound);
      const vk_view* hidden = call.output("hidden", test.type(), cells, bound);
      vk_plan plan{};
      call.ok(vk_conv_lstm_plan(call.context(), gates.view(), cell.view(), peepholes.view(),
                                newCell, hidden, &plan));
      call.ok(vk_conv_lstm(call.context(), &plan, gates.view(), cell.view(), peepholes.view(),
                           call.workspace(plan), newCell, hidden));
    };
  }

  Case& test;
  Buffer none;
  Sizes shape;
  int64_t n;
  int64_t channels;
  Sizes cells;
  Sizes gateSizes;
  Sizes weightSizes;
  Buffer& gates;
  Buffer& cell;
  Buffer& peepholes;
};

}  // namespace

void conv_lstmCase(Case& test) {
  Setup setup(test);
  test.run(setup.forward({.absolute = 2e-6}));
}

void conv_lstm_gradientCase(Case& test) {
  Setup setup(test);
  const Buffer& ofHidden = test.uniform("of_hidden", setup.cells, -1, 1);
  Buffer none;
  const bool through = test.line().flag("through", true);
  const Buffer& ofCell = through ? test.uniform("of_new_cell", setup.cells, -1, 1) : none;
  const bool peeps = setup.peepholes.present();
  const Run gradient = [&](Call& call) {
    const Bound bound{.absolute = 4e-6};
    const vk_view* gates = call.output("d gates", test.type(), setup.gateSizes, bound);
    const vk_view* cell = call.output("d cell", test.type(), setup.cells, bound);
    const vk_view* weights =
        peeps ? call.output("d peepholes", test.type(), setup.weightSizes, bound) : nullptr;
    vk_plan plan{};
    call.ok(vk_conv_lstm_gradient_plan(call.context(), setup.gates.view(), setup.cell.view(),
                                       setup.peepholes.view(), ofCell.view(), ofHidden.view(),
                                       gates, cell, weights, &plan));
    call.ok(vk_conv_lstm_gradient(call.context(), &plan, setup.gates.view(), setup.cell.view(),
                                  setup.peepholes.view(), ofCell.view(), ofHidden.view(),
                                  call.workspace(plan), gates, cell, weights));
  };
  test.run(gradient);
  if (!test.line().flag("differences", false)) return;
  const Call& analytic = test.reference(gradient);
  const auto objective = [&] {
    const Call& call = test.reference(setup.forward({}));
    return dot(ofHidden, call.result("hidden")) +
           (through ? dot(ofCell, call.result("new_cell")) : 0);
  };
  test.checkGradient("gates", setup.gates, analytic.result("d gates"), objective);
  test.checkGradient("cell", setup.cell, analytic.result("d cell"), objective);
  if (peeps) {
    test.checkGradient("peepholes", setup.peepholes, analytic.result("d peepholes"), objective);
  }
}

}  // namespace vk::cases
