package org.voxkern.registration;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Limited-memory BFGS with a backtracking and extrapolating line search (Nocedal and Wright,
 * "Numerical Optimization", 2nd ed., algorithms 7.4 and 7.5).
 *
 * <p>The variables are expected to be scaled so that a change of 1 moves the image by about 1 mm:
 * {@code firstStep} and {@code stepTolerance} are in that unit and hold for the largest component.
 */
final class Lbfgs {
  private static final double SUFFICIENT_DECREASE = 1e-4;
  private static final double CURVATURE = 0.9;
  private static final int MAX_TRIALS = 12;

  private final int memory;
  private final int maxIterations;
  private final double firstStep;
  private final double largestStep;
  private final double stepTolerance;
  private final double valueTolerance;

  /**
   * @param memory pairs kept
   * @param maxIterations most iterations
   * @param firstStep length of the first trial step
   * @param largestStep no step is longer
   * @param stepTolerance an accepted step shorter than this ends the search
   * @param valueTolerance an improvement relative to the value smaller than this, twice in a row,
   *     ends the search
   */
  Lbfgs(
      int memory,
      int maxIterations,
      double firstStep,
      double largestStep,
      double stepTolerance,
      double valueTolerance) {
    this.memory = memory;
    this.maxIterations = maxIterations;
    this.firstStep = firstStep;
    this.largestStep = largestStep;
    this.stepTolerance = stepTolerance;
    this.valueTolerance = valueTolerance;
  }

  /** Told after every accepted step. */
  @FunctionalInterface
  interface Listener {
    void onIteration(int iteration, double value);
  }

  /** Where a search ended. */
  record Result(double[] x, double value, int iterations, String stopReason) {}

  private record Pair(double[] s, double[] y, double rho) {}

  private record Trial(double[] x, double[] gradient, double value) {}

  Result minimize(Objective objective, double[] start, Listener listener) {
    double[] x = start.clone();
    double[] gradient = new double[x.length];
    double value = objective.evaluate(x, gradient);
    Deque<Pair> pairs = new ArrayDeque<>();
    int small = 0;
    for (int iteration = 1; iteration <= maxIterations; iteration++) {
      double steepest = largest(gradient);
      if (!(steepest > 0) || !Double.isFinite(value)) {
        return new Result(x, value, iteration - 1, steepest == 0 ? "converged" : "not a number");
      }
      double[] direction = direction(pairs, gradient);
      double slope = dot(direction, gradient);
      if (!(slope < 0)) {
        pairs.clear();
        direction = direction(pairs, gradient);
        slope = dot(direction, gradient);
      }
      double length = largest(direction);
      double step = pairs.isEmpty() ? firstStep / length : Math.min(1, largestStep / length);
      Trial next = search(objective, x, value, direction, slope, step, largestStep / length);
      if (next == null) {
        if (pairs.isEmpty()) {
          return new Result(x, value, iteration - 1, "no descent");
        }
        pairs.clear(); // the model was wrong: once more along the gradient
        continue;
      }
      double[] s = difference(next.x, x);
      double[] y = difference(next.gradient, gradient);
      double curvature = dot(s, y);
      if (curvature > 1e-10 * Math.sqrt(dot(s, s) * dot(y, y))) {
        pairs.addFirst(new Pair(s, y, 1 / curvature));
        if (pairs.size() > memory) {
          pairs.removeLast();
        }
      }
      double improvement = value - next.value;
      x = next.x;
      gradient = next.gradient;
      value = next.value;
      listener.onIteration(iteration, value);
      if (largest(s) < stepTolerance) {
        return new Result(x, value, iteration, "converged");
      }
      small = improvement < valueTolerance * Math.abs(value) ? small + 1 : 0;
      if (small >= 2) {
        return new Result(x, value, iteration, "converged");
      }
    }
    return new Result(x, value, maxIterations, "iteration limit");
  }

  private Trial search(
      Objective objective,
      double[] x,
      double value,
      double[] direction,
      double slope,
      double firstTrial,
      double largestTrial) {
    double step = firstTrial;
    double tooLong = Double.POSITIVE_INFINITY;
    Trial best = null;
    for (int trial = 0; trial < MAX_TRIALS; trial++) {
      double[] position = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        position[i] = x[i] + step * direction[i];
      }
      double[] gradient = new double[x.length];
      double trialValue = objective.evaluate(position, gradient);
      boolean decreases =
          Double.isFinite(trialValue) && trialValue <= value + SUFFICIENT_DECREASE * step * slope;
      if (!decreases || (best != null && trialValue > best.value)) {
        if (best != null) {
          return best; // a longer step was tried and is worse
        }
        tooLong = step;
        step *= Double.isFinite(trialValue) ? shrink(value, slope, step, trialValue) : 0.1;
        continue;
      }
      double trialSlope = dot(direction, gradient);
      best = new Trial(position, gradient, trialValue);
      double longer = Math.min(largestTrial, step * extrapolation(slope, trialSlope));
      if (trialSlope >= CURVATURE * slope || longer >= tooLong || longer < 1.2 * step) {
        return best;
      }
      step = longer;
    }
    return best;
  }

  /** Minimum of the parabola through value, slope and the failed trial, kept within [0.1, 0.5]. */
  private static double shrink(double value, double slope, double step, double trialValue) {
    double t = -slope * step / (2 * (trialValue - value - slope * step));
    return Double.isFinite(t) ? Math.min(0.5, Math.max(0.1, t)) : 0.1;
  }

  /** How much longer a step the secant of the slopes asks for, kept within [1, 8]. */
  private static double extrapolation(double slope, double trialSlope) {
    double t = slope / (slope - trialSlope);
    return t > 0 && Double.isFinite(t) ? Math.min(8, Math.max(1, t)) : 8;
  }

  private static double[] direction(Deque<Pair> pairs, double[] gradient) {
    double[] q = gradient.clone();
    double[] alpha = new double[pairs.size()];
    int i = 0;
    for (Pair pair : pairs) {
      alpha[i] = pair.rho * dot(pair.s, q);
      add(q, -alpha[i++], pair.y);
    }
    if (!pairs.isEmpty()) {
      Pair newest = pairs.peekFirst();
      scale(q, 1 / (newest.rho * dot(newest.y, newest.y)));
    }
    for (Iterator<Pair> oldestFirst = pairs.descendingIterator(); oldestFirst.hasNext(); ) {
      Pair pair = oldestFirst.next();
      add(q, alpha[--i] - pair.rho * dot(pair.y, q), pair.s);
    }
    scale(q, -1);
    return q;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[] a, double factor, double[] b) {
    for (int i = 0; i < a.length; i++) {
      a[i] += factor * b[i];
    }
  }

  private static void scale(double[] a, double factor) {
    for (int i = 0; i < a.length; i++) {
      a[i] *= factor;
    }
  }

  private static double[] difference(double[] a, double[] b) {
    double[] result = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      result[i] = a[i] - b[i];
    }
    return result;
  }

  private static double largest(double[] a) {
    double largest = 0;
    for (double value : a) {
      largest = Math.max(largest, Math.abs(value)); // NaN spreads, and the caller looks for it
    }
    return largest;
  }
}
