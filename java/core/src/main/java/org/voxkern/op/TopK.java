package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * The k greatest or least elements along an axis, best first, with where they lie.
 *
 * <p>Of equal elements that with the lower index comes first; NaN is above every number. Values
 * have the input's type, indices are i64. f32, f64, i32, i64 and u64. The gradient goes to the
 * elements that were taken. Instances are immutable and may be shared by threads.
 */
public final class TopK {
  private final int axis;
  private final long k;
  private final boolean largest;

  private TopK(int axis, long k, boolean largest) {
    if (k < 0) {
      throw new IllegalArgumentException("top_k: k is " + k + ", expected 0 or more");
    }
    this.axis = axis;
    this.k = k;
    this.largest = largest;
  }

  /** The k greatest; {@code axis} is negative from the end. */
  public static TopK largest(int axis, long k) {
    return new TopK(axis, k, true);
  }

  /** The k least. */
  public static TopK smallest(int axis, long k) {
    return new TopK(axis, k, false);
  }

  /**
   * Of both outputs.
   *
   * @throws IllegalArgumentException if the shape lacks the axis or has fewer than k elements along
   *     it
   */
  public Shape outputShape(Shape input) {
    int at = Axes.checked("top_k", input, axis);
    if (k > input.size(at)) {
      throw new IllegalArgumentException(
          "top_k: k is "
              + k
              + ", but input "
              + input
              + " has "
              + input.size(at)
              + " along the axis");
    }
    return Axes.with(input, at, k);
  }

  /**
   * Writes {@code values} and {@code indices}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor values, Tensor indices) {
    outputShape(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view v = call.view(values);
      vk_view n = call.view(indices);
      vk_plan plan = call.plan();
      int most = largest ? 1 : 0;
      Status.check(Voxkern.vk_top_k_plan(call.context(), i, axis, most, v, n, plan));
      Status.check(
          Voxkern.vk_top_k(call.context(), plan, i, axis, most, call.workspace(plan), v, n));
    }
  }

  /** Writes dvalue/dinput, given dvalue/dvalues and the indices that {@link #apply} wrote. */
  public void gradient(Tensor indices, Tensor valuesGradient, Tensor inputGradient) {
    if (indices.type() != ElementType.I64) {
      throw new IllegalArgumentException("top_k: indices " + indices + ", expected i64");
    }
    Scatter.elements(axis, Scatter.Mode.REPLACE)
        .apply(null, indices, valuesGradient, inputGradient);
  }
}
