package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;

final class FfdBendingCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape controls = test.line().shape("controls").prepend(3);
    Input coefficients = test.spoil(test.uniform("coefficients", controls, -10, 10));
    if (test.line().word("input", "random").equals("affine")) {
      FfdGrid.setAffine(coefficients);
    }
    double[] spacingMm = test.line().numbers("spacing", 3, 10);
    double diffusion = test.line().number("diffusion", 0);
    double bending = test.line().number("bending", 1);
    boolean wantsGradient = test.line().flag("gradient", true);
    test.run(
        call -> {
          Tensor gradient =
              wantsGradient
                  ? call.output("gradient", test.type(), controls, new Bound(2e-7, 1e-12, 1e-9, 0))
                  : null;
          call.value(
              "value",
              new Bound(1e-11, 1e-13, 0, 0),
              Ffd.bending(call.tensor(coefficients), spacingMm, diffusion, bending, gradient));
        });
  }
}
