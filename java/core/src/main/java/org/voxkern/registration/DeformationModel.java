package org.voxkern.registration;

/** How a deformation is parametrised. */
public enum DeformationModel {
  /** Displacement on a cubic B-spline control grid, with bending energy and a folding penalty. */
  B_SPLINE
}
