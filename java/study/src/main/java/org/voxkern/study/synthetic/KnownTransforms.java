package org.voxkern.study.synthetic;

import org.voxkern.AffineMap;
import org.voxkern.Geometry;

/** Transforms of the size that one meets between two scans of one head. */
public final class KnownTransforms {
  private static final double WAVELENGTH_MM = 70;
  private static final double VOLUME_CHANGE = 1.41;

  private KnownTransforms() {}

  /** A turn of about 12 degrees and a shift of about 10 mm, about the grid's middle. */
  public static KnownTransform rigid(Geometry fixed) {
    return KnownTransform.linear(about(fixed, rotation(7, -5, 9), 6.5, -4.2, 7.1));
  }

  /** The rigid one with scales of 0.93 to 1.08 and shears of up to 0.05. */
  public static KnownTransform affine(Geometry fixed) {
    AffineMap stretch =
        AffineMap.of(1.06, 0.04, -0.02, 0, 0.01, 0.94, 0.05, 0, 0.03, -0.02, 1.04, 0);
    return KnownTransform.linear(about(fixed, rotation(7, -5, 9).after(stretch), 6.5, -4.2, 7.1));
  }

  /** A small rigid one after a smooth deformation whose Jacobian lies between 0.71 and 1.41. */
  public static KnownTransform deformable(Geometry fixed, long seed) {
    return KnownTransform.smooth(
        about(fixed, rotation(3, -2, 4), 3.5, -2.2, 3.1),
        fixed,
        WAVELENGTH_MM,
        VOLUME_CHANGE,
        seed);
  }

  /** An affine one after the same deformation. */
  public static KnownTransform affineDeformable(Geometry fixed, long seed) {
    AffineMap stretch =
        AffineMap.of(1.03, 0.02, -0.01, 0, 0.01, 0.97, 0.02, 0, 0.01, -0.01, 1.02, 0);
    return KnownTransform.smooth(
        about(fixed, rotation(5, -3, 6).after(stretch), 4.5, -3.2, 5.1),
        fixed,
        WAVELENGTH_MM,
        VOLUME_CHANGE,
        seed);
  }

  /**
   * An oblique grid of 1 x 1 x 1.3 mm about where the transform brings the middle of the fixed
   * grid, as large as the fixed grid.
   */
  public static Geometry obliqueGrid(Geometry fixed, KnownTransform transform) {
    double[] spacing = {1, 1, 1.3};
    int[] size = new int[3];
    double[] half = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      size[axis] = (int) Math.round(fixed.size(axis) * fixed.spacing(axis) / spacing[axis]);
      half[axis] = (size[axis] - 1) / 2.0 * spacing[axis];
    }
    AffineMap turned = rotation(4, 6, -5).after(AffineMap.of(fixed.direction(), new double[3]));
    double[] direction = turned.matrix();
    double[] center = transform.apply(fixed.center());
    double[] toFirst = turned.applyToVector(half);
    double[] origin = {center[0] - toFirst[0], center[1] - toFirst[1], center[2] - toFirst[2]};
    return Geometry.of(size, spacing, origin, direction);
  }

  private static AffineMap about(Geometry fixed, AffineMap map, double x, double y, double z) {
    double[] c = fixed.center();
    return AffineMap.translation(c[0] + x, c[1] + y, c[2] + z)
        .after(map)
        .after(AffineMap.translation(-c[0], -c[1], -c[2]));
  }

  /** Turns about x, then y, then z, in degrees. */
  private static AffineMap rotation(double aboutX, double aboutY, double aboutZ) {
    double cx = Math.cos(Math.toRadians(aboutX));
    double sx = Math.sin(Math.toRadians(aboutX));
    double cy = Math.cos(Math.toRadians(aboutY));
    double sy = Math.sin(Math.toRadians(aboutY));
    double cz = Math.cos(Math.toRadians(aboutZ));
    double sz = Math.sin(Math.toRadians(aboutZ));
    AffineMap x = AffineMap.of(1, 0, 0, 0, 0, cx, -sx, 0, 0, sx, cx, 0);
    AffineMap y = AffineMap.of(cy, 0, sy, 0, 0, 1, 0, 0, -sy, 0, cy, 0);
    AffineMap z = AffineMap.of(cz, -sz, 0, 0, sz, cz, 0, 0, 0, 0, 1, 0);
    return z.after(y).after(x);
  }
}
