package org.voxkern.registration;

/** What a registration may change. */
public enum TransformKind {
  TRANSLATION,
  /** Rotation and translation, 6 parameters. */
  RIGID,
  /** Rigid and one scale, 7 parameters. */
  SIMILARITY,
  /** Any affine map, 12 parameters. */
  AFFINE,
  /** Affine, then a dense deformation. */
  DEFORMABLE
}
