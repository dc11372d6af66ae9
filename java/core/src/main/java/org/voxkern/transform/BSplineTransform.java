package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;
import org.voxkern.Geometry;

/**
 * x &rarr; x + &Sigma; &beta;&sup3;(index(x) - k) c_k: a free-form deformation by cubic B-splines
 * on a grid of control points in physical space, as ITK's BSplineTransform of order 3.
 *
 * <p>Parameters: the coefficients in mm LPS, all x first, then all y, then all z, each (D, H, W) of
 * the control grid with x fastest. The deformation is defined where all 64 control points exist,
 * from control index 1 to size - 2 along each axis; elsewhere a point stays where it is.
 */
public final class BSplineTransform implements Transform {
  /** How far, in control-grid units, rounding may put a point of the domain's edge outside. */
  private static final double EDGE = 1e-9;

  private final Geometry controlGrid;
  private final AffineMap physicalToIndex;
  private final double[] coefficients;

  /**
   * @param controlGrid where the control points lie; at least 4 along each axis
   * @param parameters 3 x (number of control points) coefficients in mm
   */
  public BSplineTransform(Geometry controlGrid, double[] parameters) {
    for (int axis = 0; axis < 3; axis++) {
      if (controlGrid.size(axis) < 4) {
        throw new IllegalArgumentException(
            "a control grid of "
                + Arrays.toString(controlGrid.size())
                + " points: expected at least 4 along each axis");
      }
    }
    long expected = 3 * controlGrid.voxelCount();
    if (parameters.length != expected) {
      throw new IllegalArgumentException(
          "B-spline parameters: expected " + expected + " numbers, not " + parameters.length);
    }
    this.controlGrid = controlGrid;
    this.physicalToIndex = controlGrid.physicalToIndex();
    this.coefficients = parameters.clone();
  }

  /** The identity on a control grid. */
  public static BSplineTransform identity(Geometry controlGrid) {
    return new BSplineTransform(
        controlGrid, new double[Math.toIntExact(3 * controlGrid.voxelCount())]);
  }

  /**
   * The control grid that covers an image: {@code mesh} spans along each axis from the outer face
   * of the first voxel to that of the last, hence {@code mesh + 3} control points.
   */
  public static Geometry controlGrid(Geometry image, int... mesh) {
    int[] size = new int[3];
    double[] spacing = new double[3];
    double[] first = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      if (mesh[axis] < 1) {
        throw new IllegalArgumentException(
            "a mesh of " + Arrays.toString(mesh) + " spans: expected at least 1 along each axis");
      }
      size[axis] = mesh[axis] + 3;
      double voxelsPerSpan = (double) image.size(axis) / mesh[axis];
      spacing[axis] = image.spacing(axis) * voxelsPerSpan;
      first[axis] = -0.5 - voxelsPerSpan;
    }
    return Geometry.of(size, spacing, image.indexToPhysical().apply(first), image.direction());
  }

  /** From ITK's parameters and its 18 fixed parameters (size, origin, spacing, direction). */
  public static BSplineTransform fromItk(double[] parameters, double[] fixedParameters) {
    double[] f = LinearTransform.requireLength("B-spline fixed parameters", fixedParameters, 18);
    int[] size = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      size[axis] = (int) f[axis];
      if (size[axis] != f[axis]) {
        throw new IllegalArgumentException(
            "B-spline fixed parameters: expected a whole number of control points, not " + f[axis]);
      }
    }
    Geometry grid =
        Geometry.of(
            size,
            Arrays.copyOfRange(f, 6, 9),
            Arrays.copyOfRange(f, 3, 6),
            Arrays.copyOfRange(f, 9, 18));
    return new BSplineTransform(grid, parameters);
  }

  public Geometry controlGrid() {
    return controlGrid;
  }

  /** Coefficients in mm: all x, then all y, then all z. */
  public double[] parameters() {
    return coefficients.clone();
  }

  /** Size, origin, spacing and direction of the control grid, as ITK stores them. */
  public double[] itkFixedParameters() {
    double[] f = new double[18];
    for (int axis = 0; axis < 3; axis++) {
      f[axis] = controlGrid.size(axis);
    }
    System.arraycopy(controlGrid.origin(), 0, f, 3, 3);
    System.arraycopy(controlGrid.spacing(), 0, f, 6, 3);
    System.arraycopy(controlGrid.direction(), 0, f, 9, 9);
    return f;
  }

  public String itkName() {
    return "BSplineTransform";
  }

  @Override
  public double[] apply(double... point) {
    double[] result = {point[0], point[1], point[2]};
    double[] index = physicalToIndex.apply(point);
    int[] start = new int[3];
    double[][] weights = new double[3][];
    for (int axis = 0; axis < 3; axis++) {
      int size = controlGrid.size(axis);
      if (!(index[axis] >= 1 - EDGE) || !(index[axis] <= size - 2 + EDGE)) {
        return result;
      }
      // The far edge belongs to the last span.
      start[axis] = Math.min((int) Math.max(1, index[axis]), size - 3) - 1;
      weights[axis] = weights(index[axis] - (start[axis] + 1));
    }
    int width = controlGrid.size(0);
    int height = controlGrid.size(1);
    int count = Math.toIntExact(controlGrid.voxelCount());
    for (int k = 0; k < 4; k++) {
      for (int j = 0; j < 4; j++) {
        double weight = weights[2][k] * weights[1][j];
        int row = ((start[2] + k) * height + start[1] + j) * width + start[0];
        for (int i = 0; i < 4; i++) {
          double w = weight * weights[0][i];
          result[0] += w * coefficients[row + i];
          result[1] += w * coefficients[count + row + i];
          result[2] += w * coefficients[2 * count + row + i];
        }
      }
    }
    return result;
  }

  /** The four cubic B-spline weights at a fraction of a span. */
  private static double[] weights(double t) {
    double s = 1 - t;
    return new double[] {
      s * s * s / 6,
      (4 - 6 * t * t + 3 * t * t * t) / 6,
      (4 - 6 * s * s + 3 * s * s * s) / 6,
      t * t * t / 6
    };
  }

  @Override
  public String toString() {
    return "BSplineTransform, control grid of " + controlGrid;
  }
}
