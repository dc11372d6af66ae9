package org.voxkern.registration;

/** Where a linear registration starts. */
public enum Initialization {
  /** The identity, or the transform given. */
  IDENTITY,
  /** The grids' middles are brought together. */
  GEOMETRY,
  /** The images' centres of mass are brought together. */
  CENTER_OF_MASS,
  /** Centres of mass, and the principal axes aligned. */
  MOMENTS,
  /**
   * Several of the above and rotations of up to 60 degrees are tried on a coarse level; the best
   * one wins.
   */
  MULTI_START
}
