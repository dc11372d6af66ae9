package org.voxkern.registration;

/** How a deformation is parametrised. */
public enum DeformationModel {
  /** Displacement on a cubic B-spline control grid, with bending energy and a folding penalty. */
  B_SPLINE,
  /** Stationary velocity on a cubic B-spline control grid; diffeomorphic. */
  B_SPLINE_VELOCITY,
  /** Stationary velocity, one vector a voxel; diffeomorphic. */
  DENSE_VELOCITY,
  /** Composed small updates of a dense field, smoothed; diffeomorphic for small steps. */
  GREEDY
}
