package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

class RangeTest {
  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  private Tensor empty(ElementType type, Shape shape) {
    return Tensor.uninitialized(context, type, shape);
  }

  @Test
  void countsWhatLiesBeforeTheLimit() {
    assertEquals(Shape.of(3), Range.outputShape(3, 9, 2));
    assertEquals(Shape.of(4), Range.outputShape(3, 10, 2));
    assertEquals(Shape.of(2), Range.outputShape(10, 4, -3));
    assertEquals(Shape.of(0), Range.outputShape(10, 4, 3));
    assertEquals(Shape.of(0), Range.outputShape(4, 4, -1));
    assertEquals(Shape.of(4), Range.outputShape(0.0, 1.0, 0.3));
    // 0.1 is above a tenth in f32, so that ten of it reach the limit; and in f64.
    assertEquals(Shape.of(10), Range.outputShape(0f, 1f, 0.1f));
    assertEquals(Shape.of(0), Range.outputShape(1.0, -2.0, 0.5));
    assertEquals(
        Shape.of(3), Range.outputShape(Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 1));
    assertEquals(Shape.of(2), Range.outputShape(Long.MAX_VALUE, -2, Long.MIN_VALUE));
    assertThrows(IllegalArgumentException.class, () -> Range.outputShape(0, 5, 0));
    assertThrows(IllegalArgumentException.class, () -> Range.outputShape(0.0, 5.0, 0.0));
    assertThrows(IllegalArgumentException.class, () -> Range.outputShape(0.0, Double.NaN, 1.0));
    assertThrows(
        IllegalArgumentException.class,
        () -> Range.outputShape(0.0, Double.POSITIVE_INFINITY, 1.0));
    assertThrows(
        IllegalArgumentException.class, () -> Range.outputShape(Long.MIN_VALUE, Long.MAX_VALUE, 1));
  }

  @Test
  void writesEveryType() {
    Tensor ints = empty(ElementType.I32, Range.outputShape(10, 4, -2));
    Range.apply(10, -2, ints);
    assertArrayEquals(new int[] {10, 8, 6}, ints.toIntArray());
    Tensor longs = empty(ElementType.I64, Shape.of(3));
    Range.apply(1L << 40, 1L << 41, longs);
    assertArrayEquals(new long[] {1L << 40, 3L << 40, 5L << 40}, longs.toLongArray());
    Tensor floats = empty(ElementType.F32, Range.outputShape(1f, 2f, 0.3f));
    Range.apply(1, 0.3, floats);
    assertArrayEquals(new float[] {1, 1.3f, 1.6f, 1.9000001f}, floats.toFloatArray(), 0f);
    Tensor doubles = empty(ElementType.F64, Shape.of(3));
    Range.apply(-1, 0.1, doubles);
    assertArrayEquals(new double[] {-1, -1 + 0.1, -1 + 0.2}, doubles.toDoubleArray(), 0);
    Tensor whole = empty(ElementType.F32, Shape.of(2));
    Range.apply(3, 4, whole);
    assertArrayEquals(new float[] {3, 7}, whole.toFloatArray());
  }

  @Test
  void writesManyWindows() {
    Tensor longs = empty(ElementType.I64, Shape.of(500_003));
    Range.apply(-7, 3, longs);
    long[] values = longs.toLongArray();
    for (int i = 0; i < values.length; i++) {
      assertEquals(3L * i - 7, values[i]);
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    Tensor ints = empty(ElementType.I32, Shape.of(3));
    assertThrows(IllegalArgumentException.class, () -> Range.apply(0, 1L << 30, ints));
    assertThrows(IllegalArgumentException.class, () -> Range.apply(0.5, 1, ints));
    Tensor longs = empty(ElementType.I64, Shape.of(3));
    assertThrows(IllegalArgumentException.class, () -> Range.apply(0, 1L << 62, longs));
    Tensor bytes = empty(ElementType.U8, Shape.of(3));
    assertThrows(IllegalArgumentException.class, () -> Range.apply(0, 1, bytes));
    Tensor matrix = empty(ElementType.I64, Shape.of(3, 1));
    assertThrows(IllegalArgumentException.class, () -> Range.apply(0, 1, matrix));
  }
}
