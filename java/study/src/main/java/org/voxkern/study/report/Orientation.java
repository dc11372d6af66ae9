package org.voxkern.study.report;

import org.voxkern.Geometry;

/** How a grid's axes lie in the patient. */
public final class Orientation {
  private static final char[] POSITIVE = {'L', 'P', 'S'};
  private static final char[] NEGATIVE = {'R', 'A', 'I'};

  private Orientation() {}

  /** The nearest anatomical direction that each index axis runs to, such as "LPS" or "LIA". */
  public static String letters(Geometry geometry) {
    int[] axisOf = SlicePlane.nearestAxes(geometry);
    char[] letters = new char[3];
    for (int physical = 0; physical < 3; physical++) {
      int index = axisOf[physical];
      boolean positive = geometry.direction()[3 * physical + index] > 0;
      letters[index] = (positive ? POSITIVE : NEGATIVE)[physical];
    }
    return new String(letters);
  }

  /** The largest angle between an index axis and its nearest anatomical axis, in degrees. */
  public static double obliqueDegrees(Geometry geometry) {
    int[] axisOf = SlicePlane.nearestAxes(geometry);
    double[] direction = geometry.direction();
    double least = 1;
    for (int physical = 0; physical < 3; physical++) {
      least = Math.min(least, Math.abs(direction[3 * physical + axisOf[physical]]));
    }
    return Math.toDegrees(Math.acos(Math.min(1, least)));
  }
}
