package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Compose;

/**
 * A displacement at every voxel that small updates d are composed with: u(x) &larr; d(x) + u(x +
 * d(x)) (Avants et al., "Symmetric diffeomorphic image registration with cross-correlation",
 * Medical Image Analysis 12, 2008; Yushkevich et al., "Fast automatic segmentation of hippocampal
 * subfields", Alzheimer's and Dementia 12, 2016).
 */
final class GreedyDisplacement implements FlowModel {
  @Override
  public void displacement(Tensor field, Geometry level, Tensor displacement) {
    displacement.set(field);
  }

  @Override
  public void update(Tensor field, Tensor update, Geometry level, Tensor updated) {
    Compose.apply(
        field,
        update,
        AffineMap.identity(),
        level.physicalToIndex().matrix(),
        Compose.Outside.CLAMP,
        updated);
  }
}
