package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * A tensor with updates at the elements that indices name: the counterpart of {@link Gather}, of
 * the same three kinds.
 *
 * <p>Replacing takes every element type, the other modes f32, i32 and i64, and f64 on the reference
 * backend. Updates of one element are applied in the order of their indices. Instances are
 * immutable and may be shared by threads.
 */
public final class Scatter {
  /** In the order of {@code vk_scatter_mode}. */
  public enum Mode {
    /** The last update stays. */
    REPLACE,
    ADD,
    MULTIPLY,
    MIN,
    MAX
  }

  private final IndexKind kind;
  private final int axis;
  private final Mode mode;

  Scatter(IndexKind kind, int axis, Mode mode) {
    this.kind = kind;
    this.axis = axis;
    this.mode = Objects.requireNonNull(mode, "mode");
  }

  /** To what {@link Gather#slices} reads. */
  public static Scatter slices(int axis, Mode mode) {
    return new Scatter(IndexKind.SLICES, axis, mode);
  }

  /** To what {@link Gather#elements} reads: ONNX's ScatterElements. */
  public static Scatter elements(int axis, Mode mode) {
    return new Scatter(IndexKind.ELEMENTS, axis, mode);
  }

  /** To what {@link Gather#tuples} reads: ONNX's ScatterND with no batch axes. */
  public static Scatter tuples(int batchAxes, Mode mode) {
    return new Scatter(IndexKind.TUPLES, batchAxes, mode);
  }

  /** The data's. */
  public Shape outputShape(Shape data) {
    return data;
  }

  /**
   * Writes {@code output}: {@code data}, which may be the output itself, or zeros where it is null,
   * with the updates.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or an index is
   *     outside the data; nothing is written then
   */
  public void apply(Tensor data, Tensor indices, Tensor updates, Tensor output) {
    try (NativeCall call = new NativeCall(output.context())) {
      vk_view d = call.view(data);
      vk_view i = call.view(indices);
      vk_view u = call.view(updates);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      int code = kind.ordinal();
      int how = mode.ordinal();
      Status.check(Voxkern.vk_scatter_plan(call.context(), d, i, u, code, axis, how, o, plan));
      Status.check(
          Voxkern.vk_scatter(
              call.context(), plan, d, i, u, code, axis, how, call.workspace(plan), o));
    }
  }
}
