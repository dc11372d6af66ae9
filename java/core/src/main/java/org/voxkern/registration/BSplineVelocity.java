package org.voxkern.registration;

import java.util.Optional;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Exponential;
import org.voxkern.op.Ffd;
import org.voxkern.op.Warp3d;

/**
 * Flow of a stationary velocity on a cubic B-spline control grid: u = exp(v) - id, v = &Sigma; B c
 * (Modat et al., "Parametric non-rigid registration using a stationary velocity field", WBIR 2012).
 *
 * <p>Along axes where a control interval has many voxels the flow is computed on every second one
 * and interpolated, as it is as smooth as the spline. The gradient is that of all this as it ran.
 */
final class BSplineVelocity implements FieldModel {
  // Voxels a control interval from which every second one is enough.
  private static final double MANY_VOXELS = 6;

  private final ControlGrid grid;
  private Tensor velocity;
  private Tensor flow;
  private int steps;

  BSplineVelocity(ControlGrid grid) {
    this.grid = grid;
  }

  @Override
  public void evaluate(Tensor coefficients, Geometry level, Tensor displacement) {
    Geometry flowGrid = flowGrid(level);
    Shape shape = flowGrid.shape().prepend(3);
    if (velocity == null || !velocity.shape().equals(shape)) {
      Context context = displacement.context();
      velocity = Tensor.uninitialized(context, ElementType.F32, shape);
      flow = Tensor.uninitialized(context, ElementType.F32, shape);
    }
    velocity(coefficients, flowGrid, velocity);
    steps =
        Exponential.apply(
            velocity, flowGrid.physicalToIndex().matrix(), Exponential.AUTOMATIC, flow);
    interpolator(flowGrid, level).apply(flow, null, null, null, displacement, null);
  }

  @Override
  public void gradient(Tensor byDisplacement, Geometry level, Tensor byCoefficients) {
    Geometry flowGrid = flowGrid(level);
    try (Tensor byVelocity =
        Tensor.uninitialized(velocity.context(), ElementType.F32, velocity.shape())) {
      interpolator(flowGrid, level).gradientImage(null, null, null, byDisplacement, flow);
      Exponential.gradient(velocity, flowGrid.physicalToIndex().matrix(), steps, flow, byVelocity);
      Ffd.gradient(byVelocity, grid.originIn(flowGrid), grid.spacingIn(flowGrid), byCoefficients);
    }
  }

  /** A flow does not fold. */
  @Override
  public double foldingWeight() {
    return 0;
  }

  @Override
  public Optional<Tensor> velocity(Tensor coefficients, Geometry level) {
    Tensor result =
        Tensor.uninitialized(coefficients.context(), ElementType.F32, level.shape().prepend(3));
    velocity(coefficients, level, result);
    return Optional.of(result);
  }

  private void velocity(Tensor coefficients, Geometry level, Tensor result) {
    Ffd.evaluate(coefficients, grid.originIn(level), grid.spacingIn(level), result);
  }

  private Geometry flowGrid(Geometry level) {
    double[] voxels = grid.spacingIn(level);
    int[] factors = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      factors[axis] = voxels[axis] >= MANY_VOXELS ? 2 : 1;
    }
    return level.shrink(factors);
  }

  private static Warp3d interpolator(Geometry flowGrid, Geometry level) {
    return Warp3d.builder()
        .indexMap(flowGrid.physicalToIndex().after(level.indexToPhysical()))
        .border(Warp3d.Border.CLAMP)
        .build();
  }
}
