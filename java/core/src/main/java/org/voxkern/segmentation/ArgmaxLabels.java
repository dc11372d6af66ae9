package org.voxkern.segmentation;

import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.ArgReduce;
import org.voxkern.op.Convert;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.TensorView;

/** Labels that are filled slice by slice with the class of the greatest score. */
final class ArgmaxLabels {
  private static final int MOST_BYTE_CLASSES = 256;

  /** Slices whose indices are in memory at once. */
  private static final long SLICES = 16;

  private final Tensor labels;

  /**
   * @param volume of space (D, H, W)
   */
  ArgmaxLabels(Context context, Shape volume, long classes) {
    if (classes < 2) {
      throw new IllegalArgumentException(
          "the network has "
              + classes
              + " output channel: labels take one for each of 2 classes or more");
    }
    labels = Tensor.uninitialized(context, type(classes), volume);
  }

  static ElementType type(long classes) {
    return classes <= MOST_BYTE_CLASSES ? ElementType.U8 : ElementType.I32;
  }

  /** Bytes beside the scores: the labels, and what a call needs. */
  static long bytes(Shape volume, long classes) {
    long plane = volume.size(1) * volume.size(2);
    return Context.blockBytes(volume.elementCount() * type(classes).bytes())
        + Context.blockBytes(SLICES * plane * Long.BYTES)
        + Context.blockBytes(SLICES * plane * classes * Float.BYTES);
  }

  /**
   * @param scores (1, C, slices, H, W)
   */
  void accept(long first, Tensor scores) {
    long slices = scores.shape().size(2);
    long plane = scores.shape().size(3) * scores.shape().size(4);
    for (long at = 0; at < slices; at += SLICES) {
      long count = Math.min(SLICES, slices - at);
      try (Tensor part = CopyStrided.dense(TensorView.of(scores).slice(2, at, count, 1))) {
        ArgReduce greatest = ArgReduce.max(1).withoutAxis();
        try (Tensor index =
            Tensor.uninitialized(
                scores.context(), ElementType.I64, greatest.outputShape(part.shape()))) {
          greatest.apply(part, index);
          Convert.apply(
              index,
              labels.view(
                  labels.type(), index.shape(), (first + at) * plane * labels.type().bytes()));
        }
      }
    }
  }

  Tensor tensor() {
    return labels;
  }
}
