package org.voxkern.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.testing.Requirement;

/** The same work on the processor and on the emulated CUDA device. */
final class OnBoth {
  private OnBoth() {}

  /** Work that gives numbers by names. */
  interface Work {
    Map<String, float[]> run(Context context);
  }

  /**
   * Compares what the two give: nothing differs by more than a share of the largest magnitude of
   * its name, or of a thousandth of that of all names, since some gradients are rounding alone.
   */
  static void compare(double ofLargest, Work work) {
    Map<String, float[]> expected = run(Context.create(), work);
    Map<String, float[]> actual =
        run(Context.builder().device(Requirement.cudaEmulated()).threads(1).build(), work);
    assertEquals(expected.keySet(), actual.keySet());
    double least = 1e-3 * expected.values().stream().mapToDouble(OnBoth::largest).max().orElse(0);
    expected.forEach(
        (name, values) -> {
          double largest = Math.max(least, largest(values));
          compare(name, values, actual.get(name), ofLargest * largest);
        });
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static Map<String, float[]> run(Context context, Work work) {
    try (context;
        Scope scope = Scope.open(context)) {
      return work.run(scope.context());
    }
  }

  private static void compare(String name, float[] expected, float[] actual, double bound) {
    assertEquals(expected.length, actual.length, name);
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(expected[i] - actual[i]);
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    assertTrue(worst <= bound, name + " differs by " + worst + ", expected at most " + bound);
  }

  static Map<String, float[]> arrays(Map<String, Tensor> tensors) {
    Map<String, float[]> arrays = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> arrays.put(name, tensor.toFloatArray()));
    return arrays;
  }
}
