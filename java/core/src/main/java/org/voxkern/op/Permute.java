package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * The axes of a tensor in another order, and the gradient, which is the inverse. PyTorch's permute,
 * ONNX's Transpose.
 *
 * <p>Every element type. Instances are immutable and may be shared by threads.
 */
public final class Permute {
  private final int[] order;

  private Permute(int[] order) {
    this.order = order.clone();
  }

  /** Axis i of the output is axis {@code order[i]} of the input. */
  public static Permute of(int... order) {
    return new Permute(order);
  }

  /**
   * @throws IllegalArgumentException unless the order has every axis of the shape once
   */
  public Shape outputShape(Shape input) {
    Axes.checkOrder("permute", input, order);
    long[] sizes = new long[order.length];
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = input.size(order[axis]);
    }
    return Shape.of(sizes);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    CopyStrided.apply(TensorView.of(input).permute(order), TensorView.of(output));
  }

  /** Writes dvalue/dinput, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    CopyStrided.apply(TensorView.of(outputGradient), TensorView.of(inputGradient).permute(order));
  }
}
