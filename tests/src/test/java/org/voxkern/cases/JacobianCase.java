package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Jacobian;

final class JacobianCase implements CaseAdapter {
  private static final Bound BOUND = new Bound(1e-5, 0, 1e-6, 0);

  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    Input displacement = JacobianInputs.displacement(test, shape.prepend(3));
    Input mask = test.mask("mask", shape);
    double[] map = JacobianInputs.map(test.line());
    String wanted = test.line().word("wanted", "both");
    if (wanted.equals("nothing")) {
      throw new TestAbortedException("the Java class cannot be asked for nothing");
    }
    test.run(
        call -> {
          Tensor u = call.tensor(displacement);
          Tensor m = call.tensor(mask);
          Tensor determinant =
              wanted.equals("statistics")
                  ? null
                  : call.output("determinant", test.type(), shape, BOUND);
          if (wanted.equals("map")) {
            Jacobian.determinant(u, map, determinant);
            return;
          }
          Jacobian.Statistics s =
              determinant == null
                  ? Jacobian.statistics(u, map, m)
                  : Jacobian.determinantAndStatistics(u, map, m, determinant);
          call.value("counts", Bound.exact(), s.count(), s.nonpositive());
          call.value("statistics", BOUND, s.min(), s.max(), s.mean());
          call.value("sd_log", new Bound(1e-4, 1e-4, 0, 0), s.sdLog());
        });
  }
}
