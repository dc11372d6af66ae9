package org.voxkern.train.loss;

import org.voxkern.op.Lncc;
import org.voxkern.op.MutualInformation;
import org.voxkern.op.Ncc;

/**
 * Measures of how alike images are, as losses: the negative of the measure, the mean over the
 * images of a batch. The prediction is the warped image, the target the fixed one, both (N, 1, D,
 * H, W).
 *
 * <p>Differentiable by the warped image only: a gradient by the fixed one is refused.
 */
public final class ImageSimilarity {
  private ImageSimilarity() {}

  /** The negative of {@link Ncc}, -1 where images are alike but for a rising line. */
  public static Loss ncc() {
    return loss(
        "ncc", (images, to) -> Ncc.valueAndGradient(images.get(1), images.get(0), null, to));
  }

  /**
   * The negative of {@link Lncc}, -1 where every window is alike.
   *
   * @param radius of the windows in voxels, along x, y and z
   */
  public static Loss lncc(int... radius) {
    int[] own = radius.clone();
    return loss(
        "lncc", (images, to) -> Lncc.valueAndGradient(images.get(1), images.get(0), null, own, to));
  }

  /** The negative of {@link MutualInformation}, Mattes' or normalised as the parameters say. */
  public static Loss mutualInformation(MutualInformation.Parameters parameters) {
    return loss(
        "mutual_information",
        (images, to) ->
            to == null
                ? MutualInformation.value(images.get(1), images.get(0), null, parameters)
                : MutualInformation.valueAndGradient(
                    images.get(1), images.get(0), null, parameters, to));
  }

  private static Loss loss(String name, Measurement.Kernel kernel) {
    return (warped, fixed) -> {
      Targets.requireAlike(name, warped, fixed);
      return warped.apply(new Measurement(name, 1, kernel), fixed).times(-1);
    };
  }
}
