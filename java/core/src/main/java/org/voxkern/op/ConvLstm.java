package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * The gates of a convolutional LSTM (Shi et al. 2015), one by one over the voxels: i =
 * &sigma;(z<sub>i</sub> + p<sub>i</sub> c), f = &sigma;(z<sub>f</sub> + p<sub>f</sub> c), c&prime;
 * = f c + i tanh(z<sub>g</sub>), o = &sigma;(z<sub>o</sub> + p<sub>o</sub> c&prime;), h&prime; = o
 * tanh(c&prime;).
 *
 * <p>Shapes: gates (N, 4 C, D, H, W), the sums z in the order input, forget, cell, output; cell,
 * new cell and hidden (N, C, D, H, W); peepholes (3, C, D, H, W), of input, forget, output, or
 * null. All f32, or f64 on the reference backend. The convolutions that give the sums: {@link
 * ConvLstmCell}. {@code kernels/conv_lstm/README.md} states the error bounds.
 */
public final class ConvLstm {
  private ConvLstm() {}

  /**
   * Shape of the cell for gates.
   *
   * @throws IllegalArgumentException unless they have rank 5 and channels by four
   */
  public static Shape outputShape(Shape gates) {
    if (gates.rank() != 5 || gates.size(1) % 4 != 0) {
      throw new IllegalArgumentException(
          "conv_lstm: gates " + gates + ", expected (N, 4 C, D, H, W)");
    }
    long[] sizes = gates.toArray();
    sizes[1] /= 4;
    return Shape.of(sizes);
  }

  /**
   * Writes {@code newCell}, which may be the cell itself, and {@code hidden}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void apply(
      Tensor gates, Tensor cell, Tensor peepholes, Tensor newCell, Tensor hidden) {
    try (NativeCall call = new NativeCall(gates.context())) {
      vk_view g = call.view(gates);
      vk_view c = call.view(cell);
      vk_view p = call.view(peepholes);
      vk_view n = call.view(newCell);
      vk_view h = call.view(hidden);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_conv_lstm_plan(call.context(), g, c, p, n, h, plan));
      Status.check(Voxkern.vk_conv_lstm(call.context(), plan, g, c, p, call.workspace(plan), n, h));
    }
  }

  /**
   * Writes the gradients of gates, cell and peepholes (null where there are none), from the
   * arguments of the forward run and the gradients of the new cell (null counts as zeros) and of
   * hidden.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void gradient(
      Tensor gates,
      Tensor cell,
      Tensor peepholes,
      Tensor gradientNewCell,
      Tensor gradientHidden,
      Tensor gradientGates,
      Tensor gradientCell,
      Tensor gradientPeepholes) {
    try (NativeCall call = new NativeCall(gates.context())) {
      vk_view g = call.view(gates);
      vk_view c = call.view(cell);
      vk_view p = call.view(peepholes);
      vk_view ofCell = call.view(gradientNewCell);
      vk_view ofHidden = call.view(gradientHidden);
      vk_view dg = call.view(gradientGates);
      vk_view dc = call.view(gradientCell);
      vk_view dp = call.view(gradientPeepholes);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_conv_lstm_gradient_plan(
              call.context(), g, c, p, ofCell, ofHidden, dg, dc, dp, plan));
      Status.check(
          Voxkern.vk_conv_lstm_gradient(
              call.context(), plan, g, c, p, ofCell, ofHidden, call.workspace(plan), dg, dc, dp));
    }
  }
}
