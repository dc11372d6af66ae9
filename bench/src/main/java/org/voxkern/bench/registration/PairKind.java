package org.voxkern.bench.registration;

import org.voxkern.Geometry;
import org.voxkern.registration.TransformKind;
import org.voxkern.study.synthetic.KnownTransform;
import org.voxkern.study.synthetic.KnownTransforms;

/** What lies between the two images of a known-truth pair. */
enum PairKind {
  RIGID(TransformKind.RIGID),
  AFFINE(TransformKind.AFFINE),
  DEFORMABLE(TransformKind.DEFORMABLE);

  private final TransformKind transform;

  PairKind(TransformKind transform) {
    this.transform = transform;
  }

  TransformKind transform() {
    return transform;
  }

  /** As the command line writes it. */
  String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  KnownTransform truth(Geometry fixed, long seed) {
    return switch (this) {
      case RIGID -> KnownTransforms.rigid(fixed);
      case AFFINE -> KnownTransforms.affine(fixed);
      case DEFORMABLE -> KnownTransforms.deformable(fixed, seed);
    };
  }
}
