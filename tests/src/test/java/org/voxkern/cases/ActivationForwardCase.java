package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;

final class ActivationForwardCase implements CaseAdapter {
  private static final Bound BOUND = new Bound(5e-7, 1e-7, 0, 0);

  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    boolean inPlace = test.line().flag("in_place", false);
    Input input = ActivationInputs.argument(test, shape);
    Activation activation = ActivationInputs.activation(test.line());
    test.run(
        call -> {
          Tensor x = call.tensor(input);
          if (inPlace) {
            activation.apply(x, x);
            call.result("output", x, BOUND);
          } else {
            activation.apply(x, call.output("output", test.type(), shape, BOUND));
          }
        });
  }
}
