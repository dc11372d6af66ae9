package org.voxkern.train;

import java.util.Arrays;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * An image and the class of each of its voxels.
 *
 * @param image f32 (C, D, H, W)
 * @param classes i32 (D, H, W); voxels of negative classes do not count
 */
public record LabelledVolume(Tensor image, Tensor classes) {
  /**
   * @throws IllegalArgumentException if shapes or types are not these, naming both
   */
  public LabelledVolume {
    Shape shape = image.shape();
    boolean fits =
        shape.rank() == 4
            && shape.elementCount() > 0
            && image.type() == ElementType.F32
            && classes.type() == ElementType.I32
            && Arrays.equals(Arrays.copyOfRange(shape.toArray(), 1, 4), classes.shape().toArray());
    if (!fits) {
      throw new IllegalArgumentException(
          "an image "
              + image
              + " with classes "
              + classes
              + ", expected F32 (C, D, H, W) and I32"
              + " (D, H, W)");
    }
  }

  long channels() {
    return image.shape().size(0);
  }
}
