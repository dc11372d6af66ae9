package org.voxkern.segmentation;

import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;
import org.voxkern.op.Statistics;
import org.voxkern.op.Unary;

/** What the steps that change intensities share. Results are f32. */
final class Intensities {
  private static final double PERCENT = 100;

  private Intensities() {}

  /** value scale + offset. */
  static Image line(Image image, double scale, double offset) {
    return new Image(Convert.to(image.data(), ElementType.F32, scale, offset), image.geometry());
  }

  static Image clip(Image image, double low, double high) {
    Image values = Images.toFloat(image);
    Tensor clipped = Tensor.uninitialized(image.context(), ElementType.F32, image.data().shape());
    Unary.clip(values.data(), low, high, clipped);
    if (values.data() != image.data()) {
      values.data().close();
    }
    return new Image(clipped, image.geometry());
  }

  /** From [low, high] to [0, 1], what lies outside to the nearer end. */
  static Image window(Image image, double low, double high) {
    Image mapped = line(image, 1 / (high - low), -low / (high - low));
    try {
      return clip(mapped, 0, 1);
    } finally {
      mapped.data().close();
    }
  }

  /** The values below which so many percent of the voxels lie. */
  static double[] percentiles(Image image, double low, double high) {
    return Statistics.quantiles(image.data(), null, low / PERCENT, high / PERCENT);
  }

  static void requirePercentiles(double low, double high) {
    if (!(low >= 0 && low < high && high <= PERCENT)) {
      throw new IllegalArgumentException(
          "percentiles " + low + " and " + high + ": expected 0 <= low < high <= 100");
    }
  }

  static void requireContrast(double low, double high, String of) {
    if (!(low < high)) {
      throw new IllegalArgumentException(
          of + " of the image are " + low + " and " + high + ": expected an image with contrast");
    }
  }

  static Statistics.Result requireFinite(Image image) {
    Statistics.Result values = Statistics.of(image.data(), null);
    long bad = values.nanCount() + values.infiniteCount();
    if (bad > 0) {
      throw new IllegalArgumentException(
          "the image holds "
              + bad
              + (bad == 1 ? " voxel that is" : " voxels that are")
              + " NaN or infinite: expected finite values");
    }
    return values;
  }
}
