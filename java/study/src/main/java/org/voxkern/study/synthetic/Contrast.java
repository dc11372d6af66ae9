package org.voxkern.study.synthetic;

/**
 * How a synthetic scan differs in brightness from the real one it is made of.
 *
 * @param inverted bright becomes dark and dark bright, air staying dark, as from T1 to T2
 * @param gamma exponent of the brightness in [0, 1]
 * @param bias relative strength of the slow change of brightness over the image, such as 0.15
 * @param noise standard deviation of the Gaussian noise, as a part of the brightness range
 */
public record Contrast(boolean inverted, double gamma, double bias, double noise) {

  /** The same brightness, without bias and noise. */
  public static final Contrast SAME = new Contrast(false, 1, 0, 0);

  /** Another modality: inverted with a gamma, 15 % bias field, 3 % noise. */
  public static final Contrast OTHER = new Contrast(true, 1.3, 0.15, 0.03);

  /** Brightness, in [0, 1], from the real scan's brightness in [0, 1]. */
  double apply(double brightness) {
    double value = Math.max(0, Math.min(1, brightness));
    if (!inverted) {
      return Math.pow(value, gamma);
    }
    double tissue = Math.max(0, Math.min(1, (value - 0.03) / 0.12));
    return tissue * tissue * (3 - 2 * tissue) * Math.pow(1 - value, gamma);
  }
}
