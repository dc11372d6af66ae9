package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Copies a tensor to another element type, value &rarr; value scale + offset.
 *
 * <p>Every type to every type. Integers are rounded to nearest, halves away from zero, and
 * saturate; NaN becomes 0. A bool is true where the value is not 0. Arithmetic is f64: 64-bit
 * integers beyond 2^53 are rounded on the way, except between the 64-bit types with no scale and
 * offset.
 */
public final class Convert {
  private Convert() {}

  /** A new tensor of the given type, in the innermost scope. */
  public static Tensor to(Tensor input, ElementType type) {
    return to(input, type, 1, 0);
  }

  /** A new tensor of the given type that holds value scale + offset. */
  public static Tensor to(Tensor input, ElementType type, double scale, double offset) {
    Tensor output = Tensor.uninitialized(input.context(), type, input.shape());
    try {
      apply(input, scale, offset, output);
    } catch (RuntimeException failure) {
      output.close();
      throw failure;
    }
    return output;
  }

  /** Writes the values to another tensor, which must not share memory with the input. */
  public static void apply(Tensor input, Tensor output) {
    apply(input, 1, 0, output);
  }

  /**
   * Writes value scale + offset to another tensor, which must not share memory with the input.
   *
   * @throws IllegalArgumentException if the shapes disagree, naming both
   */
  public static void apply(Tensor input, double scale, double offset, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_convert_plan(call.context(), i, scale, offset, o, plan));
      Status.check(
          Voxkern.vk_convert(call.context(), plan, i, scale, offset, call.workspace(plan), o));
    }
  }
}
