package org.voxkern.cases;

import org.voxkern.op.ConvLstm;

final class ConvLstmGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    ConvLstmSetup setup = new ConvLstmSetup(test);
    Input ofHidden = test.uniform("of_hidden", setup.cells, -1, 1);
    Input ofCell =
        test.line().flag("through", true) ? test.uniform("of_new_cell", setup.cells, -1, 1) : null;
    Bound bound = Bound.absolute(4e-6);
    test.run(
        call ->
            ConvLstm.gradient(
                call.tensor(setup.gates),
                call.tensor(setup.cell),
                call.tensor(setup.peepholes),
                call.tensor(ofCell),
                call.tensor(ofHidden),
                call.output("d gates", test.type(), setup.gates.shape(), bound),
                call.output("d cell", test.type(), setup.cells, bound),
                setup.peepholes == null
                    ? null
                    : call.output("d peepholes", test.type(), setup.peepholes.shape(), bound)));
  }
}
