package org.voxkern;

import java.util.Arrays;

/**
 * Where the voxels of an image lie in the patient, as ITK has it: size, spacing in mm, origin in mm
 * and direction cosines, in the LPS frame.
 *
 * <p>physical = origin + direction &middot; diag(spacing) &middot; index, with index (x, y, z) and
 * voxel centres at integers. Immutable.
 */
public final class Geometry {
  private final int[] size;
  private final double[] spacing;
  private final double[] origin;
  private final double[] direction;
  private final AffineMap indexToPhysical;
  private final AffineMap physicalToIndex;

  private Geometry(int[] size, double[] spacing, double[] origin, double[] direction) {
    this.size = size;
    this.spacing = spacing;
    this.origin = origin;
    this.direction = direction;
    double[] matrix = new double[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        matrix[3 * row + column] = direction[3 * row + column] * spacing[column];
      }
    }
    indexToPhysical = AffineMap.of(matrix, origin);
    physicalToIndex = indexToPhysical.inverse();
  }

  /**
   * @param size voxels along x, y, z; at least 1
   * @param spacing mm along x, y, z; positive
   * @param origin physical position of voxel (0, 0, 0), mm LPS
   * @param direction direction cosines, row by row; column k is the direction of index axis k
   * @throws IllegalArgumentException naming what is out of range
   */
  public static Geometry of(int[] size, double[] spacing, double[] origin, double[] direction) {
    if (size.length != 3 || spacing.length != 3 || origin.length != 3 || direction.length != 9) {
      throw new IllegalArgumentException(
          "a geometry has 3 sizes, 3 spacings, 3 origins and 9 direction cosines, not "
              + size.length
              + ", "
              + spacing.length
              + ", "
              + origin.length
              + " and "
              + direction.length);
    }
    for (int axis = 0; axis < 3; axis++) {
      if (size[axis] < 1) {
        throw new IllegalArgumentException(
            "size " + Arrays.toString(size) + ": expected at least one voxel along each axis");
      }
      if (!(spacing[axis] > 0) || !Double.isFinite(spacing[axis])) {
        throw new IllegalArgumentException(
            "spacing " + Arrays.toString(spacing) + " mm: expected positive numbers");
      }
      if (!Double.isFinite(origin[axis])) {
        throw new IllegalArgumentException(
            "origin " + Arrays.toString(origin) + " mm: expected finite numbers");
      }
    }
    double determinant = AffineMap.of(direction, new double[3]).determinant();
    if (!(Math.abs(determinant) > 1e-3)) {
      throw new IllegalArgumentException(
          "direction cosines " + Arrays.toString(direction) + " are singular");
    }
    return new Geometry(size.clone(), spacing.clone(), origin.clone(), direction.clone());
  }

  /** An axis-aligned grid with its first voxel at the physical origin. */
  public static Geometry of(int[] size, double[] spacing) {
    return of(size, spacing, new double[3], new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
  }

  /** Voxels along x, y, z. */
  public int[] size() {
    return size.clone();
  }

  public int size(int axis) {
    return size[axis];
  }

  /** mm along x, y, z. */
  public double[] spacing() {
    return spacing.clone();
  }

  public double spacing(int axis) {
    return spacing[axis];
  }

  /** Physical position of voxel (0, 0, 0), mm LPS. */
  public double[] origin() {
    return origin.clone();
  }

  /** Direction cosines, row by row. */
  public double[] direction() {
    return direction.clone();
  }

  public long voxelCount() {
    return (long) size[0] * size[1] * size[2];
  }

  /** The shape of a tensor on this grid: (depth, height, width). */
  public Shape shape() {
    return Shape.of(size[2], size[1], size[0]);
  }

  public AffineMap indexToPhysical() {
    return indexToPhysical;
  }

  public AffineMap physicalToIndex() {
    return physicalToIndex;
  }

  /** Physical position of the grid's middle, mm LPS. */
  public double[] center() {
    return indexToPhysical.apply((size[0] - 1) / 2.0, (size[1] - 1) / 2.0, (size[2] - 1) / 2.0);
  }

  /**
   * The grid of every {@code factor}-th part of this one along each axis, as a pyramid level has
   * it: voxel j lies at this grid's index factor j + (factor - 1) / 2.
   */
  public Geometry shrink(int... factor) {
    int[] shrunkSize = new int[3];
    double[] shrunkSpacing = new double[3];
    double[] first = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      if (factor[axis] < 1) {
        throw new IllegalArgumentException(
            "shrink factors " + Arrays.toString(factor) + ": expected at least 1");
      }
      shrunkSize[axis] = (size[axis] + factor[axis] - 1) / factor[axis];
      shrunkSpacing[axis] = spacing[axis] * factor[axis];
      first[axis] = (factor[axis] - 1) / 2.0;
    }
    return of(shrunkSize, shrunkSpacing, indexToPhysical.apply(first), direction);
  }

  /** Same size, and positions that agree within {@code toleranceMm} at every corner. */
  public boolean matches(Geometry other, double toleranceMm) {
    if (!Arrays.equals(size, other.size)) {
      return false;
    }
    for (int corner = 0; corner < 8; corner++) {
      double[] index = {
        (corner & 1) * (size[0] - 1.0),
        (corner >> 1 & 1) * (size[1] - 1.0),
        (corner >> 2) * (size[2] - 1.0)
      };
      double[] a = indexToPhysical.apply(index);
      double[] b = other.indexToPhysical.apply(index);
      if (Math.hypot(Math.hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]) > toleranceMm) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Geometry geometry
        && Arrays.equals(size, geometry.size)
        && Arrays.equals(spacing, geometry.spacing)
        && Arrays.equals(origin, geometry.origin)
        && Arrays.equals(direction, geometry.direction);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(size) * 31 + indexToPhysical.hashCode();
  }

  @Override
  public String toString() {
    return "size "
        + Arrays.toString(size)
        + ", spacing "
        + Arrays.toString(spacing)
        + " mm, origin "
        + Arrays.toString(origin)
        + " mm, direction "
        + Arrays.toString(direction);
  }
}
