package org.voxkern.graph;

import java.util.Optional;
import org.voxkern.op.Activation;

/** An operation that can do what follows it in the same pass. */
public interface Fusible extends Operation {
  /** This operation with an activation applied last, if it has none yet and can apply it. */
  Optional<Operation> withActivation(Activation activation);

  /** This operation with one more input, the last, added before the activation, if it can. */
  Optional<Operation> withResidual();

  /** Whether an operation can apply an activation itself. */
  static boolean isFused(Activation activation) {
    return activation.kind() == Activation.Kind.RELU
        || activation.kind() == Activation.Kind.LEAKY_RELU;
  }
}
