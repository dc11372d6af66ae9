package org.voxkern.registration;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.op.Statistics;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.LinearTransform;

/** Finds where a linear registration starts: rigid transforms about the fixed side's centre. */
final class Initializer {
  private final Registration options;
  private final Problem problem;
  private final int level;

  Initializer(Registration options, Problem problem) {
    this.options = options;
    this.problem = problem;
    level = problem.levels() - 1;
  }

  LinearTransform run() {
    LinearTransform middles =
        shift(problem.fixedImage().geometry().center(), problem.movingImage().geometry().center());
    switch (options.initialization) {
      case GEOMETRY:
        return middles;
      case CENTER_OF_MASS:
        return masses();
      case MOMENTS:
        return new MultiStart(options, problem).best(axesAligned(), List.of(), level);
      case MULTI_START:
        // Scans of one session are right as they lie, however unlike their fields of view.
        LinearTransform asScanned =
            Euler3DTransform.identity(problem.fixedImage().geometry().center());
        return new MultiStart(options, problem)
            .best(List.of(asScanned), MultiStart.rotated(List.of(middles, masses())), level);
      default:
        throw new AssertionError(options.initialization);
    }
  }

  private LinearTransform masses() {
    return shift(moments(problem.fixed()).center(), moments(problem.moving()).center());
  }

  /** The four proper rotations that bring the principal axes together. */
  private List<LinearTransform> axesAligned() {
    Moments fixed = moments(problem.fixed());
    Moments moving = moments(problem.moving());
    List<LinearTransform> starts = new ArrayList<>();
    for (double[] rotation : moving.rotationsFrom(fixed)) {
      double[] turnedCenter = AffineMap.of(rotation, new double[3]).apply(fixed.center());
      double[] translation = new double[3];
      for (int axis = 0; axis < 3; axis++) {
        translation[axis] = moving.center()[axis] - turnedCenter[axis];
      }
      starts.add(Euler3DTransform.of(AffineMap.of(rotation, translation), fixed.center()));
    }
    return starts;
  }

  private static LinearTransform shift(double[] from, double[] to) {
    return Euler3DTransform.fromParameters(
        new double[] {0, 0, 0, to[0] - from[0], to[1] - from[1], to[2] - from[2]}, from);
  }

  private Moments moments(Pyramid pyramid) {
    Pyramid.Level coarse = pyramid.level(level);
    return Moments.of(
        Statistics.of(coarse.image(), coarse.mask()), coarse.geometry().indexToPhysical());
  }
}
