package org.voxkern.registration;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.transform.LinearTransform;

/** One family of linear transforms, optimised level by level from coarse to fine. */
final class LinearStage {
  // On heads of 7 million voxels moved by known transforms, 100 000 to 400 000 points of the finest
  // level all leave 0.011 to 0.015 mm; coarser levels only have to bring the next one near.
  private static final long FINEST_SAMPLES = 150_000;
  private static final long COARSER_SAMPLES = 50_000;

  private final Registration options;
  private final Problem problem;
  private final String name;
  private final int coarsest;
  private final int finest;

  /**
   * @param name of the stage, in progress and reports
   * @param coarsest first level
   * @param finest last level, 0 for full resolution
   */
  LinearStage(Registration options, Problem problem, String name, int coarsest, int finest) {
    this.options = options;
    this.problem = problem;
    this.name = name;
    this.coarsest = coarsest;
    this.finest = finest;
  }

  LinearTransform run(LinearTransform start, List<LevelReport> reports) {
    LinearTransform transform = start;
    for (int level = coarsest; level >= finest; level--) {
      transform = runLevel(transform, level, reports);
      if (level == 1) { // before the finest one, which alone is so exact that the field matters
        problem.bias().estimate(level, transform.toAffineMap(), null);
      }
    }
    return transform;
  }

  private LinearTransform runLevel(LinearTransform start, int level, List<LevelReport> reports) {
    long begin = System.nanoTime();
    Context context = problem.context();
    try (Scope scope = Scope.open(context)) {
      Pyramid.Level fixed = problem.fixed().level(level);
      Samples samples = sample(fixed, level);
      LinearObjective objective =
          new LinearObjective(
              samples,
              problem.bias().level(level, options.measure),
              problem.linearSimilarity(),
              options.measure.largerIsBetter(),
              start);
      double spacing = smallestSpacing(fixed);
      Lbfgs optimiser =
          new Lbfgs(16, options.linearIterations, spacing, 8 * spacing, 2e-3 * spacing, 1e-7);
      List<Double> values = new ArrayList<>();
      Lbfgs.Result result =
          optimiser.minimize(
              objective,
              objective.scaled(start),
              (iteration, loss) -> {
                double value = options.measure.largerIsBetter() ? -loss : loss;
                values.add(value);
                options.listener.onIteration(name, level, iteration, value);
              });
      double seconds = (System.nanoTime() - begin) * 1e-9;
      reports.add(
          new LevelReport(
              name, level, boxed(fixed.factors()), values, result.stopReason(), seconds));
      return objective.transform(result.x());
    }
  }

  private Samples sample(Pyramid.Level fixed, int level) {
    if (options.measure == SimilarityMeasure.LNCC) {
      return Samples.wholeGrid(fixed); // windows need neighbours
    }
    long wanted =
        options.samplingFraction > 0
            ? Math.max(1000, Math.round(options.samplingFraction * fixed.geometry().voxelCount()))
            : level == 0 ? FINEST_SAMPLES : COARSER_SAMPLES;
    return Samples.stratified(fixed, wanted, options.seed + level);
  }

  static double smallestSpacing(Pyramid.Level level) {
    double[] spacing = level.geometry().spacing();
    return Math.min(spacing[0], Math.min(spacing[1], spacing[2]));
  }

  static List<Integer> boxed(int[] factors) {
    return List.of(factors[0], factors[1], factors[2]);
  }
}
