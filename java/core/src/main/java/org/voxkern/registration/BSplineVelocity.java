package org.voxkern.registration;

import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Exponential;
import org.voxkern.op.Ffd;

/**
 * Flow of a stationary velocity on a cubic B-spline control grid: u = exp(v) - id, v = &Sigma; B c
 * (Modat et al., "Parametric non-rigid registration using a stationary velocity field", WBIR 2012).
 * The gradient is that of scaling and squaring as it ran.
 */
final class BSplineVelocity implements FieldModel {
  private final ControlGrid grid;
  private Tensor velocity;
  private int steps;

  BSplineVelocity(ControlGrid grid) {
    this.grid = grid;
  }

  @Override
  public void evaluate(Tensor coefficients, Geometry level, Tensor displacement) {
    if (velocity == null || !velocity.shape().equals(displacement.shape())) {
      velocity =
          Tensor.uninitialized(displacement.context(), ElementType.F32, displacement.shape());
    }
    velocity(coefficients, level, velocity);
    steps =
        Exponential.apply(
            velocity, level.physicalToIndex().matrix(), Exponential.AUTOMATIC, displacement);
  }

  @Override
  public void gradient(Tensor byDisplacement, Geometry level, Tensor byCoefficients) {
    try (Tensor byVelocity =
        Tensor.uninitialized(velocity.context(), ElementType.F32, velocity.shape())) {
      Exponential.gradient(
          velocity, level.physicalToIndex().matrix(), steps, byDisplacement, byVelocity);
      Ffd.gradient(byVelocity, grid.originIn(level), grid.spacingIn(level), byCoefficients);
    }
  }

  /** A flow does not fold. */
  @Override
  public double foldingWeight() {
    return 0;
  }

  @Override
  public boolean velocity(Tensor coefficients, Geometry level, Tensor result) {
    Ffd.evaluate(coefficients, grid.originIn(level), grid.spacingIn(level), result);
    return true;
  }
}
