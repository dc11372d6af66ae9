package org.voxkern.study.synthetic;

/**
 * How a synthetic scan differs in brightness from the real one it is made of.
 *
 * @param curve of the brightness
 * @param gamma exponent of the brightness in [0, 1]
 * @param bias strength of the slow change of brightness over the image: it goes from 1 - bias to 1
 *     + bias
 * @param noise standard deviation of the Gaussian noise, as a part of the brightness range
 */
public record Contrast(Curve curve, double gamma, double bias, double noise) {

  /** The shape of the curve from brightness to brightness. */
  public enum Curve {
    /** Bright stays bright. */
    SAME,
    /** Bright becomes dark and dark bright, air staying dark, as from T1 to T2. */
    OPPOSITE_TISSUE,
    /**
     * Bright becomes dark and dark bright, air becoming the brightest. The bias field acts before
     * that, on the signal, of which air has none: on the bright air it would be a ramp across the
     * whole image, which draws every mutual information away from the truth.
     */
    NEGATIVE
  }

  /** The same brightness, without bias and noise. */
  public static final Contrast SAME = new Contrast(Curve.SAME, 1, 0, 0);

  /** As another sequence of the scanner would show it: 15 % bias field, 3 % noise. */
  public static final Contrast OTHER = new Contrast(Curve.OPPOSITE_TISSUE, 1.3, 0.15, 0.03);

  /**
   * Inverted with a gamma, 3 % noise and a bias field of 15 % from its darkest to its brightest
   * place, which is how BrainWeb states the non-uniformity of its scans.
   */
  public static final Contrast INVERTED = new Contrast(Curve.NEGATIVE, 1.3, 0.075, 0.03);

  /** True if the bias field acts on the brightness that the curve is applied to. */
  boolean biasComesFirst() {
    return curve == Curve.NEGATIVE;
  }

  /** Brightness, in [0, 1], from the real scan's brightness in [0, 1]. */
  double apply(double brightness) {
    double value = Math.max(0, Math.min(1, brightness));
    return switch (curve) {
      case SAME -> Math.pow(value, gamma);
      case OPPOSITE_TISSUE -> tissue(value) * Math.pow(1 - value, gamma);
      case NEGATIVE -> Math.pow(1 - value, gamma);
    };
  }

  /** A smooth step from air, 0, to tissue, 1. */
  private static double tissue(double brightness) {
    double part = Math.max(0, Math.min(1, (brightness - 0.03) / 0.12));
    return part * part * (3 - 2 * part);
  }
}
