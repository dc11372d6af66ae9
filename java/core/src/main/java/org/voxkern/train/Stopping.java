package org.voxkern.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Tensor;
import org.voxkern.graph.Weights;

/** The best weights so far, and when nothing better is to be expected. */
final class Stopping {
  private final Validation validation;
  private final long every;
  private final long patience;

  /** The best weights; nothing where there is no validation. */
  private final Map<String, Tensor> best = new LinkedHashMap<>();

  private double bestScore = Double.NaN;
  private long withoutBetter;

  /**
   * @param validation or null
   */
  Stopping(Validation validation, long every, long patience, Weights weights) {
    this.validation = validation;
    this.every = every;
    this.patience = patience;
    if (validation != null) {
      weights.names().forEach(name -> best.put(name, weights.get(name).copy()));
    }
  }

  boolean isDue(long step) {
    return validation != null && step % every == 0;
  }

  boolean isEnough() {
    return withoutBetter >= patience;
  }

  double bestScore() {
    return bestScore;
  }

  boolean wasBest() {
    return withoutBetter == 0;
  }

  Map<String, Tensor> best() {
    return best;
  }

  double measure(Weights weights) {
    double score = validation.measure(weights);
    if (score < bestScore || Double.isNaN(bestScore) && !Double.isNaN(score)) {
      bestScore = score;
      withoutBetter = 0;
      best.forEach((name, tensor) -> tensor.set(weights.get(name)));
    } else {
      withoutBetter++;
    }
    return score;
  }

  void restore(Weights weights) {
    if (Double.isNaN(bestScore)) {
      throw new IllegalStateException("nothing was validated yet");
    }
    best.forEach(weights::set);
  }

  Progress progress(long step) {
    return new Progress(step, bestScore, withoutBetter);
  }

  void set(Progress progress) {
    bestScore = progress.bestScore();
    withoutBetter = progress.withoutBetter();
  }
}
