package org.voxkern;

import java.nio.ByteBuffer;

/** Permutes and flips the axes of an image; exact. */
final class Reorientation {
  /** Letters of the physical axes, LPS: towards the positive end, then towards the negative. */
  private static final String[] LETTERS = {"LR", "PA", "SI"};

  private Reorientation() {}

  static Image to(Image image, String directions) {
    int[] physical = new int[3];
    boolean[] negative = new boolean[3];
    parse(directions, physical, negative);
    Geometry grid = image.geometry();
    int[] source = axesAlong(grid, physical);
    double[] direction = grid.direction();
    int[] size = new int[3];
    double[] spacing = new double[3];
    double[] turned = new double[9];
    double[] firstIndex = new double[3];
    boolean[] flip = new boolean[3];
    for (int axis = 0; axis < 3; axis++) {
      int from = source[axis];
      flip[axis] = direction[3 * physical[axis] + from] < 0 != negative[axis];
      size[axis] = grid.size(from);
      spacing[axis] = grid.spacing(from);
      firstIndex[from] = flip[axis] ? grid.size(from) - 1 : 0;
      for (int row = 0; row < 3; row++) {
        turned[3 * row + axis] = (flip[axis] ? -1 : 1) * direction[3 * row + from];
      }
    }
    Geometry geometry =
        Geometry.of(size, spacing, grid.indexToPhysical().apply(firstIndex), turned);
    return new Image(permuted(image, geometry, source, flip), geometry);
  }

  private static void parse(String directions, int[] physical, boolean[] negative) {
    boolean[] named = new boolean[3];
    boolean valid = directions.length() == 3;
    for (int axis = 0; axis < 3 && valid; axis++) {
      int found = -1;
      for (int k = 0; k < 3; k++) {
        if (LETTERS[k].indexOf(directions.charAt(axis)) >= 0) {
          found = k;
        }
      }
      valid = found >= 0 && !named[found];
      if (valid) {
        named[found] = true;
        physical[axis] = found;
        negative[axis] = LETTERS[found].indexOf(directions.charAt(axis)) == 1;
      }
    }
    if (!valid) {
      throw new IllegalArgumentException(
          "directions \""
              + directions
              + "\": expected three letters for three axes, of L or R, P or A, S or I");
    }
  }

  /** For each wanted physical axis the index axis for it; together they fit the direction best. */
  private static int[] axesAlong(Geometry grid, int[] physical) {
    int[][] permutations = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double[] direction = grid.direction();
    int[] best = permutations[0];
    double most = -1;
    for (int[] permutation : permutations) {
      double sum = 0;
      for (int axis = 0; axis < 3; axis++) {
        sum += Math.abs(direction[3 * physical[axis] + permutation[axis]]);
      }
      if (sum > most + 1e-12) {
        most = sum;
        best = permutation;
      }
    }
    return best;
  }

  private static Tensor permuted(Image image, Geometry to, int[] source, boolean[] flip) {
    Geometry from = image.geometry();
    long[] shape = image.data().shape().toArray();
    int rank = shape.length;
    long volumes = 1;
    for (int axis = 0; axis < rank - 3; axis++) {
      volumes *= shape[axis];
    }
    for (int axis = 0; axis < 3; axis++) {
      shape[rank - 1 - axis] = to.size(axis);
    }
    long[] strides = {1, from.size(0), (long) from.size(0) * from.size(1)};
    long[] step = new long[3];
    long start = 0;
    for (int axis = 0; axis < 3; axis++) {
      step[axis] = (flip[axis] ? -1 : 1) * strides[source[axis]];
      start += flip[axis] ? strides[source[axis]] * (to.size(axis) - 1L) : 0;
    }
    int bytes = image.type().bytes();
    Tensor result = Tensor.uninitialized(image.context(), image.type(), Shape.of(shape));
    long volumeBytes = from.voxelCount() * bytes;
    if (volumeBytes > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "reorienting a volume of " + volumeBytes + " bytes: expected less than 2 GiB");
    }
    for (long volume = 0; volume < volumes; volume++) {
      ByteBuffer input = image.data().buffer(volume * volumeBytes, (int) volumeBytes);
      ByteBuffer output = result.buffer(volume * volumeBytes, (int) volumeBytes);
      for (int z = 0; z < to.size(2); z++) {
        for (int y = 0; y < to.size(1); y++) {
          int at = (int) ((start + z * step[2] + y * step[1]) * bytes);
          copyRow(input, at, (int) step[0] * bytes, output, to.size(0), bytes);
        }
      }
    }
    return result;
  }

  private static void copyRow(
      ByteBuffer input, int at, int step, ByteBuffer output, int count, int bytes) {
    for (int x = 0; x < count; x++, at += step) {
      switch (bytes) {
        case 1 -> output.put(input.get(at));
        case 2 -> output.putShort(input.getShort(at));
        case 4 -> output.putInt(input.getInt(at));
        default -> output.putLong(input.getLong(at));
      }
    }
  }
}
