package org.voxkern.registration;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.op.Gaussian;
import org.voxkern.op.Warp3d;

/**
 * Smoothed and shrunk versions of an image, finest first.
 *
 * <p>Level l aims at 2^l times the finest spacing along every axis: an axis whose voxels are
 * coarser to begin with is shrunk later, so that levels of an anisotropic scan are nearly
 * isotropic.
 */
final class Pyramid {
  private final List<Level> levels = new ArrayList<>();

  /** One resolution: f32 voxels, and a u8 mask or null. */
  record Level(Tensor image, Tensor mask, Geometry geometry, int[] factors) {

    /** Every so many voxels along x, y, z, as they are, the first one included. */
    Level everyNth(int[] steps) {
      if (steps[0] == 1 && steps[1] == 1 && steps[2] == 1) {
        return this;
      }
      int[] size = new int[3];
      double[] spacing = new double[3];
      double[] map = new double[12];
      for (int axis = 0; axis < 3; axis++) {
        size[axis] = (geometry.size(axis) + steps[axis] - 1) / steps[axis];
        spacing[axis] = geometry.spacing(axis) * steps[axis];
        map[5 * axis] = steps[axis];
      }
      Geometry sparse = Geometry.of(size, spacing, geometry.origin(), geometry.direction());
      return new Level(
          pick(image, sparse, map), mask == null ? null : pick(mask, sparse, map), sparse, factors);
    }

    private static Tensor pick(Tensor source, Geometry grid, double[] map) {
      Tensor result = Tensor.uninitialized(source.context(), source.type(), grid.shape());
      Warp3d.builder()
          .interpolation(Warp3d.Interpolation.NEAREST)
          .indexMap(AffineMap.of(map))
          .build()
          .apply(source, null, null, null, result, null);
      return result;
    }
  }

  Pyramid(Image image, Image mask, int count) {
    Geometry geometry = image.geometry();
    levels.add(
        new Level(image.data(), mask == null ? null : mask.data(), geometry, new int[] {1, 1, 1}));
    for (int level = 1; level < count; level++) {
      levels.add(shrunk(image, mask, factors(geometry, level)));
    }
  }

  /** The level, 0 being the finest; the coarsest there is when it is beyond. */
  Level level(int index) {
    return levels.get(Math.min(index, levels.size() - 1));
  }

  /** How many levels there are on which each axis that shrank keeps enough voxels. */
  static int levelCount(Geometry geometry, int most, int leastVoxels) {
    int count = 1;
    while (count < most) {
      int[] factors = factors(geometry, count);
      int[] before = factors(geometry, count - 1);
      boolean changed = false;
      for (int axis = 0; axis < 3; axis++) {
        if (factors[axis] != before[axis]) {
          changed = true;
          if (geometry.size(axis) / factors[axis] < leastVoxels) {
            return count;
          }
        }
      }
      if (!changed && count > 4) {
        return count;
      }
      count++;
    }
    return count;
  }

  /** Shrink factors along x, y, z of a level. */
  static int[] factors(Geometry geometry, int level) {
    double finest =
        Math.min(geometry.spacing(0), Math.min(geometry.spacing(1), geometry.spacing(2)));
    double wanted = finest * (1 << level);
    int[] factors = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      int factor = 1;
      // The power of two whose spacing comes nearest to the wanted one on a logarithmic scale.
      while (geometry.spacing(axis) * factor * Math.sqrt(2) <= wanted) {
        factor *= 2;
      }
      factors[axis] = Math.min(factor, Math.max(1, geometry.size(axis)));
    }
    return factors;
  }

  private static Level shrunk(Image image, Image mask, int[] factors) {
    double[] sigma = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      // Half the new voxel: a compromise between aliasing and detail that ITK's pyramids use too.
      sigma[axis] = factors[axis] > 1 ? 0.5 * factors[axis] : 0;
    }
    Geometry geometry = image.geometry().shrink(factors);
    Tensor smooth = Gaussian.decimate(image.data(), null, sigma, Gaussian.Border.CLAMP, factors);
    Tensor shrunkMask = mask == null ? null : shrinkMask(mask, geometry);
    return new Level(smooth, shrunkMask, geometry, factors);
  }

  private static Tensor shrinkMask(Image mask, Geometry geometry) {
    Tensor result = Tensor.uninitialized(mask.context(), ElementType.U8, geometry.shape());
    Warp3d.builder()
        .interpolation(Warp3d.Interpolation.NEAREST)
        .indexMap(mask.geometry().physicalToIndex().after(geometry.indexToPhysical()))
        .build()
        .apply(mask.data(), null, null, null, result, null);
    return result;
  }
}
