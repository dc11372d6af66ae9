package org.voxkern.registration;

/** How a deformation u is parametrised; a fixed point x goes to linear(x + u(x)). */
public enum DeformationModel {
  /**
   * Displacement on a cubic B-spline control grid, with bending energy and a penalty on folding
   * (Rueckert et al., IEEE TMI 18, 1999).
   */
  B_SPLINE,
  /**
   * Stationary velocity on a cubic B-spline control grid, u = exp(v) - id, with bending energy of
   * the velocity (Modat et al., WBIR 2012). The inverse is exp(-v).
   */
  B_SPLINE_VELOCITY,
  /**
   * Stationary velocity at every voxel, u = exp(v) - id, by a gradient flow whose updates and field
   * are smoothed (Ashburner, NeuroImage 38, 2007; Vercauteren et al., MICCAI 2008). The inverse is
   * exp(-v).
   */
  VELOCITY,
  /**
   * Displacement at every voxel, composed of many small smooth updates (Avants et al., Medical
   * Image Analysis 12, 2008; Yushkevich et al., "greedy", 2016).
   */
  GREEDY;

  /** Whether the deformation is the flow of a stationary velocity. */
  public boolean hasVelocity() {
    return this == B_SPLINE_VELOCITY || this == VELOCITY;
  }

  /** Whether every voxel has a vector of its own, rather than every control point. */
  public boolean isDense() {
    return this == VELOCITY || this == GREEDY;
  }
}
