package org.voxkern.onnx;

import java.util.Arrays;
import java.util.Locale;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;

/** Whether tensors agree as ONNX's own tests ask for it. */
final class Agreement {
  private static final double RELATIVE = 1e-3;
  private static final double ABSOLUTE = 1e-7;

  private Agreement() {}

  /** Null if they agree, else where they do not. */
  static String difference(Tensor actual, Tensor expected) {
    if (actual.type() != expected.type() || !actual.shape().equals(expected.shape())) {
      return "is " + actual + ", expected " + expected;
    }
    try (Scope scope = Scope.open(actual.context())) {
      return switch (actual.type()) {
        case F16, BF16, F32, F64 -> real(wide(actual), wide(expected));
        default -> whole(bytes(actual), bytes(expected), actual.type().bytes());
      };
    }
  }

  private static double[] wide(Tensor tensor) {
    return tensor.type() == ElementType.F64
        ? tensor.toDoubleArray()
        : Convert.to(tensor, ElementType.F64).toDoubleArray();
  }

  private static byte[] bytes(Tensor tensor) {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteCount())];
    tensor.contents().get(bytes);
    return bytes;
  }

  private static String real(double[] actual, double[] expected) {
    int wrong = 0;
    String first = null;
    for (int i = 0; i < actual.length; i++) {
      boolean agrees =
          Double.compare(actual[i], expected[i]) == 0
              || actual[i] == expected[i]
              || Math.abs(actual[i] - expected[i]) <= ABSOLUTE + RELATIVE * Math.abs(expected[i])
                  && Double.isFinite(expected[i]);
      if (!agrees) {
        wrong++;
        if (first == null) {
          first =
              String.format(
                  Locale.ROOT, "%.9g at element %d, expected %.9g", actual[i], i, expected[i]);
        }
      }
    }
    return wrong == 0 ? null : wrong + " of " + actual.length + " elements differ: " + first;
  }

  private static String whole(byte[] actual, byte[] expected, int size) {
    int at = Arrays.mismatch(actual, expected);
    return at < 0 ? null : "differs from element " + at / size + " on";
  }
}
