package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_bias_field_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Slow multiplicative change of brightness (MR bias field) of an image against one of any contrast
 * that it is aligned with: values &asymp; intensity(bin of the reference) field(position).
 *
 * <p>The field is a polynomial of total degree 1 to 5 in u = scale position + offset (x, y, z,
 * clamped to [-1, 1]), as products of Legendre polynomials, x varying fastest; its mean over the
 * samples is 1. Intensities and field are fitted together to residuals of Student's t distribution,
 * so that what does not correspond weighs little. {@code kernels/bias_field/README.md} states
 * formulae and error bounds.
 *
 * @param degree of the polynomial, 1 to 5
 * @param scale of positions, x, y, z
 * @param offset of positions, x, y, z
 */
public record BiasField(int degree, double[] scale, double[] offset) {

  /**
   * A field over a whole grid whose voxel indices are the positions.
   *
   * @param size of the grid, x, y, z
   */
  public static BiasField over(int[] size, int degree) {
    double[] scale = new double[3];
    double[] offset = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      scale[axis] = size[axis] > 1 ? 2.0 / (size[axis] - 1) : 0;
      offset[axis] = size[axis] > 1 ? -1 : 0;
    }
    return new BiasField(degree, scale, offset);
  }

  /**
   * How a fit goes about it.
   *
   * @param bins of the reference's intensities, 1 to 256
   * @param iterations 1 to 100; 6 are enough where the field is within 30 % of 1
   * @param referenceMin lower end of the bins; intensities below count in the first
   * @param referenceMax upper end of the bins; intensities above count in the last
   */
  public record Fit(int bins, int iterations, double referenceMin, double referenceMax) {}

  /** Coefficients that a polynomial of this degree has. */
  public int terms() {
    return (degree + 1) * (degree + 2) * (degree + 3) / 6;
  }

  /**
   * The coefficients of the field of {@code values} (N), with {@code reference} (N) at {@code
   * positions} (3, N), all f32; {@code mask} u8 (N) may be null. Samples that are not finite do not
   * count. Where the samples do not determine the field, the last step that they did stays; at
   * first the field is 1.
   *
   * @throws IllegalArgumentException if shapes, types or parameters do not fit, saying which
   */
  public double[] fit(
      Tensor values, Tensor reference, Tensor positions, Tensor mask, Fit parameters) {
    requireDegree();
    try (NativeCall call = new NativeCall(values.context())) {
      Tensor coefficients =
          call.own(Tensor.uninitialized(values.context(), ElementType.F64, Shape.of(terms())));
      vk_bias_field_params params =
          params(call)
              .bins(parameters.bins)
              .iterations(parameters.iterations)
              .reference_min(parameters.referenceMin)
              .reference_max(parameters.referenceMax);
      vk_view v = call.view(values);
      vk_view r = call.view(reference);
      vk_view p = call.view(positions);
      vk_view m = call.view(mask);
      vk_view c = call.view(coefficients);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_bias_field_plan(call.context(), v, r, p, m, params, c, plan));
      Status.check(
          Voxkern.vk_bias_field(call.context(), plan, v, r, p, m, params, c, call.workspace(plan)));
      return coefficients.toDoubleArray();
    }
  }

  /**
   * Writes image / field, both f32 (D, H, W), the positions being voxel indices; the field is kept
   * between 1/4 and 4. {@code corrected} may be the image.
   *
   * @throws IllegalArgumentException if shapes, types or the number of coefficients do not fit
   */
  public void correct(Tensor image, double[] coefficients, Tensor corrected) {
    requireDegree();
    try (NativeCall call = new NativeCall(image.context())) {
      Tensor values = call.own(Tensor.of(image.context(), coefficients, coefficients.length));
      vk_bias_field_params params = params(call);
      vk_view i = call.view(image);
      vk_view c = call.view(values);
      vk_view o = call.view(corrected);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_bias_field_correct_plan(call.context(), i, c, params, o, plan));
      Status.check(
          Voxkern.vk_bias_field_correct(
              call.context(), plan, i, c, params, o, call.workspace(plan)));
    }
  }

  private void requireDegree() {
    if (degree < 1 || degree > 5) {
      throw new IllegalArgumentException("bias_field: degree " + degree + ", expected 1 to 5");
    }
    if (scale.length != 3 || offset.length != 3) {
      throw new IllegalArgumentException(
          "bias_field: scale and offset have "
              + scale.length
              + " and "
              + offset.length
              + " values, expected one each for x, y, z");
    }
  }

  private vk_bias_field_params params(NativeCall call) {
    vk_bias_field_params params = call.own(new vk_bias_field_params());
    params.struct_size(params.sizeof()).degree(degree);
    for (int axis = 0; axis < 3; axis++) {
      params.position_scale(axis, scale[axis]).position_offset(axis, offset[axis]);
    }
    return params;
  }
}
