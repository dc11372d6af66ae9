package org.voxkern.metrics;

import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.op.Jacobian;

/**
 * How a mapping changes volumes: of its Jacobian determinants, the share that is not positive
 * (where it folds) and how far the others spread.
 *
 * @param count determinants looked at; 1 for a linear map, which has the same everywhere
 * @param nonpositiveFraction share of them that is 0, negative or no number
 * @param sdLog standard deviation of log det over the positive ones
 */
public record JacobianStatistics(
    long count, double nonpositiveFraction, double min, double max, double mean, double sdLog) {

  /**
   * Over the voxels of a field's grid, or those of a mask.
   *
   * @param mask u8 on the same grid, or null
   * @throws IllegalArgumentException if the mask is of another shape
   */
  public static JacobianStatistics of(DisplacementField field, Image mask) {
    Jacobian.Statistics s =
        Jacobian.statistics(
            field.displacementMm(),
            Jacobian.gradientMap(field.geometry()),
            mask == null ? null : mask.data());
    double fraction = s.count() == 0 ? 0 : (double) s.nonpositive() / s.count();
    return new JacobianStatistics(s.count(), fraction, s.min(), s.max(), s.mean(), s.sdLog());
  }

  /** Of a linear map, whose determinant is the same everywhere. */
  public static JacobianStatistics of(AffineMap map) {
    double determinant = map.determinant();
    return new JacobianStatistics(
        1, determinant > 0 ? 0 : 1, determinant, determinant, determinant, 0);
  }

  /** The determinant at every voxel, f32, in the innermost scope. */
  public static Image determinants(DisplacementField field) {
    Tensor determinant =
        Tensor.uninitialized(
            field.displacementMm().context(), ElementType.F32, field.geometry().shape());
    Jacobian.determinant(
        field.displacementMm(), Jacobian.gradientMap(field.geometry()), determinant);
    return new Image(determinant, field.geometry());
  }
}
