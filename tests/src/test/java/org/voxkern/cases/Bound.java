package org.voxkern.cases;

/**
 * An operation's stated error: |got - expected| &le; absolute + relative |expected| + ofLargest
 * max|expected|; a share of {@code outliers} elements may lie outside where a result has jumps.
 */
public record Bound(double relative, double absolute, double ofLargest, double outliers) {
  public static Bound exact() {
    return new Bound(0, 0, 0, 0);
  }

  public static Bound relative(double relative) {
    return new Bound(relative, 0, 0, 0);
  }

  public static Bound absolute(double absolute) {
    return new Bound(0, absolute, 0, 0);
  }

  /** Relative to the largest magnitude of the whole result. */
  public static Bound ofLargest(double share) {
    return new Bound(0, 0, share, 0);
  }

  public Bound withOutliers(double share) {
    return new Bound(relative, absolute, ofLargest, share);
  }

  /** Empty, or how {@code got} differs from {@code expected} by more than this bound. */
  String difference(double[] got, double[] expected) {
    if (got.length != expected.length) {
      return got.length + " elements, the reference has " + expected.length;
    }
    double largest = 0;
    for (double value : expected) {
      if (Double.isFinite(value)) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    int outside = 0;
    int worst = -1;
    double worstExcess = 0;
    for (int i = 0; i < got.length; i++) {
      double want = expected[i];
      if (got[i] == want || Double.isNaN(got[i]) && Double.isNaN(want)) {
        continue;
      }
      double allowed = absolute + relative * Math.abs(want) + ofLargest * largest;
      double error = Math.abs(got[i] - want);
      if (error <= allowed && Double.isFinite(want)) {
        continue;
      }
      outside++;
      double excess = Double.isFinite(error) ? error - allowed : Double.POSITIVE_INFINITY;
      if (worst < 0 || excess > worstExcess) {
        worst = i;
        worstExcess = excess;
      }
    }
    if (outside <= outliers * got.length) {
      return "";
    }
    return String.format(
        "%d of %d elements differ; worst at %d: %.9g, reference %.9g (largest |reference| %.3g)",
        outside, got.length, worst, got[worst], expected[worst], largest);
  }
}
