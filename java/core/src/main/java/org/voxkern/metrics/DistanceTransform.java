package org.voxkern.metrics;

import java.util.Arrays;

/**
 * Exact Euclidean distances on a grid with unequal spacing, an axis at a time by lower envelopes of
 * parabolas (Felzenszwalb and Huttenlocher, 2012).
 */
final class DistanceTransform {
  private DistanceTransform() {}

  /** Squared distance in mm from every voxel to the nearest that is set; at least one is. */
  static double[] squared(boolean[] set, int[] size, double[] spacing) {
    double[] squared = new double[set.length];
    for (int i = 0; i < set.length; i++) {
      squared[i] = set[i] ? 0 : Double.POSITIVE_INFINITY;
    }
    int[] step = {1, size[0], size[0] * size[1]};
    for (int axis = 0; axis < 3; axis++) {
      Line line = new Line(size[axis], spacing[axis]);
      int u = (axis + 1) % 3;
      int v = (axis + 2) % 3;
      for (int j = 0; j < size[v]; j++) {
        for (int i = 0; i < size[u]; i++) {
          line.replace(squared, i * step[u] + j * step[v], step[axis]);
        }
      }
    }
    return squared;
  }

  /** Room for one line of voxels. */
  private static final class Line {
    private final int count;
    private final double spacing;
    private final double[] heights;
    private final int[] vertex;
    private final double[] from;

    Line(int count, double spacing) {
      this.count = count;
      this.spacing = spacing;
      heights = new double[count];
      vertex = new int[count];
      from = new double[count + 1];
    }

    /** min over q of (spacing (p - q))^2 + height(q), for every p of the line. */
    void replace(double[] values, int first, int step) {
      int parabolas = 0;
      double scale = spacing * spacing;
      for (int q = 0; q < count; q++) {
        heights[q] = values[first + q * step];
        if (heights[q] == Double.POSITIVE_INFINITY) {
          continue;
        }
        double start = Double.NEGATIVE_INFINITY;
        while (parabolas > 0) {
          int last = vertex[parabolas - 1];
          start =
              ((heights[q] - heights[last]) / scale + (double) q * q - (double) last * last)
                  / (2.0 * (q - last));
          if (start > from[parabolas - 1]) {
            break;
          }
          parabolas--;
          start = Double.NEGATIVE_INFINITY;
        }
        vertex[parabolas] = q;
        from[parabolas] = start;
        parabolas++;
      }
      if (parabolas == 0) {
        return;
      }
      Arrays.fill(from, parabolas, count + 1, Double.POSITIVE_INFINITY);
      int current = 0;
      for (int p = 0; p < count; p++) {
        while (from[current + 1] < p) {
          current++;
        }
        double distance = p - vertex[current];
        values[first + p * step] = scale * distance * distance + heights[vertex[current]];
      }
    }
  }
}
