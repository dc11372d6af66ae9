package org.voxkern.registration;

import org.voxkern.Geometry;
import org.voxkern.Shape;

/**
 * A uniform cubic B-spline control grid laid over a fixed grid and a margin around it.
 *
 * @param size control points along x, y, z
 * @param spacingMm of the control points along the grid's axes
 * @param firstMm where control point 0 lies, in mm along the grid's axes from the first voxel
 */
record ControlGrid(int[] size, double[] spacingMm, double[] firstMm, Geometry geometry) {

  /**
   * The grid whose intervals come nearest to {@code spacing} mm and divide the covered box evenly.
   *
   * @param marginMm how far samples may lie outside the fixed grid's outermost voxel centres
   */
  static ControlGrid of(Geometry geometry, double spacing, double marginMm) {
    int[] size = new int[3];
    double[] spacingMm = new double[3];
    double[] firstMm = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      double extent = (geometry.size(axis) - 1) * geometry.spacing(axis) + 2 * marginMm;
      int intervals = Math.max(1, (int) Math.round(extent / spacing));
      spacingMm[axis] = extent / intervals;
      size[axis] = intervals + 3;
      firstMm[axis] = -marginMm - spacingMm[axis];
    }
    return new ControlGrid(size, spacingMm, firstMm, geometry);
  }

  /** The grid with every interval halved. */
  ControlGrid refined() {
    int[] finer = new int[3];
    double[] finerSpacing = new double[3];
    double[] first = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      finer[axis] = 2 * size[axis] - 3;
      finerSpacing[axis] = spacingMm[axis] / 2;
      first[axis] = firstMm[axis] + spacingMm[axis] / 2;
    }
    return new ControlGrid(finer, finerSpacing, first, geometry);
  }

  /** Shape of the coefficients: (3, cz, cy, cx). */
  Shape shape() {
    return Shape.of(3, size[2], size[1], size[0]);
  }

  /** Voxels of a level's grid an interval spans, along x, y, z. */
  double[] spacingIn(Geometry level) {
    double[] result = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      result[axis] = spacingMm[axis] / level.spacing(axis);
    }
    return result;
  }

  /** Where control point 0 lies in a level's index space. */
  double[] originIn(Geometry level) {
    double[] first = level.physicalToIndex().apply(geometry.origin());
    double[] result = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      result[axis] = first[axis] + firstMm[axis] / level.spacing(axis);
    }
    return result;
  }
}
