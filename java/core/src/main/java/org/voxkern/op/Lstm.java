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
 * Long short-term memory as ONNX and PyTorch have it: i = &sigma;(W<sub>i</sub> x + R<sub>i</sub> h
 * + p<sub>i</sub> c), f = &sigma;(W<sub>f</sub> x + R<sub>f</sub> h + p<sub>f</sub> c), g =
 * tanh(W<sub>g</sub> x + R<sub>g</sub> h), c&prime; = f c + i g, o = &sigma;(W<sub>o</sub> x +
 * R<sub>o</sub> h + p<sub>o</sub> c&prime;), h&prime; = o tanh(c&prime;), each sum with its biases.
 *
 * <p>Shapes: those of {@link RecurrentTensors.Role}, with four gates in the order of ONNX: input,
 * output, forget, cell. PyTorch has input, forget, cell, output: {@link #fromPyTorch}. {@code
 * kernels/lstm/README.md} states the error bounds. Instances are immutable and may be shared by
 * threads.
 */
public final class Lstm {
  private final Recurrence recurrence;

  private Lstm(Recurrence recurrence) {
    this.recurrence = Objects.requireNonNull(recurrence, "recurrence");
  }

  public static Lstm of(Recurrence recurrence) {
    return new Lstm(recurrence);
  }

  /** Shape of the output for an input (T, B, I): (T, D, B, H). */
  public Shape outputShape(Shape input, long hidden) {
    return RecurrentTensors.perStep("lstm", input, recurrence, hidden);
  }

  /** Shape of what the forward run leaves for the gradient. */
  public Shape reserveShape(Shape input, long hidden) {
    return RecurrentTensors.perStep("lstm", input, recurrence, 5 * hidden);
  }

  /**
   * Writes output, last hidden and last cell, and the reserve where it is given.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or if a length is
   *     more than the steps
   */
  public void apply(RecurrentTensors tensors) {
    try (NativeCall call = new NativeCall(tensors.context())) {
      vk_recurrent_tensors views = tensors.fill(call);
      vk_plan plan = call.plan();
      int order = recurrence.ordinal();
      Status.check(Voxkern.vk_lstm_plan(call.context(), views, order, plan));
      Status.check(Voxkern.vk_lstm(call.context(), plan, views, order, call.workspace(plan)));
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
      Status.check(Voxkern.vk_lstm_gradient_plan(call.context(), views, order, plan));
      Status.check(
          Voxkern.vk_lstm_gradient(call.context(), plan, views, order, call.workspace(plan)));
    }
  }

  /**
   * Weights or biases with their gates in PyTorch's order (input, forget, cell, output), in ours: a
   * copy in the innermost scope. For a tensor (D, gates H, columns) or (D, gates H) or (D, 2 gates
   * H).
   */
  public static Tensor fromPyTorch(Tensor tensor, long hidden) {
    return RecurrentTensors.reordered("lstm", tensor, hidden, 0, 3, 1, 2);
  }

  /** The inverse of {@link #fromPyTorch}. */
  public static Tensor toPyTorch(Tensor tensor, long hidden) {
    return RecurrentTensors.reordered("lstm", tensor, hidden, 0, 2, 3, 1);
  }
}
