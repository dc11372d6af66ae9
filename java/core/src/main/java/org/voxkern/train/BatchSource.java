package org.voxkern.train;

import java.util.Map;
import org.voxkern.Context;
import org.voxkern.Tensor;

/**
 * Batches by their numbers. A batch is a function of its number (and of what the source was made
 * with, such as a seed), never of what was asked before: so that a training that was stopped sees
 * the same batches when it goes on.
 */
@FunctionalInterface
public interface BatchSource {
  /**
   * The inputs of the graph by their names, new tensors of the innermost scope.
   *
   * @param index from 0
   */
  Map<String, Tensor> batch(Context context, long index);
}
