package org.voxkern.registration;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.voxkern.AffineMap;
import org.voxkern.Scope;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.LinearTransform;

/** Measures many rigid starts on a coarse level, optimises the best few, and keeps the best. */
final class MultiStart {
  private static final int BINS = 32;
  private static final long SAMPLES = 6_000;
  private static final double[] ANGLES = {-60, -30, 0, 30, 60};
  private static final int OPTIMISED = 5;
  // A start that shares less than this part of what the best start shares with the moving image is
  // no
  // start: a histogram of a sliver can look perfectly dependent. Masks and unlike fields of view
  // bear
  // on all starts alike.
  private static final double LEAST_OVERLAP = 0.4;

  private final Registration options;
  private final Problem problem;
  private final SimilarityMeasure measure;

  MultiStart(Registration options, Problem problem) {
    this.options = options;
    this.problem = problem;
    // Local correlation needs a grid; its global form finds the same start.
    measure = options.measure == SimilarityMeasure.LNCC ? SimilarityMeasure.NCC : options.measure;
  }

  private record Candidate(LinearTransform transform, double loss, double overlap) {
    /** Without a loss where it shares too little. */
    Candidate sharing(double leastOverlap) {
      return overlap >= leastOverlap
          ? this
          : new Candidate(transform, Double.POSITIVE_INFINITY, overlap);
    }
  }

  /** Every start turned about its centre by combinations of up to 60 degrees about the axes. */
  static List<LinearTransform> rotated(List<LinearTransform> starts) {
    List<LinearTransform> candidates = new ArrayList<>();
    for (LinearTransform start : starts) {
      double[] center = start.center();
      for (double x : ANGLES) {
        for (double y : ANGLES) {
          for (double z : ANGLES) {
            double[] angles = {Math.toRadians(x), Math.toRadians(y), Math.toRadians(z), 0, 0, 0};
            AffineMap turn = Euler3DTransform.fromParameters(angles, center).toAffineMap();
            candidates.add(Euler3DTransform.of(start.toAffineMap().after(turn), center));
          }
        }
      }
    }
    return candidates;
  }

  /**
   * The best transform found.
   *
   * @param certain starts that are optimised whatever the measure says of them, unless they share
   *     next to nothing
   * @param tried starts of which the most promising few are optimised
   */
  LinearTransform best(List<LinearTransform> certain, List<LinearTransform> tried, int level) {
    try (Scope scope = Scope.open(problem.context())) {
      Samples samples = Samples.stratified(problem.fixed().level(level), SAMPLES, options.seed);
      LinearObjective objective =
          new LinearObjective(
              samples,
              problem.moving().level(level),
              problem.similarity(measure, BINS),
              measure.largerIsBetter(),
              certain.get(0));
      List<Candidate> candidates = candidates(objective, certain);
      List<Candidate> ranked = candidates(objective, tried);
      double most =
          Stream.concat(candidates.stream(), ranked.stream())
              .mapToDouble(Candidate::overlap)
              .max()
              .orElse(0);
      double least = LEAST_OVERLAP * most;
      candidates.replaceAll(candidate -> candidate.sharing(least));
      ranked.replaceAll(candidate -> candidate.sharing(least));
      ranked.sort(Comparator.comparingDouble(Candidate::loss));
      candidates.addAll(ranked.subList(0, Math.min(OPTIMISED, ranked.size())));
      double spacing = LinearStage.smallestSpacing(problem.fixed().level(level));
      Lbfgs optimiser = new Lbfgs(8, 15, 0.5 * spacing, 4 * spacing, 0.05 * spacing, 1e-4);
      Candidate best = Collections.min(candidates, Comparator.comparingDouble(Candidate::loss));
      for (Candidate candidate : candidates) {
        if (Double.isInfinite(candidate.loss)) {
          continue;
        }
        Lbfgs.Result result =
            optimiser.minimize(
                objective, objective.scaled(candidate.transform), (iteration, value) -> {});
        LinearTransform transform = objective.transform(result.x());
        Candidate found = candidate(objective, transform).sharing(least);
        if (found.loss < best.loss) {
          best = found;
        }
      }
      return best.transform;
    }
  }

  private List<Candidate> candidates(LinearObjective objective, List<LinearTransform> starts) {
    List<Candidate> candidates = new ArrayList<>();
    for (LinearTransform start : starts) {
      candidates.add(candidate(objective, start));
    }
    return candidates;
  }

  private Candidate candidate(LinearObjective objective, LinearTransform transform) {
    double value = objective.measure(transform);
    double overlap = objective.overlap();
    if (!Double.isFinite(value) || !(overlap > 0)) {
      return new Candidate(transform, Double.POSITIVE_INFINITY, 0);
    }
    return new Candidate(transform, measure.largerIsBetter() ? -value : value, overlap);
  }
}
