package org.voxkern.bench.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NetworkComparisonTest {
  private static final float[] VALUES = {1, 2, 3};

  /** A convolution, beside whoever is fastest. */
  private static final NetworkCase JOB =
      NetworkCase.ALL.stream()
          .filter(each -> each.target().beside().isEmpty() && !each.bfloat16())
          .findFirst()
          .orElseThrow();

  private static NetworkComparison.Result compare(float[] libtorch, float[] onnxRuntime) {
    return NetworkComparison.compare(
        JOB,
        Map.of("voxkern", 1.0, "onnxruntime", 3.0, "libtorch", 2.0),
        Map.of("voxkern", VALUES, "onnxruntime", onnxRuntime, "libtorch", libtorch));
  }

  @Test
  void theFastestPeerCounts() {
    NetworkComparison.Result result = compare(VALUES, VALUES);
    assertEquals(2.0, result.ratio());
    assertTrue(result.disagreements().isEmpty(), () -> result.disagreements().toString());
  }

  @Test
  void aPeerThatDiffersIsNamedAndNotCounted() {
    for (float[] wrong : new float[][] {{1, 2, 3.1f}, {1, Float.NaN, 3}, {1, 2}}) {
      NetworkComparison.Result result = compare(wrong, VALUES);
      assertEquals(3.0, result.ratio());
      assertEquals(Set.of("libtorch"), result.disagreements().keySet());
      assertEquals(Set.of("onnxruntime"), result.error().keySet());
    }
  }

  @Test
  void whereNobodyAgreesItEnds() {
    IllegalStateException alone =
        assertThrows(
            IllegalStateException.class,
            () -> compare(new float[] {1, 2, 4}, new float[] {5, 2, 3}));
    assertTrue(alone.getMessage().contains("libtorch"), alone.getMessage());
    assertTrue(alone.getMessage().contains("onnxruntime"), alone.getMessage());
  }
}
