package org.voxkern.op;

import java.util.stream.IntStream;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A tensor repeated along its axes of size 1 and along new ones in front, to a given shape, and the
 * gradient, the sum over the repetitions.
 *
 * <p>Every element type; the gradient f32, or f64 on the reference backend. Instances are immutable
 * and may be shared by threads.
 */
public final class Expand {
  private final Shape shape;

  private Expand(Shape shape) {
    this.shape = shape;
  }

  public static Expand to(Shape shape) {
    return new Expand(shape);
  }

  /**
   * @throws IllegalArgumentException if the input does not repeat to the shape, naming both
   */
  public Shape outputShape(Shape input) {
    if (input.rank() > shape.rank() || !Binary.outputShape(input, shape).equals(shape)) {
      throw new IllegalArgumentException("cannot expand " + input + " to " + shape);
    }
    return shape;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    CopyStrided.apply(TensorView.of(input).expand(shape), TensorView.of(output));
  }

  /** Writes dvalue/dinput, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    Shape input = inputGradient.shape();
    outputShape(input);
    int missing = shape.rank() - input.rank();
    int[] repeated =
        IntStream.range(0, shape.rank())
            .filter(axis -> axis < missing || input.size(axis - missing) != shape.size(axis))
            .toArray();
    // Kept axes have the input's sizes, with ones in front.
    Reduce sum = Reduce.of(Reduce.Reduction.SUM, true, repeated);
    sum.apply(TensorView.of(outputGradient), TensorView.of(inputGradient, sum.outputShape(shape)));
  }
}
