package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Compose;
import org.voxkern.op.Exponential;

/**
 * A stationary velocity at every voxel, u = exp(v) - id. Updates d are added to v, which is exp(v)
 * after exp(d) to the first term of the Baker-Campbell-Hausdorff series (Vercauteren et al.,
 * "Symmetric log-domain diffeomorphic registration: a demons-based approach", MICCAI 2008).
 */
final class DenseVelocity implements FlowModel {
  @Override
  public void displacement(Tensor field, Geometry level, Tensor displacement) {
    Exponential.apply(field, level.physicalToIndex().matrix(), Exponential.AUTOMATIC, displacement);
  }

  /** Adds: a composition in which the second field moves nothing. */
  @Override
  public void update(Tensor field, Tensor update, Geometry level, Tensor updated) {
    Compose.apply(
        field, update, AffineMap.identity(), new double[9], Compose.Outside.CLAMP, updated);
  }
}
