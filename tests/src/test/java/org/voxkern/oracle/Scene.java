package org.voxkern.oracle;

import java.util.function.DoubleUnaryOperator;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.op.BsplinePrefilter;
import org.voxkern.op.Warp3d;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.testing.SplitMix64;
import org.voxkern.transform.Euler3DTransform;

/** Textured images on oblique anisotropic grids that only partly overlap, and ways between them. */
final class Scene {
  private static final double[] CENTER = {13, -22, 41};

  static final Geometry FIXED =
      oblique(new int[] {47, 39, 29}, new double[] {1.1, 1.7, 2.9}, 0.2, -0.3, 0.5);
  static final Geometry MOVING =
      oblique(new int[] {52, 45, 33}, new double[] {1.4, 1.3, 2.3}, -0.4, 0.15, -0.25);

  /** Turns, scales and shears by about 10 %; a few mm off. */
  static final AffineMap AFFINE =
      AffineMap.of(1.08, 0.11, -0.05, 1.37, -0.07, 0.94, 0.09, -4.21, 0.06, -0.08, 1.03, 3.53);

  private Scene() {}

  private static Geometry oblique(int[] size, double[] spacing, double x, double y, double z) {
    double[] direction =
        Euler3DTransform.fromParameters(new double[] {x, y, z, 0, 0, 0}, new double[3])
            .toAffineMap()
            .matrix();
    double[] middle = Geometry.of(size, spacing, new double[3], direction).center();
    double[] origin = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      origin[axis] = CENTER[axis] - middle[axis];
    }
    return Geometry.of(size, spacing, origin, direction);
  }

  /** Waves of 9 to 40 mm, seen through a curve, with noise. */
  static Image image(Context context, Geometry grid, DoubleUnaryOperator curve, long seed) {
    SplitMix64 noise = new SplitMix64(seed, "noise");
    float[] values = new float[(int) grid.voxelCount()];
    for (int i = 0; i < values.length; i++) {
      double[] p = point(grid, i);
      double wave =
          Math.sin(p[0] / 6.3) * Math.cos(p[1] / 5.1)
              + Math.sin(p[2] / 4.7 + p[0] / 9)
              + 0.4 * Math.cos(p[1] / 1.5) * Math.sin(p[2] / 2.1);
      values[i] = (float) (curve.applyAsDouble(100 * wave) + noise.uniform(-15, 15));
    }
    return new Image(tensor(context, grid, values), grid);
  }

  /** An off-centre ball. */
  static Image mask(Context context, Geometry grid, double radiusMm) {
    byte[] values = new byte[(int) grid.voxelCount()];
    for (int i = 0; i < values.length; i++) {
      double[] p = point(grid, i);
      double x = p[0] - CENTER[0] - 3;
      double y = p[1] - CENTER[1] + 2;
      double z = p[2] - CENTER[2] - 5;
      values[i] = (byte) (x * x + y * y + z * z < radiusMm * radiusMm ? 1 : 0);
    }
    return new Image(Tensor.of(context, values, grid.shape().toArray()), grid);
  }

  /** Smooth, up to {@code mm} along each axis. */
  static DisplacementField field(Context context, Geometry grid, double mm) {
    int count = (int) grid.voxelCount();
    float[] offsets = new float[3 * count];
    for (int i = 0; i < count; i++) {
      double[] p = point(grid, i);
      offsets[i] = (float) (mm * Math.sin(p[1] / 8 + p[2] / 17));
      offsets[count + i] = (float) (mm * Math.cos(p[2] / 7 - p[0] / 15));
      offsets[2 * count + i] = (float) (mm * Math.sin(p[0] / 9 + p[1] / 13));
    }
    Tensor tensor = Tensor.of(context, offsets, grid.shape().prepend(3).toArray());
    return new DisplacementField(tensor, grid);
  }

  /** Physical position of a voxel. */
  static double[] point(Geometry grid, int voxel) {
    int x = voxel % grid.size(0);
    int y = voxel / grid.size(0) % grid.size(1);
    int z = voxel / grid.size(0) / grid.size(1);
    return grid.indexToPhysical().apply(x, y, z);
  }

  /** Voxkern's own warp: moving(map(x + u(x))) at the points x of a grid; u may be null. */
  static Image warp(
      Image moving,
      AffineMap map,
      DisplacementField field,
      Geometry grid,
      Interpolation interpolation,
      double fill) {
    AffineMap toIndex = moving.geometry().physicalToIndex().after(map);
    Tensor source = moving.data();
    if (interpolation == Interpolation.CUBIC_B_SPLINE) {
      source = Tensor.uninitialized(moving.context(), ElementType.F32, source.shape());
      BsplinePrefilter.apply(moving.data(), Warp3d.Border.CONSTANT, source);
    }
    Tensor warped = Tensor.uninitialized(moving.context(), ElementType.F32, grid.shape());
    Warp3d.builder()
        .interpolation(interpolation)
        .fill(fill)
        .indexMap(toIndex.after(grid.indexToPhysical()))
        .displacementMap(toIndex.matrix())
        .build()
        .apply(source, null, field == null ? null : field.displacementMm(), null, warped, null);
    return new Image(warped, grid);
  }

  private static Tensor tensor(Context context, Geometry grid, float[] values) {
    return Tensor.of(context, values, grid.shape().toArray());
  }
}
