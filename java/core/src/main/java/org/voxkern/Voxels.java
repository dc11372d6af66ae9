package org.voxkern;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.voxkern.op.Convert;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.TensorView;

/** Walks over the voxels of images of any element type. */
final class Voxels {
  private static final int ROW = 1 << 16;

  private Voxels() {}

  interface RowConsumer {
    /** Consecutive elements of the tensor from {@code offset} on, as double. */
    void accept(long offset, double[] row);
  }

  /** Hands out all elements in order, some thousands at a time. */
  static void forEachRow(Tensor tensor, RowConsumer consumer) {
    try (Tensor values = Convert.to(tensor, ElementType.F64)) {
      for (long offset = 0; offset < values.elementCount(); offset += ROW) {
        int count = (int) Math.min(ROW, values.elementCount() - offset);
        double[] row = new double[count];
        values.contents(offset * Double.BYTES, count * Double.BYTES).asDoubleBuffer().get(row);
        consumer.accept(offset, row);
      }
    }
  }

  static Image clamp(Image image, double low, double high) {
    if (image.type() != ElementType.F32 || !(low <= high)) {
      throw new IllegalArgumentException(
          "cannot clamp "
              + image.data()
              + " to ["
              + low
              + ", "
              + high
              + "]: expected F32, low <= high");
    }
    Tensor clamped = Tensor.uninitialized(image.context(), ElementType.F32, image.data().shape());
    for (long offset = 0; offset < clamped.elementCount(); offset += ROW) {
      int count = (int) Math.min(ROW, clamped.elementCount() - offset);
      FloatBuffer from =
          image.data().contents(offset * Float.BYTES, count * Float.BYTES).asFloatBuffer();
      clamped.fill(
          offset * Float.BYTES,
          count * Float.BYTES,
          bytes -> {
            FloatBuffer row = bytes.asFloatBuffer();
            for (int i = 0; i < count; i++) {
              row.put(i, (float) Math.max(low, Math.min(high, from.get(i))));
            }
          });
    }
    return new Image(clamped, image.geometry());
  }

  static Image crop(Image image, IndexBox box) {
    Geometry grid = image.geometry();
    int[] first = box.first();
    int[] size = box.size();
    for (int axis = 0; axis < 3; axis++) {
      if (first[axis] < 0 || (long) first[axis] + size[axis] > grid.size(axis)) {
        throw new IllegalArgumentException(
            "cannot crop "
                + box
                + ": expected a box within an image of "
                + Arrays.toString(grid.size())
                + " voxels");
      }
    }
    TensorView part = TensorView.of(image.data());
    for (int axis = 0; axis < 3; axis++) {
      part = part.slice(-1 - axis, first[axis], size[axis], 1);
    }
    double[] origin = grid.indexToPhysical().apply(first[0], first[1], first[2]);
    return new Image(
        CopyStrided.dense(part), Geometry.of(size, grid.spacing(), origin, grid.direction()));
  }

  static IndexBox foregroundBox(Image image, double threshold) {
    int width = image.geometry().size(0);
    int height = image.geometry().size(1);
    int depth = image.geometry().size(2);
    int[] least = {width, height, depth};
    int[] greatest = {-1, -1, -1};
    forEachRow(
        image.data(),
        (offset, row) -> {
          for (int i = 0; i < row.length; i++) {
            if (row[i] > threshold) {
              long at = offset + i;
              int[] index = {
                (int) (at % width), (int) (at / width % height), (int) (at / width / height % depth)
              };
              for (int axis = 0; axis < 3; axis++) {
                least[axis] = Math.min(least[axis], index[axis]);
                greatest[axis] = Math.max(greatest[axis], index[axis]);
              }
            }
          }
        });
    if (greatest[0] < 0) {
      return null;
    }
    int[] size = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      size[axis] = greatest[axis] - least[axis] + 1;
    }
    return new IndexBox(least, size);
  }
}
