package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Warp3d;

/**
 * The part of a fixed image that a linear stage compares: the whole grid, or stratified random
 * points.
 *
 * <p>Points lie anywhere between voxels, one at random in each block of the grid, so that neither
 * the grids' beat (Tsao 2003) nor a periodic sample can pull the optimum. The draw is a function of
 * seed and block alone.
 *
 * @param values fixed intensities
 * @param points (3, N) positions in fixed index space, or null for the whole grid
 * @param mask u8 over the grid, or null; points outside the mask are not kept
 */
record Samples(Tensor values, Tensor points, Tensor mask, Geometry geometry) {

  static Samples wholeGrid(Pyramid.Level level) {
    return new Samples(level.image(), null, level.mask(), level.geometry());
  }

  /**
   * About {@code wanted} points; the whole grid when that has no more voxels, or when the mask is
   * so small that no point falls into it.
   */
  static Samples stratified(Pyramid.Level level, long wanted, long seed) {
    Geometry geometry = level.geometry();
    if (wanted >= geometry.voxelCount()) {
      return wholeGrid(level);
    }
    Context context = level.image().context();
    double edge = Math.cbrt((double) geometry.voxelCount() / wanted);
    int[] blocks = new int[3];
    double[] step = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      blocks[axis] = Math.max(1, (int) Math.round(geometry.size(axis) / edge));
      step[axis] = (double) geometry.size(axis) / blocks[axis];
    }
    byte[] mask = level.mask() == null ? null : level.mask().toByteArray();
    int capacity = Math.multiplyExact(Math.multiplyExact(blocks[0], blocks[1]), blocks[2]);
    float[] x = new float[capacity];
    float[] y = new float[capacity];
    float[] z = new float[capacity];
    int kept = 0;
    long block = 0;
    for (int k = 0; k < blocks[2]; k++) {
      for (int j = 0; j < blocks[1]; j++) {
        for (int i = 0; i < blocks[0]; i++, block++) {
          // Positions stay between the outermost voxel centres, where the image is defined.
          float px = within((i + unit(seed, 3 * block)) * step[0] - 0.5, geometry.size(0));
          float py = within((j + unit(seed, 3 * block + 1)) * step[1] - 0.5, geometry.size(1));
          float pz = within((k + unit(seed, 3 * block + 2)) * step[2] - 0.5, geometry.size(2));
          if (mask != null) {
            int voxel =
                (Math.round(pz) * geometry.size(1) + Math.round(py)) * geometry.size(0)
                    + Math.round(px);
            if (mask[voxel] == 0) {
              continue;
            }
          }
          x[kept] = px;
          y[kept] = py;
          z[kept++] = pz;
        }
      }
    }
    if (kept == 0) {
      return wholeGrid(level);
    }
    float[] packed = new float[3 * kept];
    System.arraycopy(x, 0, packed, 0, kept);
    System.arraycopy(y, 0, packed, kept, kept);
    System.arraycopy(z, 0, packed, 2 * kept, kept);
    Tensor points = Tensor.of(context, packed, 3, kept);
    Tensor values = Tensor.uninitialized(context, ElementType.F32, Shape.of(kept));
    Warp3d.builder()
        .indexMap(AffineMap.identity())
        .border(Warp3d.Border.CLAMP)
        .build()
        .apply(level.image(), null, null, points, values, null);
    return new Samples(values, points, null, geometry);
  }

  private static float within(double position, int size) {
    return (float) Math.max(0, Math.min(size - 1.0, position));
  }

  /** A number in [0, 1) that depends on its arguments alone (SplitMix64's mixing function). */
  private static double unit(long seed, long counter) {
    long z = seed + (counter + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >>> 11) * 0x1.0p-53;
  }
}
