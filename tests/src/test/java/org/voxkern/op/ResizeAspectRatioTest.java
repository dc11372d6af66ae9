package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.voxkern.op.Resize.AspectRatio.NOT_LARGER;
import static org.voxkern.op.Resize.AspectRatio.NOT_SMALLER;
import static org.voxkern.op.Resize.AspectRatio.STRETCH;

import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

class ResizeAspectRatioTest {
  private static final Shape INPUT = Shape.of(2, 3, 4, 10, 20);

  @Test
  void shapesKeepTheRatioOrNot() {
    assertEquals(Shape.of(2, 3, 8, 8, 8), STRETCH.outputShape(INPUT, 8, 8, 8));
    // Scales 2, 0.8 and 0.4; 0.4 * 4 is 1.6.
    assertEquals(Shape.of(2, 3, 2, 4, 8), NOT_LARGER.outputShape(INPUT, 8, 8, 8));
    assertEquals(Shape.of(2, 3, 8, 20, 40), NOT_SMALLER.outputShape(INPUT, 8, 8, 8));
    // Halves are rounded up: 0.625 * 4 is 2.5.
    assertEquals(Shape.of(1, 1, 3, 5, 5), NOT_LARGER.outputShape(Shape.of(1, 1, 4, 8, 8), 9, 5, 5));
  }

  @Test
  void axesThatNothingIsAskedForStay() {
    Shape flat = Shape.of(1, 1, 1, 10, 20);
    assertEquals(Shape.of(1, 1, 1, 15, 30), NOT_LARGER.outputShape(flat, 0, 15, 100));
    assertArrayEquals(new double[] {1, 1.5, 1.5}, NOT_LARGER.scales(flat, 0, 15, 100));
    for (Resize.AspectRatio policy : Resize.AspectRatio.values()) {
      assertEquals(flat, policy.outputShape(flat, 0, 0, 0));
    }
  }

  @Test
  void refusesSizesThatNoScaleLeadsTo() {
    assertThrows(IllegalArgumentException.class, () -> STRETCH.outputShape(INPUT, -1, 2, 2));
    assertThrows(
        IllegalArgumentException.class, () -> STRETCH.outputShape(Shape.of(3, 4), 1, 2, 2));
    assertThrows(
        IllegalArgumentException.class,
        () -> NOT_LARGER.outputShape(Shape.of(1, 1, 0, 2, 2), 1, 2, 2));
  }

  /** A ramp along x, at the positions that the one scale gives rather than the sizes' ratio. */
  @Test
  void scalesAreThoseOfThePositions() {
    Shape input = Shape.of(1, 1, 1, 3, 8);
    Shape output = NOT_SMALLER.outputShape(input, 0, 2, 5);
    assertEquals(Shape.of(1, 1, 1, 2, 5), output);
    double[] scales = NOT_SMALLER.scales(input, 0, 2, 5);
    float[] ramp = new float[24];
    for (int i = 0; i < 24; i++) {
      ramp[i] = i % 8;
    }
    try (Context context = Context.create()) {
      Tensor from = Tensor.of(context, ramp, input.toArray());
      Tensor to = Tensor.uninitialized(context, ElementType.F32, output);
      Resize.builder(Resize.Mode.LINEAR)
          .scale(scales[0], scales[1], scales[2])
          .build()
          .apply(from, to);
      float[] values = to.toFloatArray();
      for (int x = 0; x < 5; x++) {
        assertEquals(Math.min((x + 0.5) * 3 / 2 - 0.5, 7), values[x], 1e-5);
      }
    }
  }
}
