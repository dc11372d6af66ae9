package org.voxkern.segmentation;

import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Tensor;
import org.voxkern.op.Binary;
import org.voxkern.op.Convert;
import org.voxkern.op.Statistics;

/**
 * (value - mean) / standard deviation, both of the whole image or of its foreground.
 *
 * @param foreground whether only voxels that are not 0 count, which leaves the others 0
 */
public record ZScore(boolean foreground) implements PreprocessingStep {
  /**
   * @throws IllegalArgumentException if the image has values that are not finite, or no contrast
   */
  @Override
  public Image apply(Image image) {
    Statistics.Result values = Intensities.requireFinite(image);
    Image mask = foreground ? Images.mask(image) : null;
    try {
      Statistics.Result counted = foreground ? Statistics.of(image.data(), mask.data()) : values;
      if (counted.count() == 0) {
        throw new IllegalArgumentException("the image is 0 everywhere: there is no foreground");
      }
      Intensities.requireContrast(counted.min(), counted.max(), "the least and greatest value");
      double deviation = Math.sqrt(counted.variance());
      Image scaled = Intensities.line(image, 1 / deviation, -counted.mean() / deviation);
      if (!foreground) {
        return scaled;
      }
      Tensor inside = Convert.to(mask.data(), ElementType.F32);
      Tensor masked = Tensor.uninitialized(image.context(), ElementType.F32, image.data().shape());
      Binary.apply(Binary.Function.MULTIPLY, scaled.data(), inside, masked);
      inside.close();
      scaled.data().close();
      return new Image(masked, image.geometry());
    } finally {
      if (mask != null) {
        mask.data().close();
      }
    }
  }
}
