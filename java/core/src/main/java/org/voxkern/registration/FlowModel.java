package org.voxkern.registration;

import org.voxkern.Geometry;
import org.voxkern.Tensor;

/** A deformation with a vector at every voxel, and how small updates change it. */
interface FlowModel {
  /** Writes the displacement (3, D, H, W) in mm of the model's field. */
  void displacement(Tensor field, Geometry level, Tensor displacement);

  /**
   * Writes the field after a small update, (3, D, H, W) in mm like itself. To first order the
   * displacement changes by the update.
   */
  void update(Tensor field, Tensor update, Geometry level, Tensor updated);
}
