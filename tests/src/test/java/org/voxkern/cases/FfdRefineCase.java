package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.op.Ffd;

final class FfdRefineCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    if (test.line().word("break", "").startsWith("refined:")) {
      throw new TestAbortedException("the Java class makes the output itself");
    }
    Shape controls = test.line().shape("controls").prepend(3);
    Input coefficients = test.spoil(test.uniform("coefficients", controls, -10, 10));
    double[] axes = test.line().numbers("axes", 3, 1);
    boolean[] refined = {axes[0] != 0, axes[1] != 0, axes[2] != 0};
    test.run(
        call ->
            call.result(
                "refined",
                Ffd.refine(call.tensor(coefficients), refined),
                new Bound(1e-6, 0, 1e-6, 0)));
  }
}
