package org.voxkern.study;

import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.stream.IntStream;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;

/** A registration's mapping, linear part included, as one displacement field. */
final class WholeMapping {
  private WholeMapping() {}

  /**
   * The offsets linear(x + u(x)) - x at every voxel x of the fixed grid.
   *
   * @param deformation u, or empty where it is 0
   */
  static DisplacementField of(
      Context context, Geometry fixed, AffineMap linear, Optional<DisplacementField> deformation) {
    Tensor whole = Tensor.uninitialized(context, ElementType.F32, fixed.shape().prepend(3));
    double[] a = linear.toArray();
    IntStream.range(0, fixed.size(2))
        .parallel()
        .forEach(z -> slice(whole, fixed, a, deformation.orElse(null), z));
    return new DisplacementField(whole, fixed);
  }

  /** The same, written over the deformation: large fields are not held twice. */
  static DisplacementField over(AffineMap linear, DisplacementField deformation) {
    double[] a = linear.toArray();
    Geometry grid = deformation.geometry();
    IntStream.range(0, grid.size(2))
        .parallel()
        .forEach(z -> slice(deformation.displacementMm(), grid, a, deformation, z));
    return deformation;
  }

  private static void slice(
      Tensor whole, Geometry fixed, double[] a, DisplacementField deformation, int z) {
    int width = fixed.size(0);
    int height = fixed.size(1);
    FloatBuffer[] to = plane(whole, fixed, z);
    FloatBuffer[] u = deformation == null ? null : plane(deformation.displacementMm(), fixed, z);
    double[] p = fixed.indexToPhysical().toArray();
    float[][] row = new float[3][width];
    for (int y = 0; y < height; y++) {
      int at = y * width;
      for (int x = 0; x < width; x++) {
        double px = p[0] * x + p[1] * y + p[2] * z + p[3];
        double py = p[4] * x + p[5] * y + p[6] * z + p[7];
        double pz = p[8] * x + p[9] * y + p[10] * z + p[11];
        double qx = px;
        double qy = py;
        double qz = pz;
        if (u != null) {
          qx += u[0].get(at + x);
          qy += u[1].get(at + x);
          qz += u[2].get(at + x);
        }
        row[0][x] = (float) (a[0] * qx + a[1] * qy + a[2] * qz + a[3] - px);
        row[1][x] = (float) (a[4] * qx + a[5] * qy + a[6] * qz + a[7] - py);
        row[2][x] = (float) (a[8] * qx + a[9] * qy + a[10] * qz + a[11] - pz);
      }
      for (int component = 0; component < 3; component++) {
        to[component].put(at, row[component]);
      }
    }
  }

  private static FloatBuffer[] plane(Tensor field, Geometry geometry, int z) {
    long voxels = geometry.voxelCount();
    int count = geometry.size(0) * geometry.size(1);
    FloatBuffer[] planes = new FloatBuffer[3];
    for (int component = 0; component < 3; component++) {
      long first = component * voxels + (long) z * count;
      planes[component] = field.buffer(first * Float.BYTES, count * Float.BYTES).asFloatBuffer();
    }
    return planes;
  }
}
