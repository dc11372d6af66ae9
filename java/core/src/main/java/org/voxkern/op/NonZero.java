package org.voxkern.op;

import org.bytedeco.javacpp.LongPointer;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Where the elements of a tensor are not 0, in their order: indices (rank, count), i64.
 *
 * <p>Every element type; NaN is not 0, -0 is. There is no gradient.
 */
public final class NonZero {
  private NonZero() {}

  /** How many elements are not 0. */
  public static long count(Tensor input) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_plan plan = call.plan();
      LongPointer count = call.own(new LongPointer(1));
      Status.check(Voxkern.vk_non_zero_count_plan(call.context(), i, plan));
      Status.check(Voxkern.vk_non_zero_count(call.context(), plan, i, call.workspace(plan), count));
      return count.get();
    }
  }

  /** Shape of the indices, given how many there are. */
  public static Shape outputShape(Shape input, long count) {
    return Shape.of(input.rank(), count);
  }

  /** The indices, in a tensor of the innermost scope. */
  public static Tensor apply(Tensor input) {
    Tensor indices =
        Tensor.uninitialized(
            input.context(), ElementType.I64, outputShape(input.shape(), count(input)));
    apply(input, indices);
    return indices;
  }

  /**
   * Writes {@code indices}.
   *
   * @throws IllegalArgumentException if they are not as many as there are elements that are not 0
   */
  public static void apply(Tensor input, Tensor indices) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view o = call.view(indices);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_non_zero_plan(call.context(), i, o, plan));
      Status.check(Voxkern.vk_non_zero(call.context(), plan, i, call.workspace(plan), o));
    }
  }
}
