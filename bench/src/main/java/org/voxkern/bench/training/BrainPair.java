package org.voxkern.bench.training;

import java.util.Arrays;
import java.util.Optional;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;
import org.voxkern.Scope;
import org.voxkern.metrics.LabelOverlap;
import org.voxkern.registration.Initialization;
import org.voxkern.registration.Registration;
import org.voxkern.registration.TransformKind;
import org.voxkern.study.Warping;

/**
 * Label maps of two people on a grid about the fixed one's brain, the moving one's brought there by
 * the affine registration of scans painted on both.
 *
 * @param fixed i32
 * @param moving i32, after the affine registration
 */
record BrainPair(String name, Image fixed, Image moving) {
  /** Voxels along x, y, z: a brain with room around it, halved four times. */
  private static final int[] SIZE = {80, 80, 96};

  private static final double SPACING_MM = 2;

  /** A person. */
  record Person(String number, Image labels, Image scan) {}

  /**
   * In the innermost scope.
   *
   * @param brain the labels of the brain
   */
  static BrainPair of(Person fixed, Person moving, int[] brain) {
    Context context = fixed.labels.context();
    try (Scope scope = Scope.open(context)) {
      Geometry grid = gridAbout(fixed.labels, brain);
      AffineMap affine =
          Registration.builder()
              .transform(TransformKind.AFFINE)
              .initialization(Initialization.MULTI_START)
              .build()
              .run(fixed.scan, moving.scan)
              .linear()
              .toAffineMap();
      Image onGrid = Warping.labels(fixed.labels, AffineMap.identity(), Optional.empty(), grid);
      Image aligned = Warping.labels(moving.labels, affine, Optional.empty(), grid);
      onGrid.data().moveTo(scope.parent());
      aligned.data().moveTo(scope.parent());
      return new BrainPair(moving.number + " to " + fixed.number, onGrid, aligned);
    }
  }

  private static Geometry gridAbout(Image labels, int[] brain) {
    IndexBox box = Images.foregroundBox(Images.mask(labels, brain), 0);
    Geometry own = labels.geometry();
    double[] middle = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      middle[axis] = box.first()[axis] + (box.size()[axis] - 1) / 2.0;
    }
    double[] center = own.indexToPhysical().apply(middle);
    double[] spacing = new double[3];
    Arrays.fill(spacing, SPACING_MM);
    Geometry atZero = Geometry.of(SIZE, spacing, new double[3], own.direction());
    double[] offset = atZero.center();
    double[] origin = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      origin[axis] = center[axis] - offset[axis];
    }
    return Geometry.of(SIZE, spacing, origin, own.direction());
  }

  /** Mean Dice over these labels as the affine registration leaves it. */
  double diceBefore(int[] scored) {
    return LabelOverlap.of(fixed.data(), moving.data()).meanDice(scored);
  }
}
