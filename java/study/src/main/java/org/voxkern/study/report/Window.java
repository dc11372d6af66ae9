package org.voxkern.study.report;

/**
 * Grey-value window of a picture: what is drawn black and what white.
 *
 * @param low drawn black
 * @param high drawn white
 */
record Window(float low, float high) {

  /** From the 1st to the 99.5th percentile, so that neither noise nor a few bright spots rule. */
  static Window of(Volume volume) {
    float[] ends = volume.percentiles(0.01, 0.995, 1);
    float high = ends[1] > ends[0] ? ends[1] : ends[2];
    return new Window(ends[0], high > ends[0] ? high : ends[0] + 1);
  }

  /** Brightness in [0, 1]; NaN stays NaN. */
  float[] apply(float[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      float value = (values[i] - low) / (high - low);
      result[i] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
    return result;
  }
}
