package org.voxkern.segmentation;

import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.op.Convert;
import org.voxkern.op.Histogram;
import org.voxkern.op.Statistics;
import org.voxkern.op.Warp3d;

/**
 * Brings an image onto the grid that FreeSurfer works on, as its {@code mri_convert --conform}
 * does: a cube of u8 voxels whose axes run to Left, Inferior and Anterior, about the middle of the
 * image, linear, 0 outside. An image that is on such a grid already stays as it is.
 *
 * <p>Intensities of other types than u8 are scaled so that the least becomes 0 and all but a
 * thousandth of the voxels that are not 0 lie below 255, by a histogram of 1000 bins.
 *
 * @param size voxels along each axis; FreeSurfer has 256
 * @param spacingMm FreeSurfer has 1
 */
public record Conform(int size, double spacingMm) implements PreprocessingStep {
  private static final double SAME_GRID_MM = 1e-3;
  private static final int BINS = 1000;
  private static final double HIGH_FRACTION = 0.999;
  private static final double WHITE = 255;

  /** As FreeSurfer has it: 256 voxels of 1 mm. */
  public Conform() {
    this(256, 1);
  }

  public Conform {
    if (size < 1 || !(spacingMm > 0)) {
      throw new IllegalArgumentException(
          "a conformed grid of " + size + " voxels of " + spacingMm + " mm: expected positive");
    }
  }

  /** The grid for an image on another. */
  public Geometry grid(Geometry from) {
    int[] sizes = {size, size, size};
    double[] spacing = {spacingMm, spacingMm, spacingMm};
    double[] direction = {1, 0, 0, 0, 0, -1, 0, -1, 0};
    // FreeSurfer's middle of n voxels is voxel n / 2, on both grids.
    double[] middle =
        from.indexToPhysical().apply(from.size(0) / 2.0, from.size(1) / 2.0, from.size(2) / 2.0);
    double[] offset =
        Geometry.of(sizes, spacing, new double[3], direction)
            .indexToPhysical()
            .apply(size / 2.0, size / 2.0, size / 2.0);
    for (int axis = 0; axis < 3; axis++) {
      middle[axis] -= offset[axis];
    }
    return Geometry.of(sizes, spacing, middle, direction);
  }

  @Override
  public Image apply(Image image) {
    Geometry grid = grid(image.geometry());
    Image resampled =
        grid.matches(image.geometry(), SAME_GRID_MM)
            ? image
            : GridResampling.onto(image, grid, 1, Warp3d.Border.CONSTANT);
    if (resampled.type() == ElementType.U8) {
      return resampled;
    }
    double[] line = image.type() == ElementType.U8 ? new double[] {1, 0} : scaling(image);
    Image result =
        new Image(
            Convert.to(resampled.data(), ElementType.U8, line[0], line[1]), resampled.geometry());
    if (resampled.data() != image.data()) {
      resampled.data().close();
    }
    return result;
  }

  /** Factor and offset. */
  private static double[] scaling(Image image) {
    Statistics.Result all = Intensities.requireFinite(image);
    double low = all.min();
    double width = (all.max() - low) / BINS;
    if (width == 0) {
      return new double[] {1, -low};
    }
    Image nonZero = Images.mask(image);
    double counted = Statistics.of(nonZero.data(), null).mean() * all.count();
    nonZero.data().close();
    long[] histogram = Histogram.of(image.data(), null, low, all.max(), BINS);
    long wanted = all.count() - (long) ((1 - HIGH_FRACTION) * Math.rint(counted));
    long below = 0;
    int edge = 0;
    while (edge < BINS && below < wanted) {
      below += histogram[1 + edge];
      edge++;
    }
    // Two bins less, as FreeSurfer has it; but no image may become all white.
    double high = low + Math.max(1, edge - 2) * width;
    double scale = WHITE / (high - low);
    return new double[] {scale, -low * scale};
  }
}
