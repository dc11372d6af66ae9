package org.voxkern.study.report;

/**
 * Draws what a displacement does to a plane: lines of the moving space's regular grid as they
 * appear in the fixed space, over the local change of volume.
 */
final class DeformedGrid {
  /** Natural logarithm of the volume change drawn in full colour. */
  static final double FULL_COLOR = Math.log(2);

  static final int GROWS = 0xd6453d;
  static final int SHRINKS = 0x3d7bd6;
  private static final int LINE = 0xffffff;
  private static final float LINE_ALPHA = 0.75f;

  private DeformedGrid() {}

  /**
   * @param fixed brightness of the fixed image, the faint ground
   * @param displacement components x, y, z in mm
   * @param jacobian determinant on its own grid, or null when it is the same everywhere
   * @param spacingMm distance of the lines
   */
  static Picture draw(
      SlicePlane plane, float[] fixed, Volume[] displacement, Volume jacobian, double spacingMm) {
    int width = plane.width();
    int height = plane.height();
    float[] ground = new float[fixed.length];
    for (int i = 0; i < fixed.length; i++) {
      ground[i] = 0.38f * fixed[i];
    }
    Picture picture = Picture.grey(ground, width, height);
    if (jacobian != null) {
      tint(picture, plane.sample(jacobian));
    }
    double[][] mapped = mapped(plane, displacement);
    for (double[] coordinate : mapped) {
      drawLines(picture, coordinate, spacingMm);
    }
    return picture;
  }

  private static void tint(Picture picture, float[] determinants) {
    for (int i = 0; i < determinants.length; i++) {
      float value = determinants[i];
      if (value <= 0) {
        picture.blend(i, 0xffff00, 1);
      } else if (!Float.isNaN(value)) {
        double part = Math.log(value) / FULL_COLOR;
        picture.blend(i, part > 0 ? GROWS : SHRINKS, (float) (0.75 * Math.abs(part)));
      }
    }
  }

  /** Position of each mapped pixel along the plane's two directions, in mm. */
  private static double[][] mapped(SlicePlane plane, Volume[] displacement) {
    double pixel = plane.pixelMm();
    float[][] u = {
      plane.sample(displacement[0]), plane.sample(displacement[1]), plane.sample(displacement[2])
    };
    double[][] mapped = new double[2][u[0].length];
    double[][] axes = {plane.right(), plane.down()};
    for (int j = 0; j < plane.height(); j++) {
      for (int i = 0; i < plane.width(); i++) {
        int at = j * plane.width() + i;
        for (int axis = 0; axis < 2; axis++) {
          double[] a = axes[axis];
          double along = (u[0][at] * a[0] + u[1][at] * a[1] + u[2][at] * a[2]) / pixel;
          mapped[axis][at] = (axis == 0 ? i : j) * pixel + along;
        }
      }
    }
    return mapped;
  }

  /** Lines where a coordinate is a multiple of the spacing, a pixel wide whatever its slope. */
  private static void drawLines(Picture picture, double[] coordinate, double spacing) {
    int width = picture.width;
    for (int y = 0; y < picture.height - 1; y++) {
      for (int x = 0; x < width - 1; x++) {
        int i = y * width + x;
        double slope =
            Math.hypot(coordinate[i + 1] - coordinate[i], coordinate[i + width] - coordinate[i]);
        double cell = coordinate[i] / spacing;
        double distance = Math.abs(cell - Math.rint(cell)) * spacing;
        // A comparison with NaN, outside the field, is false.
        if (slope > 0 && distance < slope) {
          picture.blend(i, LINE, LINE_ALPHA * (float) (1 - distance / slope));
        }
      }
    }
  }
}
