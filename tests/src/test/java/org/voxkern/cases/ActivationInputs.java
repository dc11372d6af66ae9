package org.voxkern.cases;

import java.util.List;
import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.op.Activation;

/** What the cases of the activations share; the counterpart of activation_case.cpp. */
final class ActivationInputs {
  private static final List<String> KINDS =
      List.of(
          "none",
          "relu",
          "leaky",
          "thresholded",
          "clip",
          "elu",
          "selu",
          "celu",
          "gelu",
          "gelu_tanh",
          "sigmoid",
          "log_sigmoid",
          "hard_sigmoid",
          "tanh",
          "swish",
          "hard_swish",
          "softplus",
          "mish",
          "softsign");

  private ActivationInputs() {}

  static Activation activation(CaseLine line) {
    double alpha = line.number("alpha", 1);
    double beta = line.number("beta", 0);
    int kind = KINDS.indexOf(line.word("kind", ""));
    if (kind < 0) {
      throw new TestAbortedException("Java has no unknown kinds");
    }
    return Activation.of(Activation.Kind.values()[kind], alpha, beta);
  }

  static Input argument(Case test, Shape shape) {
    double range = test.line().number("range", 6);
    return test.spoil(
        test.line().flag("whole", false)
            ? test.integers("input", shape, -(long) range, (long) range)
            : test.uniform("input", shape, -range, range));
  }
}
