package org.voxkern.train;

import org.voxkern.Tensor;
import org.voxkern.op.Binary;
import org.voxkern.op.Unary;

/** Arithmetic that writes over its first operand. */
final class InPlace {
  private InPlace() {}

  /** a = a + b. */
  static void add(Tensor a, Tensor b) {
    Binary.apply(Binary.Function.ADD, a, b, a);
  }

  /** a = a + factor b; b is scratch. */
  static void addScaled(Tensor a, Tensor b, double factor) {
    scale(b, factor);
    add(a, b);
  }

  /** a = a factor. */
  static void scale(Tensor a, double factor) {
    if (factor != 1) {
      with(Binary.Function.MULTIPLY, a, factor);
    }
  }

  /** a = a + offset. */
  static void shift(Tensor a, double offset) {
    with(Binary.Function.ADD, a, offset);
  }

  static void square(Tensor a) {
    Binary.apply(Binary.Function.MULTIPLY, a, a, a);
  }

  static void squareRoot(Tensor a) {
    Unary.apply(Unary.Function.SQRT, a, a);
  }

  private static void with(Binary.Function function, Tensor a, double number) {
    try (Tensor one = Tensor.of(a.context(), new float[] {(float) number})) {
      Binary.apply(function, a, one, a);
    }
  }
}
