package org.voxkern.registration;

import java.util.Optional;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;

/**
 * Displacement on a cubic B-spline control grid (Rueckert et al., "Nonrigid registration using
 * free-form deformations", IEEE TMI 1999).
 */
final class BSplineDisplacement implements FieldModel {
  private static final double FOLDING_WEIGHT = 10;

  private final ControlGrid grid;

  BSplineDisplacement(ControlGrid grid) {
    this.grid = grid;
  }

  @Override
  public void evaluate(Tensor coefficients, Geometry level, Tensor displacement) {
    Ffd.evaluate(coefficients, grid.originIn(level), grid.spacingIn(level), displacement);
  }

  @Override
  public void gradient(Tensor byDisplacement, Geometry level, Tensor byCoefficients) {
    Ffd.gradient(byDisplacement, grid.originIn(level), grid.spacingIn(level), byCoefficients);
  }

  @Override
  public double foldingWeight() {
    return FOLDING_WEIGHT;
  }

  @Override
  public Optional<Tensor> velocity(Tensor coefficients, Geometry level) {
    return Optional.empty();
  }
}
