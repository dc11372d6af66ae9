package org.voxkern.study;

import java.util.Optional;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Invert;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Transform;

/**
 * Where the points of moving space come from, for a mapping T given as displacements.
 *
 * <p>With L the affine map nearest to T, R(x) = L<sup>-1</sup>(T(x)) moves points little however
 * large the rotation, and T(x) = y is R(x) = L<sup>-1</sup>(y). That is solved by fixed-point
 * iteration, which converges wherever T is no wilder than twice its affine part.
 */
public final class InverseMapping implements Transform {
  private static final int FIT_POINTS = 9;
  private static final int MOST_STEPS = 60;
  private static final double SOLVED_MM = 1e-4;

  private final DisplacementField field;
  private final Transform mapping;
  private final AffineMap inverseLinear;

  public InverseMapping(DisplacementField field) {
    this.field = field;
    mapping = new DisplacementFieldTransform(field);
    inverseLinear = nearestAffine(mapping, field.geometry()).inverse();
  }

  /** L<sup>-1</sup>. */
  public AffineMap linear() {
    return inverseLinear;
  }

  /** The rest of the inverse on a grid of moving space: y comes from linear(y) + w(y). */
  public DisplacementField beyondLinear(Geometry grid) {
    Geometry fixed = field.geometry();
    Context context = field.displacementMm().context();
    Tensor w = Tensor.uninitialized(context, ElementType.F32, grid.shape().prepend(3));
    DisplacementField residual = WholeMapping.of(context, fixed, inverseLinear, Optional.of(field));
    try (Tensor r = residual.displacementMm()) {
      Invert.apply(
          r,
          fixed.physicalToIndex().after(inverseLinear).after(grid.indexToPhysical()),
          fixed.physicalToIndex().matrix(),
          MOST_STEPS,
          SOLVED_MM,
          w);
    }
    return new DisplacementField(w, grid);
  }

  @Override
  public double[] apply(double... movingPoint) {
    double[] x = inverseLinear.apply(movingPoint);
    for (int step = 0; step < MOST_STEPS; step++) {
      double[] y = mapping.apply(x);
      double[] change =
          inverseLinear.applyToVector(
              movingPoint[0] - y[0], movingPoint[1] - y[1], movingPoint[2] - y[2]);
      double size = 0;
      for (int axis = 0; axis < 3; axis++) {
        x[axis] += change[axis];
        size = Math.max(size, Math.abs(change[axis]));
      }
      if (!(size > SOLVED_MM)) {
        break;
      }
    }
    return x;
  }

  /** Least squares over points spread over the grid, which are symmetric about its middle. */
  private static AffineMap nearestAffine(Transform mapping, Geometry grid) {
    double[] matrix = new double[9];
    double[] mean = new double[3];
    double[] squares = new double[3];
    int count = FIT_POINTS * FIT_POINTS * FIT_POINTS;
    for (int i = 0; i < count; i++) {
      double[] t = {
        i % FIT_POINTS - (FIT_POINTS - 1) / 2.0,
        i / FIT_POINTS % FIT_POINTS - (FIT_POINTS - 1) / 2.0,
        i / FIT_POINTS / FIT_POINTS - (FIT_POINTS - 1) / 2.0
      };
      double[] y = mapping.apply(grid.indexToPhysical().apply(index(grid, t)));
      for (int row = 0; row < 3; row++) {
        mean[row] += y[row] / count;
        squares[row] += t[row] * t[row];
        for (int column = 0; column < 3; column++) {
          matrix[3 * row + column] += y[row] * t[column];
        }
      }
    }
    for (int i = 0; i < 9; i++) {
      matrix[i] /= squares[i % 3];
    }
    // From steps t to points, undone by the map from steps to fixed points.
    AffineMap fromSteps = AffineMap.of(matrix, mean);
    double[] scale = new double[9];
    for (int axis = 0; axis < 3; axis++) {
      scale[4 * axis] = step(grid, axis);
    }
    AffineMap stepsToIndex =
        AffineMap.of(
            scale,
            new double[] {
              (grid.size(0) - 1) / 2.0, (grid.size(1) - 1) / 2.0, (grid.size(2) - 1) / 2.0
            });
    return fromSteps.after(grid.indexToPhysical().after(stepsToIndex).inverse());
  }

  private static double[] index(Geometry grid, double[] t) {
    double[] index = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      index[axis] = (grid.size(axis) - 1) / 2.0 + t[axis] * step(grid, axis);
    }
    return index;
  }

  private static double step(Geometry grid, int axis) {
    return Math.max(grid.size(axis) - 1, 1e-3) / (FIT_POINTS - 1);
  }
}
