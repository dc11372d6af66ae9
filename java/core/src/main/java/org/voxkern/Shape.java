package org.voxkern;

import java.util.Arrays;

/** Sizes of a tensor, slowest axis first. Sizes may be zero; a scalar has rank 0. */
public final class Shape {
  public static final int MAX_RANK = 8;

  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /**
   * @throws IllegalArgumentException if a size is negative, there are more than eight, or their
   *     product overflows
   */
  public static Shape of(long... sizes) {
    if (sizes.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "a shape has " + sizes.length + " sizes, expected at most " + MAX_RANK);
    }
    long count = 1;
    for (long size : sizes) {
      if (size < 0) {
        throw new IllegalArgumentException("negative size in shape " + Arrays.toString(sizes));
      }
      try {
        count = Math.multiplyExact(count, size);
      } catch (ArithmeticException overflow) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(sizes) + " has more elements than can be counted", overflow);
      }
    }
    return new Shape(sizes.clone());
  }

  public int rank() {
    return sizes.length;
  }

  public long size(int axis) {
    return sizes[axis];
  }

  public long[] toArray() {
    return sizes.clone();
  }

  public long elementCount() {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    return count;
  }

  /** This shape with one more, slowest, axis. */
  public Shape prepend(long size) {
    long[] result = new long[sizes.length + 1];
    result[0] = size;
    System.arraycopy(sizes, 0, result, 1, sizes.length);
    return of(result);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("(");
    for (int i = 0; i < sizes.length; i++) {
      text.append(i == 0 ? "" : ", ").append(sizes[i]);
    }
    return text.append(')').toString();
  }
}
