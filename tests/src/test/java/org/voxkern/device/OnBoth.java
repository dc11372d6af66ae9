package org.voxkern.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.opentest4j.TestAbortedException;
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
   * its name. Skipped where an operation has no CUDA kernel that takes it.
   */
  static void compare(double ofLargest, Work work) {
    Map<String, float[]> expected = run(Context.create(), work);
    Map<String, float[]> actual;
    try {
      actual = run(Context.builder().device(Requirement.cudaEmulated()).threads(1).build(), work);
    } catch (UnsupportedOperationException refusal) {
      throw new TestAbortedException("no CUDA kernel: " + refusal.getMessage(), refusal);
    }
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> compare(name, values, actual.get(name), ofLargest));
  }

  private static Map<String, float[]> run(Context context, Work work) {
    try (context;
        Scope scope = Scope.open(context)) {
      return work.run(scope.context());
    }
  }

  private static void compare(String name, float[] expected, float[] actual, double ofLargest) {
    assertEquals(expected.length, actual.length, name);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      double difference = Math.abs(expected[i] - actual[i]);
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    assertTrue(
        worst <= ofLargest * largest,
        name + " differs by " + worst + ", the largest is " + largest);
  }

  static Map<String, float[]> arrays(Map<String, Tensor> tensors) {
    Map<String, float[]> arrays = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> arrays.put(name, tensor.toFloatArray()));
    return arrays;
  }
}
