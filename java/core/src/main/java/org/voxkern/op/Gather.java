package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Elements of a tensor that indices name, and the gradient.
 *
 * <p>Three kinds, as ONNX's Gather, GatherElements and GatherND have them. Every element type;
 * indices are i32 or i64, negative ones count from the end. Instances are immutable and may be
 * shared by threads.
 */
public final class Gather {
  private final IndexKind kind;
  private final int axis;

  private Gather(IndexKind kind, int axis) {
    this.kind = kind;
    this.axis = axis;
  }

  /** output(i, j, k) = data(i, indices(j), k) for an axis in the middle; j may be several axes. */
  public static Gather slices(int axis) {
    return new Gather(IndexKind.SLICES, axis);
  }

  /** output(i, j, k) = data(i, indices(i, j, k), k); indices have data's shape but for the axis. */
  public static Gather elements(int axis) {
    return new Gather(IndexKind.ELEMENTS, axis);
  }

  /**
   * output(b, q, r) = data(b, indices(b, q, 0), indices(b, q, 1), ..., r): the last axis of the
   * indices has one position for each of the axes after the {@code batchAxes}.
   */
  public static Gather tuples(int batchAxes) {
    return new Gather(IndexKind.TUPLES, batchAxes);
  }

  /**
   * @throws IllegalArgumentException if the shapes do not fit each other, naming both
   */
  public Shape outputShape(Shape data, Shape indices) {
    return kind.pickedShape("gather", data, indices, axis);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or an index is
   *     outside the data; nothing is written then
   */
  public void apply(Tensor data, Tensor indices, Tensor output) {
    try (NativeCall call = new NativeCall(data.context())) {
      vk_view d = call.view(data);
      vk_view i = call.view(indices);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      int code = kind.ordinal();
      Status.check(Voxkern.vk_gather_plan(call.context(), d, i, code, axis, o, plan));
      Status.check(
          Voxkern.vk_gather(call.context(), plan, d, i, code, axis, call.workspace(plan), o));
    }
  }

  /**
   * Writes dvalue/ddata, given dvalue/doutput: each element is the sum over the indices that name
   * it, in their order.
   */
  public void gradient(Tensor indices, Tensor outputGradient, Tensor dataGradient) {
    new Scatter(kind, axis, Scatter.Mode.ADD).apply(null, indices, outputGradient, dataGradient);
  }
}
