package org.voxkern.op;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.voxkern.Shape;

/** Axes of shapes by number, negative ones from the end. */
final class Axes {
  private Axes() {}

  static int checked(String operation, Shape shape, int axis) {
    int at = axis < 0 ? axis + shape.rank() : axis;
    if (at < 0 || at >= shape.rank()) {
      throw new IllegalArgumentException(
          operation + ": axis " + axis + " of shape " + shape + ", which has " + shape.rank());
    }
    return at;
  }

  /** Every axis once. */
  static void checkOrder(String operation, Shape shape, int[] order) {
    int[] sorted = IntStream.of(order).sorted().toArray();
    if (!Arrays.equals(sorted, IntStream.range(0, shape.rank()).toArray())) {
      throw new IllegalArgumentException(
          operation + ": order " + Arrays.toString(order) + " of the axes of " + shape);
    }
  }

  /** The shape with another size along an axis. */
  static Shape with(Shape shape, int axis, long size) {
    long[] sizes = shape.toArray();
    sizes[axis] = size;
    return Shape.of(sizes);
  }

  static Shape without(Shape shape, int axis) {
    long[] sizes = new long[shape.rank() - 1];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = shape.size(i < axis ? i : i + 1);
    }
    return Shape.of(sizes);
  }
}
