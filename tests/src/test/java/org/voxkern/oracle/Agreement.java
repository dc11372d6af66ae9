package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.transform.Transform;

/** How far two samplings of one moving image through one transform differ. */
final class Agreement {
  /**
   * Positions nearer than this, in voxels, to where the answer jumps are not compared: rounding
   * decides there, in ITK as well as here.
   */
  private static final double UNDECIDED = 1e-4;

  private Agreement() {}

  /**
   * Holds two images to 1e-4 of the moving image's intensity range.
   *
   * @param mapping from points of the images' grid to the moving image's
   * @param nearest whether the answer jumps between voxels, and not only at the moving grid's edge
   */
  static void check(Image ours, Image theirs, Image moving, Transform mapping, boolean nearest) {
    Geometry grid = ours.geometry();
    assertTrue(grid.matches(theirs.geometry(), 1e-6), theirs.geometry().toString());
    float[] a = ours.data().toFloatArray();
    float[] b = theirs.data().toFloatArray();
    float low = Float.MAX_VALUE;
    float high = -Float.MAX_VALUE;
    for (float value : moving.data().toFloatArray()) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    int left = 0;
    int outside = 0;
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      double[] index =
          moving.geometry().physicalToIndex().apply(mapping.apply(Scene.point(grid, i)));
      if (undecided(index, moving.geometry(), nearest)) {
        left++;
        continue;
      }
      outside += isInside(index, moving.geometry()) ? 0 : 1;
      largest = Math.max(largest, Math.abs(a[i] - b[i]) / (high - low));
    }
    assertTrue(left <= a.length / 500, left + " voxels of " + a.length + " lie on an edge");
    assertTrue(outside > 0, "no voxel fell outside the moving image");
    assertTrue(outside < a.length / 2, outside + " voxels of " + a.length + " fell outside");
    assertTrue(largest <= 1e-4, "differs by " + largest + " of the intensity range");
  }

  private static boolean undecided(double[] index, Geometry grid, boolean nearest) {
    for (int axis = 0; axis < 3; axis++) {
      double face = index[axis] + 0.5;
      boolean edge = Math.abs(face) < UNDECIDED || Math.abs(face - grid.size(axis)) < UNDECIDED;
      if (edge || nearest && Math.abs(face - Math.rint(face)) < UNDECIDED) {
        return true;
      }
    }
    return false;
  }

  private static boolean isInside(double[] index, Geometry grid) {
    for (int axis = 0; axis < 3; axis++) {
      if (!(index[axis] >= -0.5 && index[axis] < grid.size(axis) - 0.5)) {
        return false;
      }
    }
    return true;
  }
}
