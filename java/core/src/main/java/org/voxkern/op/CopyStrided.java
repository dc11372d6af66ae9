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
 * Copies the elements of one view of a tensor to another view of the same shape: slices, flips,
 * permutations, repetitions and their inverses.
 *
 * <p>Every element type. The gradient of such a copy is the copy the other way round, into zeros
 * where the input's elements were not all read; where one was read several times it is their sum:
 * see {@link Expand}.
 */
public final class CopyStrided {
  private CopyStrided() {}

  /** The input's. */
  public static Shape outputShape(Shape input) {
    return input;
  }

  /**
   * Writes the elements of {@code input} to those of {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or elements of the
   *     output fall together
   */
  public static void apply(TensorView input, TensorView output) {
    try (NativeCall call = new NativeCall(input.tensor().context())) {
      vk_view from = input.view(call);
      vk_view to = output.view(call);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_copy_strided_plan(call.context(), from, to, plan));
      Status.check(Voxkern.vk_copy_strided(call.context(), plan, from, call.workspace(plan), to));
    }
  }

  /** The elements of a view as a new tensor in the innermost scope. */
  public static Tensor dense(TensorView input) {
    ElementType type = input.tensor().type();
    Tensor output = Tensor.uninitialized(input.tensor().context(), type, input.shape());
    try {
      apply(input, TensorView.of(output));
    } catch (RuntimeException failure) {
      output.close();
      throw failure;
    }
    return output;
  }
}
