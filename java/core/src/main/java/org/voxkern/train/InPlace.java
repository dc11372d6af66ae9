package org.voxkern.train;

import org.voxkern.Tensor;
import org.voxkern.op.Binary;

/** Arithmetic that writes over its first operand. */
final class InPlace {
  private InPlace() {}

  /** a = a + b. */
  static void add(Tensor a, Tensor b) {
    Binary.apply(Binary.Function.ADD, a, b, a);
  }

  /** a = a factor. */
  static void scale(Tensor a, double factor) {
    if (factor != 1) {
      try (Tensor one = Tensor.of(a.context(), new float[] {(float) factor})) {
        Binary.apply(Binary.Function.MULTIPLY, a, one, a);
      }
    }
  }
}
