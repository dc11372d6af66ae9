package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Tensor;

class GradientClippingTest {
  private final Context context = Context.create();
  private final Tensor one = Tensor.of(context, new float[] {3, 0, -4}, 3);
  private final Tensor two = Tensor.of(context, new float[] {12, 0, 0, 0}, 2, 2);

  @AfterEach
  void close() {
    context.close();
  }

  private void assertGradients(float[] first, float[] second) {
    assertArrayEquals(first, one.toFloatArray(), 1e-6f);
    assertArrayEquals(second, two.toFloatArray(), 1e-6f);
  }

  @Test
  void byTheNormOfAllTogether() {
    assertEquals(13, GradientClipping.byNorm(14).apply(List.of(one, two)), 1e-5);
    assertGradients(new float[] {3, 0, -4}, new float[] {12, 0, 0, 0});
    assertEquals(13, GradientClipping.byNorm(6.5).apply(List.of(one, two)), 1e-5);
    assertGradients(new float[] {1.5f, 0, -2}, new float[] {6, 0, 0, 0});
  }

  @Test
  void byValue() {
    assertEquals(13, GradientClipping.byValue(3.5).apply(List.of(one, two)), 1e-5);
    assertGradients(new float[] {3, 0, -3.5f}, new float[] {3.5f, 0, 0, 0});
  }

  @Test
  void notAtAll() {
    assertEquals(13, GradientClipping.none().apply(List.of(one, two)), 1e-5);
    assertGradients(new float[] {3, 0, -4}, new float[] {12, 0, 0, 0});
  }

  @Test
  void theNormIsThatOfLargeGradientsToo() {
    Tensor large = Tensor.of(context, new float[] {3e30f, 4e30f}, 2);
    assertEquals(5e30, GradientClipping.none().apply(List.of(large)), 1e25);
  }

  @Test
  void refusesBoundsThatAreNotPositive() {
    assertThrows(IllegalArgumentException.class, () -> GradientClipping.byNorm(0));
    assertThrows(IllegalArgumentException.class, () -> GradientClipping.byValue(Double.NaN));
  }
}
