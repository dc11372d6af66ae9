package org.voxkern.op;

import org.bytedeco.javacpp.DoublePointer;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_mutual_information_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Mutual information of two images from their joint histogram: Mattes' (in nats) or Studholme's
 * normalised, (H(F) + H(M)) / H(F, M). Larger is better for both.
 *
 * <p>The joint histogram has ITK's conventions: two bins of padding at each end, a zero-order
 * Parzen window for the fixed image and a cubic B-spline one for the moving image. ITK's metric is
 * the negative of the value here.
 *
 * <p>Shapes: fixed and warped agree, any rank; f32, or f64 on the reference backend. The mask is u8
 * of the same shape, non-zero where a voxel counts. A voxel where either image is NaN or infinite
 * does not count. With no counted voxel the value and the gradient are 0. For 10 000 voxels and
 * more the relative error of the value is below 1e-6.
 */
public final class MutualInformation {
  private MutualInformation() {}

  /** What is made of the joint histogram. In the order of {@code vk_mutual_information_measure}. */
  public enum Measure {
    /** Mattes mutual information, in nats. */
    MATTES,
    /** Studholme's normalised mutual information, 1 to 2. */
    NORMALIZED
  }

  /** What becomes of a warped intensity outside the moving range; as {@code vk_outside_range}. */
  public enum OutsideRange {
    /** It counts as the nearer end, with zero gradient. */
    CLAMPED,
    /** The voxel does not count, which is ITK's rule. */
    IGNORED
  }

  /**
   * How the joint histogram is made.
   *
   * @param bins bins of either axis, padding included: 5 to 256
   * @param fixedMin least intensity of the fixed image; what is below counts in the lowest bin
   * @param fixedMax greatest intensity of the fixed image
   * @param movingMin least intensity of the moving image
   * @param movingMax greatest intensity of the moving image
   */
  public record Parameters(
      Measure measure,
      int bins,
      double fixedMin,
      double fixedMax,
      double movingMin,
      double movingMax,
      OutsideRange outsideRange) {

    /** Clamps warped intensities outside the moving range. */
    public Parameters(
        Measure measure,
        int bins,
        double fixedMin,
        double fixedMax,
        double movingMin,
        double movingMax) {
      this(measure, bins, fixedMin, fixedMax, movingMin, movingMax, OutsideRange.CLAMPED);
    }
  }

  /** Value of the measure. {@code mask} may be null. */
  public static double value(Tensor fixed, Tensor warped, Tensor mask, Parameters parameters) {
    return run(fixed, warped, mask, parameters, null, null);
  }

  /**
   * Value of the measure; its derivative with respect to every voxel of {@code warped} is written
   * to {@code gradient}, of the same shape and type.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static double valueAndGradient(
      Tensor fixed, Tensor warped, Tensor mask, Parameters parameters, Tensor gradient) {
    return run(fixed, warped, mask, parameters, gradient, null);
  }

  /**
   * Value of the measure; the joint histogram is written to {@code jointHistogram}, f64 (bins,
   * bins), rows fixed, sum 1.
   */
  public static double valueAndJointHistogram(
      Tensor fixed, Tensor warped, Tensor mask, Parameters parameters, Tensor jointHistogram) {
    return run(fixed, warped, mask, parameters, null, jointHistogram);
  }

  private static double run(
      Tensor fixed,
      Tensor warped,
      Tensor mask,
      Parameters parameters,
      Tensor gradient,
      Tensor jointHistogram) {
    try (NativeCall call = new NativeCall(fixed.context())) {
      vk_view f = call.view(fixed);
      vk_view w = call.view(warped);
      vk_view m = call.view(mask);
      vk_view g = call.view(gradient);
      vk_view h = call.view(jointHistogram);
      vk_mutual_information_params params = params(call, parameters);
      vk_plan plan = call.plan();
      DoublePointer value = call.doubles(1);
      Status.check(Voxkern.vk_mutual_information_plan(call.context(), f, w, m, params, g, h, plan));
      Status.check(
          Voxkern.vk_mutual_information(
              call.context(), plan, f, w, m, params, g, h, call.workspace(plan), value));
      return value.get();
    }
  }

  private static vk_mutual_information_params params(NativeCall call, Parameters parameters) {
    vk_mutual_information_params params = call.own(new vk_mutual_information_params());
    params.struct_size(params.sizeof());
    params.measure(parameters.measure().ordinal());
    params.bins(parameters.bins());
    params.outside_range(parameters.outsideRange().ordinal());
    params.fixed_min(parameters.fixedMin());
    params.fixed_max(parameters.fixedMax());
    params.moving_min(parameters.movingMin());
    params.moving_max(parameters.movingMax());
    return params;
  }
}
