package org.voxkern.metrics;

import java.util.Arrays;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;

/**
 * Distances in mm between the surfaces of two segmentations of one object.
 *
 * <p>The surface of a segmentation is those of its voxels that have a face in common with one
 * outside it, or lie at the edge of the image; distances are between voxel centres, and exact.
 */
public final class SurfaceDistance {
  private final double[] fromFirst;
  private final double[] fromSecond;

  private SurfaceDistance(double[] fromFirst, double[] fromSecond) {
    Arrays.sort(fromFirst);
    Arrays.sort(fromSecond);
    this.fromFirst = fromFirst;
    this.fromSecond = fromSecond;
  }

  /** Between the voxels of two label maps that have one label. */
  public static SurfaceDistance of(Image first, Image second, int label) {
    Image a = Images.mask(first, label);
    Image b = Images.mask(second, label);
    try {
      return of(a, b);
    } finally {
      a.data().close();
      b.data().close();
    }
  }

  /**
   * Between two u8 masks, whose non-zero voxels are the object.
   *
   * @throws IllegalArgumentException if the grids differ, or a mask is not u8 or empty
   */
  public static SurfaceDistance of(Image first, Image second) {
    Images.requireMask(first, second, "first");
    Images.requireMask(second, first, "second");
    Geometry grid = first.geometry();
    IndexBox box =
        union(Images.foregroundBox(first, 0), Images.foregroundBox(second, 0)).grow(1, grid);
    byte[] a = crop(first, box);
    byte[] b = crop(second, box);
    boolean[] surfaceA = surface(a, box.size());
    boolean[] surfaceB = surface(b, box.size());
    double[] toA = DistanceTransform.squared(surfaceA, box.size(), grid.spacing());
    double[] toB = DistanceTransform.squared(surfaceB, box.size(), grid.spacing());
    return new SurfaceDistance(at(surfaceA, toB), at(surfaceB, toA));
  }

  /** The greatest distance from a surface voxel of either to the other surface. */
  public double hausdorff() {
    return Math.max(fromFirst[fromFirst.length - 1], fromSecond[fromSecond.length - 1]);
  }

  /** The greater of the 95th percentiles of the distances from one surface to the other. */
  public double hausdorff95() {
    return Math.max(percentile95(fromFirst), percentile95(fromSecond));
  }

  /** The mean over the surface voxels of both of the distance to the other surface. */
  public double averageSymmetric() {
    double sum = 0;
    for (double distance : fromFirst) {
      sum += distance;
    }
    for (double distance : fromSecond) {
      sum += distance;
    }
    return sum / (fromFirst.length + fromSecond.length);
  }

  private static double percentile95(double[] sorted) {
    double rank = 0.95 * (sorted.length - 1);
    int below = (int) rank;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
  }

  private static IndexBox union(IndexBox a, IndexBox b) {
    int[] first = new int[3];
    int[] size = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      first[axis] = Math.min(a.first()[axis], b.first()[axis]);
      int end = Math.max(a.first()[axis] + a.size()[axis], b.first()[axis] + b.size()[axis]);
      size[axis] = end - first[axis];
    }
    return new IndexBox(first, size);
  }

  private static byte[] crop(Image image, IndexBox box) {
    Image part = Images.crop(image, box);
    try {
      return part.data().toByteArray();
    } finally {
      part.data().close();
    }
  }

  /** Voxels outside the box do not belong to the object, nor do those outside the image. */
  private static boolean[] surface(byte[] mask, int[] size) {
    boolean[] surface = new boolean[mask.length];
    int[] step = {1, size[0], size[0] * size[1]};
    int at = 0;
    int[] index = new int[3];
    for (index[2] = 0; index[2] < size[2]; index[2]++) {
      for (index[1] = 0; index[1] < size[1]; index[1]++) {
        for (index[0] = 0; index[0] < size[0]; index[0]++, at++) {
          if (mask[at] == 0) {
            continue;
          }
          for (int axis = 0; axis < 3; axis++) {
            surface[at] |= index[axis] == 0 || mask[at - step[axis]] == 0;
            surface[at] |= index[axis] == size[axis] - 1 || mask[at + step[axis]] == 0;
          }
        }
      }
    }
    return surface;
  }

  private static double[] at(boolean[] surface, double[] squared) {
    double[] distances = new double[surface.length];
    int count = 0;
    for (int i = 0; i < surface.length; i++) {
      if (surface[i]) {
        distances[count++] = Math.sqrt(squared[i]);
      }
    }
    return Arrays.copyOf(distances, count);
  }

  @Override
  public String toString() {
    return String.format(
        java.util.Locale.ROOT,
        "%.3f mm on average, %.3f mm Hausdorff 95, %.3f mm Hausdorff",
        averageSymmetric(),
        hausdorff95(),
        hausdorff());
  }
}
