package org.voxkern.train.loss;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.graph.Value;

/**
 * How far a prediction is from its target, as a single number in the graph of both. Instances are
 * immutable and may be used in several graphs.
 */
@FunctionalInterface
public interface Loss {
  /**
   * Adds the loss to the graph.
   *
   * @throws IllegalArgumentException if the shapes do not fit each other, naming the node
   */
  Value of(Value prediction, Value target);

  /** This, times a number. */
  default Loss times(double factor) {
    return (prediction, target) -> of(prediction, target).times(factor);
  }

  /** The sum of this and another, such as soft Dice and cross entropy. */
  default Loss plus(Loss other) {
    return (prediction, target) -> of(prediction, target).add(other.of(prediction, target));
  }

  /**
   * Deep supervision: the weighted sum of this loss of several predictions, each against a target
   * of its size, the finest first. Weights fall by half with each and sum to 1: Isensee et al.,
   * "nnU-Net", 2021.
   *
   * @throws IllegalArgumentException unless there is a target for each prediction, and one at least
   */
  default Value supervise(List<Value> predictions, List<Value> targets) {
    return supervise(predictions, targets, halving(predictions.size()));
  }

  /** Weights of so many predictions that fall by half with each and sum to 1. */
  static List<Double> halving(int count) {
    List<Double> weights = new ArrayList<>();
    double sum = 2 - Math.pow(0.5, count - 1.0);
    for (int level = 0; level < count; level++) {
      weights.add(Math.pow(0.5, level) / sum);
    }
    return weights;
  }

  /** The same with weights of one's own. */
  default Value supervise(List<Value> predictions, List<Value> targets, List<Double> weights) {
    int count = predictions.size();
    if (count == 0 || targets.size() != count || weights.size() != count) {
      throw new IllegalArgumentException(
          count
              + " predictions, "
              + targets.size()
              + " targets and "
              + weights.size()
              + " weights: expected as many of each, and one at least");
    }
    Value sum = null;
    for (int level = 0; level < count; level++) {
      Value one = of(predictions.get(level), targets.get(level)).times(weights.get(level));
      sum = sum == null ? one : sum.add(one);
    }
    return sum;
  }
}
