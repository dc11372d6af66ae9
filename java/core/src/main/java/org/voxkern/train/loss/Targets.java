package org.voxkern.train.loss;

import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;

/** What losses share. */
final class Targets {
  /** Keeps quotients finite where nothing is counted; far below one voxel. */
  private static final double LEAST_COUNT = 1e-6;

  private Targets() {}

  /** (N, ...) of classes as (N, C, ...) of 0 and 1, like the logits. */
  static Value oneHot(String loss, Value logits, Value classes) {
    SymbolicShape shape = logits.shape();
    boolean fits = shape.rank() >= 2 && classes.shape().rank() == shape.rank() - 1;
    for (int axis = 0; fits && axis < classes.shape().rank(); axis++) {
      Size size = shape.size(axis == 0 ? 0 : axis + 1);
      fits = classes.shape().size(axis).compare(size) != Size.Relation.DIFFERENT;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          loss
              + ": the prediction '"
              + logits.name()
              + "' is "
              + shape
              + " and cannot be compared with classes "
              + classes.shape()
              + ", expected (N, C, ...) and (N, ...)");
    }
    return classes.oneHot(1, shape.known(1)).cast(logits.type());
  }

  /** Of two values that are compared element by element. */
  static void requireAlike(String loss, Value prediction, Value target) {
    SymbolicShape a = prediction.shape();
    SymbolicShape b = target.shape();
    boolean fits = a.rank() == b.rank() && prediction.type() == target.type();
    for (int axis = 0; fits && axis < a.rank(); axis++) {
      fits = a.size(axis).compare(b.size(axis)) != Size.Relation.DIFFERENT;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          loss
              + ": '"
              + prediction.name()
              + "' is "
              + prediction.type()
              + " "
              + a
              + " and '"
              + target.name()
              + "' "
              + target.type()
              + " "
              + b
              + ", expected alike ones");
    }
  }

  /** sum / count, 0 where nothing is counted. */
  static Value mean(Value sum, Value count) {
    return sum.divide(count.clip(LEAST_COUNT, Double.MAX_VALUE));
  }

  static int[] spaceOf(Value volume, boolean withBatch) {
    int first = withBatch ? 1 : 0;
    int[] axes = new int[volume.shape().rank() - 2 + first];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i < first ? 0 : i + 2 - first;
    }
    return axes;
  }
}
