package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_recurrent_tensors;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;
import org.voxkern.op.RecurrentTensors.Recurrence;

/**
 * Gated recurrent unit as ONNX and PyTorch have it: z = &sigma;(W<sub>z</sub> x + R<sub>z</sub> h),
 * r = &sigma;(W<sub>r</sub> x + R<sub>r</sub> h), h&prime; = (1 - z) n + z h, each sum with its
 * biases. With the linear part before the reset (PyTorch) n = tanh(W<sub>n</sub> x + b + r
 * (R<sub>n</sub> h + b&prime;)), without it (the default of ONNX) n = tanh(W<sub>n</sub> x +
 * R<sub>n</sub> (r h) + b + b&prime;).
 *
 * <p>Shapes: those of {@link RecurrentTensors.Role}, with three gates in the order of ONNX: update,
 * reset, hidden. PyTorch has reset, update, new: {@link #fromPyTorch}. {@code
 * kernels/gru/README.md} states the error bounds. Instances are immutable and may be shared by
 * threads.
 */
public final class Gru {
  private final Recurrence recurrence;
  private final boolean linearBeforeReset;

  private Gru(Recurrence recurrence, boolean linearBeforeReset) {
    this.recurrence = Objects.requireNonNull(recurrence, "recurrence");
    this.linearBeforeReset = linearBeforeReset;
  }

  public static Gru of(Recurrence recurrence, boolean linearBeforeReset) {
    return new Gru(recurrence, linearBeforeReset);
  }

  /** Shape of the output for an input (T, B, I): (T, D, B, H). */
  public Shape outputShape(Shape input, long hidden) {
    return RecurrentTensors.perStep("gru", input, recurrence, hidden);
  }

  /** Shape of what the forward run leaves for the gradient. */
  public Shape reserveShape(Shape input, long hidden) {
    return RecurrentTensors.perStep("gru", input, recurrence, 4 * hidden);
  }

  /**
   * Writes output and last hidden, and the reserve where it is given.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if a length is
   *     more than the steps
   */
  public void apply(RecurrentTensors tensors) {
    try (NativeCall call = new NativeCall(tensors.context())) {
      vk_recurrent_tensors views = tensors.fill(call);
      vk_plan plan = call.plan();
      int order = recurrence.ordinal();
      int linear = linearBeforeReset ? 1 : 0;
      Status.check(Voxkern.vk_gru_plan(call.context(), views, order, linear, plan));
      Status.check(
          Voxkern.vk_gru(call.context(), plan, views, order, linear, call.workspace(plan)));
    }
  }

  /**
   * Back through time: writes those gradients of the arguments that are given, from the output and
   * the reserve of {@link #apply} and the gradients of the results.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(RecurrentTensors tensors) {
    try (NativeCall call = new NativeCall(tensors.context())) {
      vk_recurrent_tensors views = tensors.fill(call);
      vk_plan plan = call.plan();
      int order = recurrence.ordinal();
      int linear = linearBeforeReset ? 1 : 0;
      Status.check(Voxkern.vk_gru_gradient_plan(call.context(), views, order, linear, plan));
      Status.check(
          Voxkern.vk_gru_gradient(
              call.context(), plan, views, order, linear, call.workspace(plan)));
    }
  }

  /**
   * Weights or biases with their gates in PyTorch's order (reset, update, new), in ours: a copy in
   * the innermost scope. For a tensor (D, gates H, columns) or (D, gates H) or (D, 2 gates H).
   */
  public static Tensor fromPyTorch(Tensor tensor, long hidden) {
    return RecurrentTensors.reordered("gru", tensor, hidden, 1, 0, 2);
  }

  /** The inverse of {@link #fromPyTorch}. */
  public static Tensor toPyTorch(Tensor tensor, long hidden) {
    return RecurrentTensors.reordered("gru", tensor, hidden, 1, 0, 2);
  }
}
