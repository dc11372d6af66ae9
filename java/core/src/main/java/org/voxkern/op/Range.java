package org.voxkern.op;

import java.nio.ByteBuffer;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * Numbers at equal distances, as ONNX's Range has them: output(i) = start + i delta, as many as lie
 * before a limit, which is {@link #outputShape outputShape}'s.
 *
 * <p>Output: rank 1. i32 and i64 are exact; an element of f32 or f64 is start + i delta in f64, of
 * numbers of the type, rounded to the type. One thread writes it.
 */
public final class Range {
  /** Bytes of the window of the tensor's memory that is written at once. */
  private static final int WINDOW = 1 << 20;

  private Range() {}

  /**
   * (&lceil;(limit - start) / delta&rceil;), or (0) where that is negative.
   *
   * @throws IllegalArgumentException if delta is 0, or there are 2^63 elements or more
   */
  public static Shape outputShape(long start, long limit, long delta) {
    if (delta == 0) {
      throw new IllegalArgumentException("range: from " + start + " to " + limit + " by 0");
    }
    if (delta > 0 ? start >= limit : start <= limit) {
      return Shape.of(0);
    }
    // Both may be 2^63 or more, as unsigned numbers.
    long distance = delta > 0 ? limit - start : start - limit;
    long count = Long.divideUnsigned(distance - 1, Math.abs(delta)) + 1;
    if (count < 0) {
      throw new IllegalArgumentException(
          "range: from " + start + " to " + limit + " by " + delta + ", too many elements");
    }
    return Shape.of(count);
  }

  /** The same for numbers of f32. */
  public static Shape outputShape(float start, float limit, float delta) {
    return outputShape((double) start, (double) limit, (double) delta);
  }

  /**
   * The same for numbers of f64.
   *
   * @throws IllegalArgumentException if delta is 0, or a number is not finite
   */
  public static Shape outputShape(double start, double limit, double delta) {
    double count = Math.ceil((limit - start) / delta);
    if (delta == 0 || !(Math.abs(start) + Math.abs(limit) + Math.abs(delta) + count < 0x1p63)) {
      throw new IllegalArgumentException(
          "range: from " + start + " to " + limit + " by " + delta + ", expected finite numbers");
    }
    return Shape.of((long) Math.max(0, count));
  }

  /**
   * Writes {@code output}, of any of the types.
   *
   * @throws IllegalArgumentException if the output's rank is not 1, or its type cannot hold its
   *     elements
   */
  public static void apply(long start, long delta, Tensor output) {
    if (output.type() == ElementType.F32 || output.type() == ElementType.F64) {
      apply((double) start, (double) delta, output);
      return;
    }
    long count = requireVector(output);
    requireInside(start, delta, count, output);
    if (output.type() == ElementType.I32) {
      write(output, (to, i) -> to.putInt((int) (start + i * delta)));
    } else {
      write(output, (to, i) -> to.putLong(start + i * delta));
    }
  }

  /**
   * Writes {@code output}, f32 or f64.
   *
   * @throws IllegalArgumentException if the output's rank is not 1, or its type another
   */
  public static void apply(double start, double delta, Tensor output) {
    requireVector(output);
    switch (output.type()) {
      case F32:
        double first = (float) start;
        double step = (float) delta;
        write(output, (to, i) -> to.putFloat((float) (first + (double) i * step)));
        break;
      case F64:
        write(output, (to, i) -> to.putDouble(start + (double) i * delta));
        break;
      default:
        throw new IllegalArgumentException(
            "range: output is " + output + ", expected F32 or F64 from real numbers");
    }
  }

  private static long requireVector(Tensor output) {
    if (output.shape().rank() != 1) {
      throw new IllegalArgumentException("range: output is " + output + ", expected rank 1");
    }
    return output.elementCount();
  }

  private static void requireInside(long start, long delta, long count, Tensor output) {
    if (output.type() != ElementType.I32 && output.type() != ElementType.I64) {
      throw new IllegalArgumentException(
          "range: output is " + output + ", expected F32, F64, I32 or I64");
    }
    if (count == 0) {
      return;
    }
    try {
      long last = Math.addExact(start, Math.multiplyExact(count - 1, delta));
      if (output.type() == ElementType.I32) {
        Math.toIntExact(start);
        Math.toIntExact(last);
      }
    } catch (ArithmeticException overflow) {
      throw new IllegalArgumentException(
          "range: from " + start + " by " + delta + " does not fit output " + output, overflow);
    }
  }

  @FunctionalInterface
  private interface Element {
    void put(ByteBuffer to, long index);
  }

  private static void write(Tensor output, Element element) {
    long bytes = output.byteCount();
    for (long at = 0; at < bytes; at += WINDOW) {
      long first = at / output.type().bytes();
      output.fill(
          at,
          (int) Math.min(WINDOW, bytes - at),
          window -> {
            for (long index = first; window.hasRemaining(); index++) {
              element.put(window, index);
            }
          });
    }
  }
}
