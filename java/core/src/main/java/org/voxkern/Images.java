package org.voxkern;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.voxkern.op.Convert;
import org.voxkern.op.Statistics;

/** What is often done to images before and after the work proper, and checks of their contents. */
public final class Images {
  /** Grids are the same when no corner of theirs is further apart than this. */
  private static final double SAME_GRID_MM = 1e-3;

  private Images() {}

  /** The image as f32; itself when it is so already. */
  public static Image toFloat(Image image) {
    return image.type() == ElementType.F32
        ? image
        : new Image(Convert.to(image.data(), ElementType.F32), image.geometry());
  }

  /** A u8 mask of the voxels that are not zero; NaN counts as not zero. */
  public static Image mask(Image image) {
    Tensor truth = Convert.to(image.data(), ElementType.BOOL);
    try {
      // A bool is a byte of 0 or 1, which a u8 mask is as well.
      return new Image(Convert.to(truth, ElementType.U8), image.geometry());
    } finally {
      truth.close();
    }
  }

  /** A u8 mask of the voxels that have one of these labels. */
  public static Image mask(Image labels, int... values) {
    int[] wanted = values.clone();
    Arrays.sort(wanted);
    Tensor mask = Tensor.uninitialized(labels.context(), ElementType.U8, labels.data().shape());
    Voxels.forEachRow(
        labels.data(),
        (offset, row) -> {
          byte[] bytes = new byte[row.length];
          for (int i = 0; i < row.length; i++) {
            int value = (int) row[i];
            bytes[i] = (byte) (value == row[i] && Arrays.binarySearch(wanted, value) >= 0 ? 1 : 0);
          }
          mask.write(offset, ByteBuffer.wrap(bytes));
        });
    return new Image(mask, labels.geometry());
  }

  /**
   * The part of an image with these voxels, in the innermost scope.
   *
   * @throws IllegalArgumentException if the box is empty or reaches beyond the image
   */
  public static Image crop(Image image, IndexBox box) {
    return Voxels.crop(image, box);
  }

  /**
   * The image with its axes permuted and flipped so that they run as nearly as they can towards the
   * given anatomical directions, e.g. "LPS": one letter an axis, x first, of L or R, P or A, S or
   * I. No voxel value changes, and every voxel keeps its place in the patient.
   *
   * @throws IllegalArgumentException if the three letters do not name three different axes
   */
  public static Image reorient(Image image, String directions) {
    return Reorientation.to(image, directions);
  }

  /**
   * A copy of an f32 image with every value brought into [low, high]; NaN stays. CT scans need it
   * where voxels outside the field of view hold -2048: clamp to -1024, the least real value.
   *
   * @throws IllegalArgumentException if the image is not f32, or low is greater than high
   */
  public static Image clamp(Image image, double low, double high) {
    return Voxels.clamp(image, low, high);
  }

  /** The smallest box that holds every voxel greater than {@code threshold}; null if none is. */
  public static IndexBox foregroundBox(Image image, double threshold) {
    return Voxels.foregroundBox(image, threshold);
  }

  /**
   * Checks what registration relies on: f32, 3D, one value a voxel, all finite, not constant where
   * the mask counts; the mask u8 on the same grid and not empty.
   *
   * @param mask null for none
   * @param name what messages call the image, e.g. "fixed"
   * @throws IllegalArgumentException with one line that says what is wrong and what was expected
   */
  public static void requireRegistrable(Image image, Image mask, String name) {
    if (image.type() != ElementType.F32 || image.data().shape().rank() != 3) {
      throw new IllegalArgumentException(
          "the "
              + name
              + " image is "
              + image.data()
              + ": expected F32 of three sizes, one value a voxel");
    }
    for (int axis = 0; axis < 3; axis++) {
      if (image.geometry().size(axis) < 2) {
        throw new IllegalArgumentException(
            "the "
                + name
                + " image has "
                + Arrays.toString(image.geometry().size())
                + " voxels: expected a 3D image, at least two voxels along each axis");
      }
    }
    if (mask != null) {
      requireMask(image, mask, name);
    }
    Statistics.Result all = Statistics.of(image.data(), null);
    long bad = all.nanCount() + all.infiniteCount();
    if (bad > 0) {
      throw new IllegalArgumentException(
          "the "
              + name
              + " image holds "
              + bad
              + (bad == 1 ? " voxel that is" : " voxels that are")
              + " NaN or infinite: expected finite values");
    }
    Statistics.Result counted = mask == null ? all : Statistics.of(image.data(), mask.data());
    if (counted.min() == counted.max()) {
      throw new IllegalArgumentException(
          "the "
              + name
              + " image is "
              + counted.min()
              + (mask == null ? " everywhere" : " wherever its mask counts")
              + ": expected an image with contrast");
    }
  }

  /**
   * Checks that a mask is u8, on its image's grid and not empty.
   *
   * @throws IllegalArgumentException with one line that says what is wrong and what was expected
   */
  public static void requireMask(Image image, Image mask, String name) {
    if (mask.type() != ElementType.U8 || mask.data().shape().rank() != 3) {
      throw new IllegalArgumentException(
          "the mask of the " + name + " image is " + mask.data() + ": expected U8 of three sizes");
    }
    if (!mask.geometry().matches(image.geometry(), SAME_GRID_MM)) {
      throw new IllegalArgumentException(
          "the mask of the "
              + name
              + " image is not on its image's grid: "
              + mask.geometry()
              + ", expected "
              + image.geometry());
    }
    if (Statistics.of(mask.data(), null).max() == 0) {
      throw new IllegalArgumentException(
          "the mask of the " + name + " image is empty: expected at least one voxel that counts");
    }
  }

  /**
   * Checks that the boxes which two images take up in physical space have some part in common.
   *
   * @throws IllegalArgumentException with one line that says where each lies
   */
  public static void requireOverlap(Image fixed, Image moving) {
    double[][] a = physicalBox(fixed.geometry());
    double[][] b = physicalBox(moving.geometry());
    for (int axis = 0; axis < 3; axis++) {
      if (a[1][axis] < b[0][axis] || b[1][axis] < a[0][axis]) {
        throw new IllegalArgumentException(
            "the images do not overlap: fixed lies within "
                + text(a)
                + ", moving within "
                + text(b)
                + " mm; expected some part in common");
      }
    }
  }

  /** The axis-aligned physical box of a grid, outer voxel faces included: least, then greatest. */
  static double[][] physicalBox(Geometry geometry) {
    double[][] box = new double[2][3];
    Arrays.fill(box[0], Double.POSITIVE_INFINITY);
    Arrays.fill(box[1], Double.NEGATIVE_INFINITY);
    for (int corner = 0; corner < 8; corner++) {
      double[] index = new double[3];
      for (int axis = 0; axis < 3; axis++) {
        index[axis] = (corner >> axis & 1) == 0 ? -0.5 : geometry.size(axis) - 0.5;
      }
      double[] point = geometry.indexToPhysical().apply(index);
      for (int axis = 0; axis < 3; axis++) {
        box[0][axis] = Math.min(box[0][axis], point[axis]);
        box[1][axis] = Math.max(box[1][axis], point[axis]);
      }
    }
    return box;
  }

  private static String text(double[][] box) {
    StringBuilder text = new StringBuilder();
    for (int axis = 0; axis < 3; axis++) {
      text.append(axis == 0 ? "" : " x ")
          .append(String.format(java.util.Locale.ROOT, "[%.1f, %.1f]", box[0][axis], box[1][axis]));
    }
    return text.toString();
  }
}
