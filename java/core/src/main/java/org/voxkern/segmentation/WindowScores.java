package org.voxkern.segmentation;

import java.util.Arrays;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.SlabExecutable;
import org.voxkern.op.Binary;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.TensorView;

/**
 * Weighted sums of what windows say, of as many slices as a window is deep. Windows come by their
 * depth: when one begins further on, the slices before it are finished and handed out.
 *
 * <p>Slice z lies at z modulo that depth, so nothing is ever moved.
 */
final class WindowScores implements AutoCloseable {
  private final Context context;
  private final WindowGrid[] grids;
  private final long[] padded;
  private final long[] patch;
  private final long classes;

  /** Where the volume begins in the padded one. */
  private final long[] offset;

  private final Shape space;
  private final SlabExecutable.Consumer consumer;

  /** (1, classes, depth of a window, H, W) of the padded volume. */
  private final Tensor sums;

  /** (1, 1, z, y, x) of a window. */
  private final Tensor importance;

  private final Tensor weighted;
  private final Tensor current;

  /** The first slice that is not finished. */
  private long begin;

  WindowScores(
      Context context,
      WindowGrid[] grids,
      long[] padded,
      long[] patch,
      long classes,
      long[] offset,
      Shape space,
      SlabExecutable.Consumer consumer) {
    this.context = context;
    this.grids = grids;
    this.padded = padded;
    this.patch = patch;
    this.classes = classes;
    this.offset = offset;
    this.space = space;
    this.consumer = consumer;
    sums =
        Tensor.zeros(
            context, ElementType.F32, Shape.of(1, classes, patch[0], padded[1], padded[2]));
    importance = importance();
    Shape window = Shape.of(1, classes, patch[0], patch[1], patch[2]);
    weighted = Tensor.uninitialized(context, ElementType.F32, window);
    current = Tensor.uninitialized(context, ElementType.F32, window);
  }

  /** Bytes that an instance takes, with what it hands out. */
  static long bytes(WindowGrid[] grids, long[] padded, long[] patch, long classes) {
    long window = patch[0] * patch[1] * patch[2];
    long finished = grids[0].starts().length == 1 ? patch[0] : 0;
    long[] starts = grids[0].starts();
    for (int i = 1; i < starts.length; i++) {
      finished = Math.max(finished, starts[i] - starts[i - 1]);
    }
    finished = Math.max(finished, Math.min(patch[0], padded[0]));
    long plane = padded[1] * padded[2];
    return Float.BYTES
        * (classes * patch[0] * plane
            + window
            + 2 * classes * window
            + 2 * classes * finished * plane
            + (finished + 1) * plane);
  }

  private Tensor importance() {
    float[] values = new float[Math.toIntExact(patch[0] * patch[1] * patch[2])];
    int at = 0;
    for (float z : grids[0].importance()) {
      for (float y : grids[1].importance()) {
        for (float x : grids[2].importance()) {
          values[at++] = z * y * x;
        }
      }
    }
    return Tensor.of(context, values, 1, 1, patch[0], patch[1], patch[2]);
  }

  /**
   * Adds what the network says of a window, (batch, classes, z, y, x) at an index, times a factor.
   */
  void add(long[] start, Tensor output, int index, double factor) {
    finishUpTo(start[0]);
    long bytes = weighted.byteCount();
    Tensor said = output.view(ElementType.F32, weighted.shape(), index * bytes);
    Binary.apply(Binary.Function.MULTIPLY, said, importance, weighted);
    if (factor != 1) {
      try (Tensor scale = Tensor.of(context, new float[] {(float) factor}, 1)) {
        Binary.apply(Binary.Function.MULTIPLY, weighted, scale, weighted);
      }
    }
    copy(start, current, true);
    Binary.apply(Binary.Function.ADD, current, weighted, weighted);
    copy(start, weighted, false);
  }

  /** Copies a window out of the sums, or back into them. */
  private void copy(long[] start, Tensor window, boolean out) {
    long first = start[0] % patch[0];
    long before = patch[0] - first;
    copyPart(start, window, first, 0, before, out);
    copyPart(start, window, 0, before, first, out);
  }

  private void copyPart(
      long[] start, Tensor window, long slot, long slice, long count, boolean out) {
    if (count == 0) {
      return;
    }
    TensorView of =
        TensorView.of(sums)
            .slice(2, slot, count, 1)
            .slice(3, start[1], patch[1], 1)
            .slice(4, start[2], patch[2], 1);
    TensorView part = TensorView.of(window).slice(2, slice, count, 1);
    if (out) {
      CopyStrided.apply(of, part);
    } else {
      CopyStrided.apply(part, of);
    }
  }

  /** Hands out every slice that is left. */
  void finish() {
    finishUpTo(padded[0]);
  }

  private void finishUpTo(long end) {
    while (begin < end) {
      long slot = begin % patch[0];
      long count = Math.min(end - begin, patch[0] - slot);
      handOut(slot, count);
      zero(slot, count);
      begin += count;
    }
  }

  private void zero(long slot, long count) {
    long plane = padded[1] * padded[2] * Float.BYTES;
    for (long channel = 0; channel < classes; channel++) {
      sums.view(ElementType.U8, Shape.of(count * plane), (channel * patch[0] + slot) * plane)
          .fillZero();
    }
  }

  private void handOut(long slot, long count) {
    long from = Math.max(begin, offset[0]);
    long to = Math.min(begin + count, offset[0] + space.size(0));
    if (from >= to) {
      return;
    }
    try (Scope scope = Scope.open(context)) {
      Tensor scores =
          CopyStrided.dense(
              TensorView.of(sums)
                  .slice(2, slot + from - begin, to - from, 1)
                  .slice(3, offset[1], space.size(1), 1)
                  .slice(4, offset[2], space.size(2), 1));
      Binary.apply(Binary.Function.MULTIPLY, scores, inverse(from, to), scores);
      consumer.accept(from - offset[0], scores);
    }
  }

  /** (1, 1, slices, H, W): 1 / sum of the importance, a product of one factor for each axis. */
  private Tensor inverse(long from, long to) {
    float[] z = Arrays.copyOfRange(grids[0].inverseSum(), (int) from, (int) to);
    float[] y = inside(1);
    float[] x = inside(2);
    Shape plane = Shape.of(1, 1, 1, y.length, x.length);
    Tensor product = Tensor.uninitialized(context, ElementType.F32, plane);
    Binary.apply(
        Binary.Function.MULTIPLY,
        Tensor.of(context, y, y.length, 1),
        Tensor.of(context, x, 1, 1, 1, 1, x.length),
        product);
    Tensor inverse =
        Tensor.uninitialized(
            context, ElementType.F32, Shape.of(1, 1, z.length, y.length, x.length));
    Binary.apply(
        Binary.Function.MULTIPLY, Tensor.of(context, z, 1, 1, z.length, 1, 1), product, inverse);
    return inverse;
  }

  private float[] inside(int axis) {
    int first = (int) offset[axis];
    return Arrays.copyOfRange(grids[axis].inverseSum(), first, first + (int) space.size(axis));
  }

  @Override
  public void close() {
    sums.close();
    importance.close();
    weighted.close();
    current.close();
  }
}
