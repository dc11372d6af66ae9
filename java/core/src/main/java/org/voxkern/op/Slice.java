package org.voxkern.op;

import java.util.Arrays;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A part of a tensor: along each axis from a start on, so many elements in steps, which may be
 * negative; and the gradient. ONNX's Slice with its ends made into numbers of elements.
 *
 * <p>Every element type. Instances are immutable and may be shared by threads.
 */
public final class Slice {
  private final long[] start;
  private final long[] count;
  private final long[] step;

  private Slice(long[] start, long[] count, long[] step) {
    if (start.length != count.length || start.length != step.length) {
      throw new IllegalArgumentException(
          "slice: starts of "
              + start.length
              + ", counts of "
              + count.length
              + " and steps of "
              + step.length
              + " axes");
    }
    this.start = start.clone();
    this.count = count.clone();
    this.step = step.clone();
  }

  /** One number an axis, slowest first. */
  public static Slice of(long[] start, long[] count, long[] step) {
    return new Slice(start, count, step);
  }

  /** In steps of one. */
  public static Slice of(long[] start, long[] count) {
    long[] step = new long[start.length];
    Arrays.fill(step, 1);
    return new Slice(start, count, step);
  }

  /**
   * @throws IllegalArgumentException if the shape has another rank
   */
  public Shape outputShape(Shape input) {
    if (input.rank() != start.length) {
      throw new IllegalArgumentException(
          "slice: input " + input + ", but starts " + Arrays.toString(start));
    }
    return Shape.of(count);
  }

  /** The part as a view. */
  public TensorView of(Tensor input) {
    outputShape(input.shape());
    TensorView view = TensorView.of(input);
    for (int axis = 0; axis < start.length; axis++) {
      view = view.slice(axis, start[axis], count[axis], step[axis]);
    }
    return view;
  }

  /**
   * Writes the part to {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or an element is
   *     outside
   */
  public void apply(Tensor input, Tensor output) {
    CopyStrided.apply(of(input), TensorView.of(output));
  }

  /** Writes dvalue/dinput, given dvalue/doutput: 0 where nothing was taken. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    TensorView part = of(inputGradient);
    inputGradient.fillZero();
    CopyStrided.apply(TensorView.of(outputGradient), part);
  }
}
