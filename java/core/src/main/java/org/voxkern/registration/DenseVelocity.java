package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Compose;
import org.voxkern.op.Exponential;

/**
 * A stationary velocity at every voxel, u = exp(v) - id; updates add to v, and the gradient is the
 * exact one of scaling and squaring (Ashburner, "A fast diffeomorphic image registration
 * algorithm", NeuroImage 38, 2007).
 */
final class DenseVelocity implements FlowModel {
  private int steps;

  @Override
  public void displacement(Tensor field, Geometry level, Tensor displacement) {
    steps =
        Exponential.apply(
            field, level.physicalToIndex().matrix(), Exponential.AUTOMATIC, displacement);
  }

  @Override
  public void gradient(Tensor field, Tensor byDisplacement, Geometry level, Tensor byUpdate) {
    Exponential.gradient(field, level.physicalToIndex().matrix(), steps, byDisplacement, byUpdate);
  }

  /** Adds: a composition in which the second field moves nothing. */
  @Override
  public void update(Tensor field, Tensor update, Geometry level, Tensor updated) {
    Compose.apply(
        field, update, AffineMap.identity(), new double[9], Compose.Outside.CLAMP, updated);
  }
}
