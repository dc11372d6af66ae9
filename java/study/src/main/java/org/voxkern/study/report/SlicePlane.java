package org.voxkern.study.report;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.Geometry;

/**
 * A plane through an image along two of its own axes, laid out as radiologists look at it: axial
 * and coronal with the patient's right on the left, coronal and sagittal head up, sagittal with the
 * face to the left. Pixels are square, so anisotropic voxels keep their shape.
 *
 * @param name "axial", "coronal" or "sagittal", by the nearest anatomical plane
 * @param width pixels across
 * @param height pixels down
 * @param origin physical position of the first pixel, mm LPS
 * @param right physical step from a pixel to the one on its right
 * @param down physical step from a pixel to the one below
 * @param letters nearest anatomical directions at the left, right, top and bottom edge
 */
record SlicePlane(
    String name,
    int width,
    int height,
    double[] origin,
    double[] right,
    double[] down,
    String[] letters) {

  private static final String[] NAMES = {"axial", "coronal", "sagittal"};

  /** Physical LPS axes that run to the right and down in each plane, and the sign they run with. */
  private static final int[] RIGHT_AXIS = {0, 0, 1};

  private static final int[] DOWN_AXIS = {1, 2, 2};
  private static final int[] DOWN_SIGN = {1, -1, -1};
  private static final String[] POSITIVE = {"L", "P", "S"};
  private static final String[] NEGATIVE = {"R", "A", "I"};

  /**
   * The three planes of a grid through one point.
   *
   * @param through continuous index (x, y, z)
   * @param longestSide pixels of the longest side among the planes
   */
  static List<SlicePlane> through(Geometry geometry, double[] through, int longestSide) {
    int[] axisOf = nearestAxes(geometry);
    double longest = 0;
    for (int axis = 0; axis < 3; axis++) {
      longest = Math.max(longest, geometry.size(axis) * geometry.spacing(axis));
    }
    double pixelMm = longest / longestSide;
    List<SlicePlane> planes = new ArrayList<>();
    for (int plane = 0; plane < 3; plane++) {
      planes.add(
          along(
              geometry,
              through,
              NAMES[plane],
              axisOf[RIGHT_AXIS[plane]],
              RIGHT_AXIS[plane],
              1,
              axisOf[DOWN_AXIS[plane]],
              DOWN_AXIS[plane],
              DOWN_SIGN[plane],
              pixelMm));
    }
    return planes;
  }

  private static SlicePlane along(
      Geometry geometry,
      double[] through,
      String name,
      int rightIndexAxis,
      int rightAxis,
      int rightSign,
      int downIndexAxis,
      int downAxis,
      int downSign,
      double pixelMm) {
    double[] right = step(geometry, rightIndexAxis, rightAxis, rightSign, pixelMm);
    double[] down = step(geometry, downIndexAxis, downAxis, downSign, pixelMm);
    int width = pixels(geometry, rightIndexAxis, pixelMm);
    int height = pixels(geometry, downIndexAxis, pixelMm);
    double[] middleIndex = through.clone();
    middleIndex[rightIndexAxis] = (geometry.size(rightIndexAxis) - 1) / 2.0;
    middleIndex[downIndexAxis] = (geometry.size(downIndexAxis) - 1) / 2.0;
    double[] origin = geometry.indexToPhysical().apply(middleIndex);
    for (int i = 0; i < 3; i++) {
      origin[i] -= right[i] * (width - 1) / 2.0 + down[i] * (height - 1) / 2.0;
    }
    String[] letters = {
      letter(rightAxis, -rightSign),
      letter(rightAxis, rightSign),
      letter(downAxis, -downSign),
      letter(downAxis, downSign)
    };
    return new SlicePlane(name, width, height, origin, right, down, letters);
  }

  private static double[] step(
      Geometry geometry, int indexAxis, int physicalAxis, int sign, double pixelMm) {
    double[] direction = geometry.direction();
    double along = direction[3 * physicalAxis + indexAxis];
    double scale = (along < 0 ? -sign : sign) * pixelMm;
    return new double[] {
      direction[indexAxis] * scale,
      direction[3 + indexAxis] * scale,
      direction[6 + indexAxis] * scale
    };
  }

  private static int pixels(Geometry geometry, int indexAxis, double pixelMm) {
    double mm = geometry.size(indexAxis) * geometry.spacing(indexAxis);
    return Math.max(1, (int) Math.round(mm / pixelMm));
  }

  private static String letter(int axis, int sign) {
    return (sign > 0 ? POSITIVE : NEGATIVE)[axis];
  }

  /** The index axis nearest to each physical axis, every axis used once. */
  static int[] nearestAxes(Geometry geometry) {
    int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double[] direction = geometry.direction();
    int[] best = orders[0];
    double bestFit = -1;
    for (int[] order : orders) {
      double fit = 0;
      for (int axis = 0; axis < 3; axis++) {
        fit += Math.abs(direction[3 * axis + order[axis]]);
      }
      if (fit > bestFit + 1e-9) {
        bestFit = fit;
        best = order;
      }
    }
    return best;
  }

  double pixelMm() {
    return Math.sqrt(right[0] * right[0] + right[1] * right[1] + right[2] * right[2]);
  }

  /** Values of a volume on this plane; NaN outside it. */
  float[] sample(Volume volume) {
    AffineMap toIndex = volume.geometry().physicalToIndex();
    double[] first = toIndex.apply(origin);
    double[] across = toIndex.applyToVector(right);
    double[] along = toIndex.applyToVector(down);
    float[] values = new float[width * height];
    for (int j = 0; j < height; j++) {
      for (int i = 0; i < width; i++) {
        values[j * width + i] =
            volume.atIndex(
                first[0] + i * across[0] + j * along[0],
                first[1] + i * across[1] + j * along[1],
                first[2] + i * across[2] + j * along[2]);
      }
    }
    return values;
  }
}
