package org.voxkern;

import java.util.stream.IntStream;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.TensorView;

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
    return new Image(permuted(image, source, flip), geometry);
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

  private static Tensor permuted(Image image, int[] source, boolean[] flip) {
    int last = image.data().shape().rank() - 1;
    int[] order = IntStream.rangeClosed(0, last).toArray();
    for (int axis = 0; axis < 3; axis++) {
      order[last - axis] = last - source[axis];
    }
    TensorView view = TensorView.of(image.data()).permute(order);
    for (int axis = 0; axis < 3; axis++) {
      view = flip[axis] ? view.flip(last - axis) : view;
    }
    return CopyStrided.dense(view);
  }
}
