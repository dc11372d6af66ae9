package org.voxkern.registration;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Scope;
import org.voxkern.op.Statistics;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Similarity3DTransform;
import org.voxkern.transform.TranslationTransform;

/** One registration from checks to result. */
final class Pipeline {
  // Histogram bins lie between these quantiles: a few hot voxels must not squeeze all the rest.
  private static final double LOW_QUANTILE = 0.0005;
  private static final double HIGH_QUANTILE = 0.9995;

  // A linear stage that starts too coarse on a small grid ends in the wrong optimum; a deformation
  // that starts too fine does not reach far enough.
  private static final int LINEAR_LEAST_VOXELS = 24;
  private static final int DEFORMABLE_LEAST_VOXELS = 16;
  private static final long MANY_VOXELS = 2_000_000;

  private final Registration options;
  private final Image fixed;
  private final Image moving;
  private final List<LevelReport> reports = new ArrayList<>();

  Pipeline(Registration options, Image fixed, Image moving) {
    this.options = options;
    this.fixed = fixed;
    this.moving = moving;
  }

  RegistrationResult run() {
    Context context = fixed.context();
    Images.requireRegistrable(fixed, options.fixedMask, "fixed");
    Images.requireRegistrable(moving, options.movingMask, "moving");
    if (moving.context() != context) {
      throw new IllegalArgumentException("fixed and moving image belong to different contexts");
    }
    if (options.overlapRequired) {
      Images.requireOverlap(fixed, moving);
    }
    long begin = System.nanoTime();
    try (Scope scope = Scope.open(context)) {
      Problem problem = problem(scope);
      LinearTransform start = start(problem);
      LinearTransform linear = linear(problem, start);
      problem.bias().release();
      double before = fullMeasure(problem, startingPoint());
      double secondsLinear = seconds(begin);
      Optional<DisplacementField> deformation = Optional.empty();
      Optional<Image> velocity = Optional.empty();
      double after;
      long deformableBegin = System.nanoTime();
      if (options.transform == TransformKind.DEFORMABLE) {
        DeformableStage stage = new DeformableStage(options, problem, linear);
        DeformableSearch.Deformation found = stage.run(reports);
        after = stage.measure(found.displacement());
        found.displacement().displacementMm().moveTo(scope.parent());
        found.velocity().ifPresent(image -> image.data().moveTo(scope.parent()));
        deformation = Optional.of(found.displacement());
        velocity = found.velocity();
      } else {
        after = fullMeasure(problem, linear);
      }
      return new RegistrationResult(
          linear,
          deformation,
          velocity,
          before,
          after,
          List.copyOf(reports),
          secondsLinear,
          options.transform == TransformKind.DEFORMABLE ? seconds(deformableBegin) : 0);
    }
  }

  private Problem problem(Scope scope) {
    int levels =
        Pyramid.levelCount(
            fixed.geometry(),
            options.linearLevels > 0 ? options.linearLevels : 4,
            LINEAR_LEAST_VOXELS);
    int deformableLevels =
        options.transform == TransformKind.DEFORMABLE
            ? Pyramid.levelCount(
                fixed.geometry(),
                options.deformableLevels > 0 ? options.deformableLevels : 3,
                DEFORMABLE_LEAST_VOXELS)
            : 0;
    int built = Math.max(levels, deformableLevels);
    Pyramid fixedPyramid = new Pyramid(fixed, options.fixedMask, built);
    Pyramid movingPyramid = new Pyramid(moving, options.movingMask, built);
    Similarity.Range fixedRange = range(fixed, options.fixedMask);
    return new Problem(
        options,
        fixed,
        moving,
        fixedPyramid,
        movingPyramid,
        new BiasCorrection(options, fixedPyramid, movingPyramid, fixedRange, scope),
        fixedRange,
        range(moving, options.movingMask),
        levels,
        deformableLevels);
  }

  private static Similarity.Range range(Image image, Image mask) {
    double[] quantiles =
        Statistics.quantiles(
            image.data(), mask == null ? null : mask.data(), LOW_QUANTILE, HIGH_QUANTILE);
    return new Similarity.Range(quantiles[0], quantiles[1]);
  }

  /** The transform before any search. */
  private LinearTransform startingPoint() {
    return options.initialTransform != null
        ? options.initialTransform
        : Euler3DTransform.identity(fixed.geometry().center());
  }

  private LinearTransform start(Problem problem) {
    if (options.initialization == Initialization.IDENTITY) {
      return startingPoint();
    }
    return new Initializer(options, problem).run();
  }

  private LinearTransform linear(Problem problem, LinearTransform start) {
    int coarsest = problem.levels() - 1;
    int linearLevels = options.linearLevels > 0 ? options.linearLevels : 3;
    int first = Math.min(coarsest, linearLevels - 1);
    // A deformable stage that follows makes the last digit of the linear one worthless.
    int last = options.transform == TransformKind.DEFORMABLE ? Math.min(1, first) : 0;
    double[] center = fixed.geometry().center();
    AffineMap map = start.toAffineMap();
    switch (options.transform) {
      case TRANSLATION:
        return stage(
            problem,
            "translation",
            TranslationTransform.of(Linear.shiftAt(map, center)),
            first,
            last);
      case RIGID:
        return stage(problem, "rigid", Linear.rigid(map, center), first, last);
      case SIMILARITY:
        LinearTransform rigid = stage(problem, "rigid", Linear.rigid(map, center), first, first);
        return stage(
            problem,
            "similarity",
            Similarity3DTransform.of(rigid.toAffineMap(), center),
            first,
            last);
      default:
        LinearTransform aligned = stage(problem, "rigid", Linear.rigid(map, center), first, first);
        return stage(
            problem, "affine", AffineTransform.of(aligned.toAffineMap(), center), first, last);
    }
  }

  private LinearTransform stage(
      Problem problem, String name, LinearTransform start, int coarsest, int finest) {
    return new LinearStage(options, problem, name, coarsest, finest).run(start, reports);
  }

  /** Of a large image every second voxel along each axis says as much of a linear transform. */
  private Pyramid.Level judged(Pyramid.Level level) {
    boolean all =
        options.transform == TransformKind.DEFORMABLE
            || options.measure == SimilarityMeasure.LNCC
            || level.geometry().voxelCount() < MANY_VOXELS;
    return all ? level : level.everyNth(new int[] {2, 2, 2});
  }

  private double fullMeasure(Problem problem, LinearTransform transform) {
    try (Scope scope = Scope.open(problem.context())) {
      LinearObjective objective =
          new LinearObjective(
              Samples.wholeGrid(judged(problem.fixed().level(0))),
              problem.moving().level(0),
              problem.linearSimilarity(),
              options.measure.largerIsBetter(),
              transform);
      return objective.measure(transform);
    }
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) * 1e-9;
  }
}
