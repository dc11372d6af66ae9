package org.voxkern.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;

/** Dice and intersection over union against hand-computed values, for every kind of label. */
class LabelOverlapTest {
  private static Context context;

  @BeforeAll
  static void open() {
    context = Context.create();
  }

  @AfterAll
  static void close() {
    context.close();
  }

  @Test
  void countsByHand() {
    Tensor a = Tensor.of(context, new byte[] {0, 0, 1, 1, 1, 2, 2, 5}, 2, 2, 2);
    Tensor b = Tensor.of(context, new int[] {0, 1, 1, 1, 2, 2, 0, 7}, 2, 2, 2);
    LabelOverlap overlap = LabelOverlap.of(a, b);
    assertEquals(2 * 2 / 6.0, overlap.dice(1), 0);
    assertEquals(2 / 4.0, overlap.intersectionOverUnion(1), 0);
    assertEquals(2 * 1 / 4.0, overlap.dice(2), 0);
    assertEquals(0, overlap.dice(5), 0);
    assertEquals(0, overlap.dice(7), 0);
    assertTrue(Double.isNaN(overlap.dice(3)));
    assertEquals((2 / 3.0 + 0.5 + 0 + 0) / 4, overlap.meanDice(), 1e-15);
    assertEquals((2 / 3.0 + 0.5) / 2, overlap.meanDice(1, 2, 3), 1e-15);
    assertEquals(
        java.util.List.of(1, 2, 5, 7), java.util.List.copyOf(overlap.diceByLabel().keySet()));
    assertEquals(5, overlap.labels().size());
    assertEquals(new LabelOverlap.Label(1, 3, 3, 2), overlap.label(1));
  }

  @Test
  void everyElementTypeGivesTheSame() {
    double[] a = new double[1000];
    double[] b = new double[1000];
    for (int i = 0; i < 1000; i++) {
      a[i] = i / 100;
      b[i] = (i + 30) / 100;
    }
    Tensor first = Tensor.of(context, a, 10, 10, 10);
    Tensor second = Tensor.of(context, b, 10, 10, 10);
    for (ElementType type : ElementType.values()) {
      if (type == ElementType.BOOL || type == ElementType.F16 || type == ElementType.BF16) {
        continue;
      }
      LabelOverlap overlap =
          LabelOverlap.of(Convert.to(first, type), Convert.to(second, ElementType.F32));
      assertEquals(0.7, overlap.dice(4), 1e-15, type.toString());
      assertEquals(9 + 1, overlap.diceByLabel().size(), type.toString());
    }
  }

  @Test
  void labelsFarFromZeroAreFound() {
    Tensor a = Tensor.of(context, new int[] {-70000, 3, 900000, 900000}, 1, 1, 4);
    Tensor b = Tensor.of(context, new int[] {-70000, 3, 3, 900000}, 1, 1, 4);
    LabelOverlap overlap = LabelOverlap.of(a, b);
    assertEquals(1, overlap.dice(-70000), 0);
    assertEquals(2 / 3.0, overlap.dice(900000), 1e-15);
  }

  @Test
  void refusesWhatIsNoLabelMap() {
    Tensor whole = Tensor.of(context, new float[] {1, 2}, 1, 1, 2);
    Tensor fraction = Tensor.of(context, new float[] {1, 2.5f}, 1, 1, 2);
    Tensor nan = Tensor.of(context, new float[] {1, Float.NaN}, 1, 1, 2);
    Tensor far = Tensor.of(context, new int[] {0, 2_000_000_000}, 1, 1, 2);
    Tensor longer = Tensor.of(context, new float[3], 1, 1, 3);
    assertMessage("expected whole numbers", whole, fraction);
    assertMessage("expected whole numbers", nan, whole);
    assertMessage("expected a span", whole, far);
    assertMessage("shapes must agree", whole, longer);
    Geometry grid = Geometry.of(new int[] {2, 1, 1}, new double[] {1, 1, 1});
    Geometry other = Geometry.of(new int[] {2, 1, 1}, new double[] {2, 1, 1});
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> LabelOverlap.of(new Image(whole, grid), new Image(whole, other)))
            .getMessage();
    assertTrue(message.contains("different grids"), message);
  }

  private static void assertMessage(String part, Tensor a, Tensor b) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> LabelOverlap.of(a, b)).getMessage();
    assertTrue(message.contains(part), message);
  }
}
