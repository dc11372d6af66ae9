package org.voxkern.train.loss;

import org.voxkern.graph.Value;
import org.voxkern.op.Jacobian;
import org.voxkern.op.Reduce;

/**
 * How rough a displacement or a velocity is: fields (N, 3, D, H, W) in voxels, components x, y, z.
 * Along an axis of one voxel nothing differs.
 */
public final class FieldRegularity {
  private static final double[] VOXELS = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  private static final int[] SPACE = {2, 3, 4};

  private FieldRegularity() {}

  /**
   * Diffusion: &Sigma; |u(i + 1) - u(i)|&sup2; along the three axes, by the number of elements of
   * u. 0 for a field that is the same everywhere.
   */
  public static Value diffusion(Value field) {
    Value sum = null;
    for (int axis : SPACE) {
      sum = plus(sum, squares(difference(field, axis)));
    }
    return sum.divide(field.elementCount());
  }

  /**
   * Bending energy: the squares of all second differences, mixed ones twice, by the number of
   * elements of u. 0 for affine fields. Source: Rueckert et al., "Nonrigid Registration Using
   * Free-Form Deformations", 1999.
   */
  public static Value bendingEnergy(Value field) {
    Value sum = null;
    for (int first = 0; first < SPACE.length; first++) {
      Value slope = difference(field, SPACE[first]);
      for (int second = first; second < SPACE.length; second++) {
        Value bend = squares(difference(slope, SPACE[second]));
        sum = plus(sum, second == first ? bend : bend.times(2));
      }
    }
    return sum.divide(field.elementCount());
  }

  /**
   * Folding: the mean over the voxels of max(0, least - det)&sup2;, det the {@link Jacobian}
   * determinant of x &rarr; x + u(x). 0 where nothing shrinks below the least.
   */
  public static Value folding(Value displacement, double leastDeterminant) {
    return displacement.apply(
        new Measurement(
            "folding",
            3,
            (fields, to) -> Jacobian.penalty(fields.get(0), VOXELS, leastDeterminant, to)));
  }

  private static Value plus(Value sum, Value more) {
    return sum == null ? more : sum.add(more);
  }

  /** Of neighbours along an axis, where there are any. */
  private static Value difference(Value field, int axis) {
    // An axis that has become empty has no differences either.
    if (field.shape().size(axis).is(0)) {
      return field;
    }
    return field.slice(axis, 1, Value.END).subtract(field.slice(axis, 0, -1));
  }

  private static Value squares(Value field) {
    return field.reduce(Reduce.Reduction.SUM_SQUARE, false);
  }
}
