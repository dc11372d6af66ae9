package org.voxkern.train;

import java.util.List;
import org.voxkern.Tensor;

/**
 * How parameters follow their gradients. Instances are immutable; what changes from step to step is
 * kept by who trains. The same numbers give the same bits with any number of threads.
 */
public interface Optimizer {
  /**
   * What is kept of each parameter from step to step: for each name a tensor like the parameter, 0
   * before the first step.
   */
  List<String> stateNames();

  /**
   * Changes a parameter, and its state, in place.
   *
   * @param parameter f32
   * @param gradient alike; may be overwritten
   * @param state in the order of {@link #stateNames}
   * @param step the number of this step, from 1
   */
  void update(
      Tensor parameter, Tensor gradient, List<Tensor> state, double learningRate, long step);

  /** Kind and settings in one line: what a checkpoint is compared by. */
  @Override
  String toString();
}
