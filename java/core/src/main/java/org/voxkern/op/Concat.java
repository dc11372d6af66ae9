package org.voxkern.op;

import java.util.List;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * Tensors one after the other along an axis, and taken apart again. The one is the gradient of the
 * other.
 *
 * <p>Every element type. Instances are immutable and may be shared by threads.
 */
public final class Concat {
  private final int axis;

  private Concat(int axis) {
    this.axis = axis;
  }

  /** Along this axis, negative from the end. */
  public static Concat along(int axis) {
    return new Concat(axis);
  }

  /**
   * @throws IllegalArgumentException if the shapes differ along another axis, naming two
   */
  public Shape outputShape(List<Shape> inputs) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("concat: no inputs");
    }
    Shape first = inputs.get(0);
    int at = Axes.checked("concat", first, axis);
    long size = 0;
    for (Shape input : inputs) {
      if (input.rank() != first.rank()
          || !Axes.with(input, at, 1).equals(Axes.with(first, at, 1))) {
        throw new IllegalArgumentException(
            "concat: inputs " + first + " and " + input + " along axis " + axis);
      }
      size += input.size(at);
    }
    return Axes.with(first, at, size);
  }

  /**
   * Writes the inputs to {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(List<Tensor> inputs, Tensor output) {
    TensorView whole = checked(inputs, output);
    long start = 0;
    for (Tensor input : inputs) {
      long size = input.shape().size(at(output));
      CopyStrided.apply(TensorView.of(input), whole.slice(axis, start, size, 1));
      start += size;
    }
  }

  /** Writes to each of {@code outputs} its part of {@code input}. */
  public void split(Tensor input, List<Tensor> outputs) {
    TensorView whole = checked(outputs, input);
    long start = 0;
    for (Tensor output : outputs) {
      long size = output.shape().size(at(input));
      CopyStrided.apply(whole.slice(axis, start, size, 1), TensorView.of(output));
      start += size;
    }
  }

  private TensorView checked(List<Tensor> parts, Tensor whole) {
    Shape expected = outputShape(parts.stream().map(Tensor::shape).toList());
    if (!expected.equals(whole.shape())) {
      throw new IllegalArgumentException(
          "concat: the parts have together " + expected + ", the whole is " + whole.shape());
    }
    return TensorView.of(whole);
  }

  private int at(Tensor whole) {
    return Axes.checked("concat", whole.shape(), axis);
  }
}
