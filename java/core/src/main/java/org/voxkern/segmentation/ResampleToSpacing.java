package org.voxkern.segmentation;

import java.util.Arrays;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.op.Warp3d;

/**
 * Resamples an image to another spacing about its middle; along each axis round(size spacing / new
 * spacing) voxels, at least one. Beyond the outermost voxels the edge continues. The result is f32.
 *
 * <p>Where voxels are much longer along one axis than along the others, interpolation across slices
 * sees little that belongs together. By default an axis whose spacing, before or after, is more
 * than three times the least is therefore resampled by itself, to the nearest slice; source:
 * Isensee et al., "nnU-Net", Nature Methods 2021. Immutable.
 */
public final class ResampleToSpacing implements PreprocessingStep {
  private static final double USUAL_ANISOTROPY = 3;

  private final double[] spacingMm;
  private final int order;
  private final int acrossOrder;
  private final double anisotropy;

  private ResampleToSpacing(double[] spacingMm, int order, int acrossOrder, double anisotropy) {
    this.spacingMm = spacingMm;
    this.order = order;
    this.acrossOrder = acrossOrder;
    this.anisotropy = anisotropy;
  }

  /**
   * To this spacing in mm, cubic, across slices of an anisotropic image nearest.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public static ResampleToSpacing of(double x, double y, double z) {
    double[] spacing = {x, y, z};
    for (double mm : spacing) {
      if (!(mm > 0) || !Double.isFinite(mm)) {
        throw new IllegalArgumentException(
            "spacing " + Arrays.toString(spacing) + " mm: expected positive numbers");
      }
    }
    return new ResampleToSpacing(spacing, 3, 0, USUAL_ANISOTROPY);
  }

  /** Order of the spline: 0 nearest, 1 linear, 3 cubic. */
  public ResampleToSpacing order(int value) {
    GridResampling.interpolation(value);
    return new ResampleToSpacing(spacingMm, value, acrossOrder, anisotropy);
  }

  /**
   * How an axis with much longer voxels is resampled.
   *
   * @param value order of the spline across slices: 0, 1 or 3
   * @param anisotropy ratio of spacings above which it is; infinity for never
   */
  public ResampleToSpacing acrossSlices(int value, double anisotropy) {
    GridResampling.interpolation(value);
    if (!(anisotropy >= 1)) {
      throw new IllegalArgumentException("anisotropy " + anisotropy + ": expected 1 or more");
    }
    return new ResampleToSpacing(spacingMm, order, value, anisotropy);
  }

  @Override
  public Image apply(Image image) {
    Geometry grid = image.geometry();
    int[] size = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      double voxels = Math.rint(grid.size(axis) * grid.spacing(axis) / spacingMm[axis]);
      if (voxels > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "spacing " + Arrays.toString(spacingMm) + " mm is too small for a grid of " + grid);
      }
      size[axis] = Math.max(1, (int) voxels);
    }
    Geometry target = GridResampling.about(grid, size, spacingMm);
    if (target.equals(grid)) {
      return image;
    }
    int across = axisAcrossSlices(grid.spacing());
    across = across < 0 ? axisAcrossSlices(spacingMm) : across;
    if (across < 0 || acrossOrder == order) {
      return GridResampling.onto(image, target, order, Warp3d.Border.CLAMP);
    }
    int[] inPlaneSize = size.clone();
    double[] inPlaneSpacing = spacingMm.clone();
    inPlaneSize[across] = grid.size(across);
    inPlaneSpacing[across] = grid.spacing(across);
    Geometry slices = GridResampling.about(grid, inPlaneSize, inPlaneSpacing);
    Image inPlane = GridResampling.onto(image, slices, order, Warp3d.Border.CLAMP);
    try {
      return GridResampling.onto(inPlane, target, acrossOrder, Warp3d.Border.CLAMP);
    } finally {
      inPlane.data().close();
    }
  }

  /** The one axis with much longer voxels, or -1. */
  private int axisAcrossSlices(double[] spacing) {
    int found = -1;
    double least = Arrays.stream(spacing).min().getAsDouble();
    for (int axis = 0; axis < 3; axis++) {
      if (spacing[axis] > anisotropy * least) {
        if (found >= 0) {
          return -1;
        }
        found = axis;
      }
    }
    return found;
  }

  @Override
  public String toString() {
    return "ResampleToSpacing" + Arrays.toString(spacingMm) + " of order " + order;
  }
}
