package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_softmax_params;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * e^x over the sum of e^x along an axis, or the logarithm of that: x - ln &Sigma; e^x.
 *
 * <p>Input and output are alike, of any rank; f32, or f64 on the reference backend. The largest of
 * a line is taken off first, so finite inputs give finite results. The output may be the input. A
 * line with NaN or positive infinity is NaN. {@code kernels/softmax/README.md} states the error
 * bounds. Instances are immutable.
 */
public final class Softmax {
  private final int axis;
  private final boolean logarithm;

  private Softmax(int axis, boolean logarithm) {
    this.axis = axis;
    this.logarithm = logarithm;
  }

  public static Softmax along(int axis) {
    return new Softmax(axis, false);
  }

  /** The logarithm of the softmax. */
  public static Softmax logAlong(int axis) {
    return new Softmax(axis, true);
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_softmax_params params = params(call);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_softmax_plan(call.context(), i, params, o, plan));
      Status.check(Voxkern.vk_softmax(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  /**
   * Writes {@code inputGradient}, from the output and the gradient of the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor output, Tensor outputGradient, Tensor inputGradient) {
    try (NativeCall call = new NativeCall(output.context())) {
      vk_softmax_params params = params(call);
      vk_view i = call.view(output);
      vk_view g = call.view(outputGradient);
      vk_view o = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_softmax_gradient_plan(call.context(), i, g, params, o, plan));
      Status.check(
          Voxkern.vk_softmax_gradient(call.context(), plan, i, g, params, call.workspace(plan), o));
    }
  }

  private vk_softmax_params params(NativeCall call) {
    vk_softmax_params params = call.own(new vk_softmax_params());
    return params.struct_size(params.sizeof()).axis(axis).logarithm(logarithm ? 1 : 0);
  }
}
