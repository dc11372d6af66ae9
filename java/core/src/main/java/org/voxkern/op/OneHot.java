package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * One element on along a new axis: output(i, k, j) is on where index(i, j) is k, or k less the
 * depth, else off.
 *
 * <p>Indices are i32 or i64; where one is outside, all are off, as ONNX has it. Every element type
 * but 16-bit floating point, which has the value 0 only. There is no gradient. Instances are
 * immutable and may be shared by threads.
 */
public final class OneHot {
  private final int axis;
  private final long depth;
  private final double on;
  private final double off;

  private OneHot(int axis, long depth, double on, double off) {
    this.axis = axis;
    this.depth = depth;
    this.on = on;
    this.off = off;
  }

  /**
   * On is 1, off is 0.
   *
   * @param axis of the output, negative from the end
   * @throws IllegalArgumentException if the depth is negative
   */
  public static OneHot of(int axis, long depth) {
    if (depth < 0) {
      throw new IllegalArgumentException("one_hot: a depth of " + depth + ", expected 0 or more");
    }
    return new OneHot(axis, depth, 1, 0);
  }

  /** The same with other values, which are converted to the output's type. */
  public OneHot values(double whereOn, double elsewhere) {
    return new OneHot(axis, depth, whereOn, elsewhere);
  }

  /**
   * @throws IllegalArgumentException if the output lacks the axis
   */
  public Shape outputShape(Shape indices) {
    int rank = indices.rank() + 1;
    int at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank) {
      throw new IllegalArgumentException("one_hot: a new axis " + axis + " of indices " + indices);
    }
    long[] sizes = new long[rank];
    for (int i = 0; i < rank; i++) {
      sizes[i] = i == at ? depth : indices.size(i < at ? i : i - 1);
    }
    return Shape.of(sizes);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes disagree, naming both
   */
  public void apply(Tensor indices, Tensor output) {
    outputShape(indices.shape());
    try (NativeCall call = new NativeCall(indices.context())) {
      vk_view i = call.view(indices);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      long onBits = ElementBits.of("one_hot", output.type(), on);
      long offBits = ElementBits.of("one_hot", output.type(), off);
      Status.check(Voxkern.vk_one_hot_plan(call.context(), i, axis, onBits, offBits, o, plan));
      Status.check(
          Voxkern.vk_one_hot(
              call.context(), plan, i, axis, onBits, offBits, call.workspace(plan), o));
    }
  }
}
