package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A tensor with some of its axes backwards: its own inverse and its own gradient.
 *
 * <p>Every element type. Instances are immutable and may be shared by threads.
 */
public final class Flip {
  private final int[] axes;

  private Flip(int[] axes) {
    this.axes = axes.clone();
  }

  /** Of these axes, negative ones from the end. */
  public static Flip of(int... axes) {
    return new Flip(axes);
  }

  /** The input's. */
  public Shape outputShape(Shape input) {
    for (int axis : axes) {
      Axes.checked("flip", input, axis);
    }
    return input;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    TensorView view = TensorView.of(input);
    for (int axis : axes) {
      view = view.flip(axis);
    }
    CopyStrided.apply(view, TensorView.of(output));
  }

  /** Writes dvalue/dinput, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    apply(outputGradient, inputGradient);
  }
}
