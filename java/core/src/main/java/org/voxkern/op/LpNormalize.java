package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_lp_normalize_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Scales vectors along an axis to length 1: output = input / max(|input|_p, epsilon), with p 1 or
 * 2.
 *
 * <p>Input and output are alike, of any rank; f32, or f64 on the reference backend. A vector of
 * length 0 gives 0 even where epsilon is 0. The output may be the input. NaN in a vector makes it
 * NaN. {@code kernels/lp_normalize/README.md} states the error bounds. Instances are immutable.
 */
public final class LpNormalize {
  private final int axis;
  private final int p;
  private final double epsilon;

  private LpNormalize(int axis, int p, double epsilon) {
    this.axis = axis;
    this.p = p;
    this.epsilon = epsilon;
  }

  /** PyTorch has an epsilon of 1e-12, ONNX 0. */
  public static LpNormalize of(int axis, int p, double epsilon) {
    return new LpNormalize(axis, p, epsilon);
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
      vk_lp_normalize_params params = params(call);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_lp_normalize_plan(call.context(), i, params, o, plan));
      Status.check(
          Voxkern.vk_lp_normalize(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  /**
   * Writes {@code inputGradient}, from the input and the gradient of the output.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor input, Tensor outputGradient, Tensor inputGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_lp_normalize_params params = params(call);
      vk_view i = call.view(input);
      vk_view g = call.view(outputGradient);
      vk_view o = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_lp_normalize_gradient_plan(call.context(), i, g, params, o, plan));
      Status.check(
          Voxkern.vk_lp_normalize_gradient(
              call.context(), plan, i, g, params, call.workspace(plan), o));
    }
  }

  private vk_lp_normalize_params params(NativeCall call) {
    vk_lp_normalize_params params = call.own(new vk_lp_normalize_params());
    return params.struct_size(params.sizeof()).axis(axis).p(p).epsilon(epsilon);
  }
}
