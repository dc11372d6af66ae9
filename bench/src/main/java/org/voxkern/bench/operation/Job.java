package org.voxkern.bench.operation;

import java.util.List;
import java.util.function.Supplier;
import org.voxkern.Tensor;

/**
 * One call of an operation on tensors that are there.
 *
 * @param run the call; what it returns is numbers too, or null
 * @param outputs that it writes
 */
public record Job(Supplier<double[]> run, List<Tensor> outputs) {

  static Job of(Runnable run, Tensor... outputs) {
    return new Job(
        () -> {
          run.run();
          return null;
        },
        List.of(outputs));
  }

  static Job of(Supplier<double[]> run, Tensor... outputs) {
    return new Job(run, List.of(outputs));
  }
}
