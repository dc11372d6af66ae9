package org.voxkern.study.report;

import java.util.Arrays;

/** Thin edges of a slice: smoothed gradient, thinned across, and linked from strong to weak. */
final class Edges {
  /** Part of the foreground pixels whose gradient counts as strong. */
  private static final double STRONG_PART = 0.3;

  private static final float WEAK_TO_STRONG = 0.5f;

  private Edges() {}

  /** How strongly each pixel is an edge, 0 or in (0.4, 1]. NaN pixels count as empty. */
  static float[] of(float[] brightness, int width, int height) {
    float[] smooth = smooth(brightness, width, height);
    float[] magnitude = new float[smooth.length];
    float[] across = new float[smooth.length];
    float[] down = new float[smooth.length];
    for (int y = 1; y < height - 1; y++) {
      for (int x = 1; x < width - 1; x++) {
        int i = y * width + x;
        across[i] = smooth[i + 1] - smooth[i - 1];
        down[i] = smooth[i + width] - smooth[i - width];
        magnitude[i] = (float) Math.hypot(across[i], down[i]);
      }
    }
    level(magnitude, width, height);
    float strong = threshold(magnitude);
    return strong > 0
        ? link(thin(magnitude, across, down, width, height), strong, width)
        : magnitude;
  }

  /**
   * Divides by the mean over a wide window, in part: otherwise the outline of the skin would be the
   * only strong edge of a head.
   */
  private static void level(float[] magnitude, int width, int height) {
    int radius = Math.max(4, Math.max(width, height) / 14);
    float[] mean =
        boxMean(boxMean(magnitude, width, height, radius, false), width, height, radius, true);
    for (int i = 0; i < magnitude.length; i++) {
      magnitude[i] /= 0.04f + mean[i];
    }
  }

  private static float[] boxMean(
      float[] values, int width, int height, int radius, boolean vertical) {
    int length = vertical ? height : width;
    int lines = vertical ? width : height;
    int step = vertical ? width : 1;
    float[] result = new float[values.length];
    for (int line = 0; line < lines; line++) {
      int start = vertical ? line : line * width;
      double sum = 0;
      for (int k = 0; k < Math.min(radius, length); k++) {
        sum += values[start + k * step];
      }
      for (int k = 0; k < length; k++) {
        sum += k + radius < length ? values[start + (k + radius) * step] : 0;
        sum -= k - radius - 1 >= 0 ? values[start + (k - radius - 1) * step] : 0;
        result[start + k * step] = (float) (sum / (2 * radius + 1));
      }
    }
    return result;
  }

  /** The gradient that only a small part of the non-flat pixels exceed; 0 in an empty slice. */
  private static float threshold(float[] magnitude) {
    float[] sorted = magnitude.clone();
    Arrays.sort(sorted);
    int flat = 0;
    while (flat < sorted.length && sorted[flat] < 0.15f) {
      flat++;
    }
    int textured = sorted.length - flat;
    return textured == 0 ? 0 : sorted[flat + (int) ((1 - STRONG_PART) * (textured - 1))];
  }

  private static float[] thin(
      float[] magnitude, float[] across, float[] down, int width, int height) {
    float[] thin = new float[magnitude.length];
    for (int y = 1; y < height - 1; y++) {
      for (int x = 1; x < width - 1; x++) {
        int i = y * width + x;
        float ax = Math.abs(across[i]);
        float ay = Math.abs(down[i]);
        int step;
        if (ax > 2.4f * ay) {
          step = 1;
        } else if (ay > 2.4f * ax) {
          step = width;
        } else {
          step = across[i] * down[i] > 0 ? width + 1 : width - 1;
        }
        if (magnitude[i] >= magnitude[i - step] && magnitude[i] > magnitude[i + step]) {
          thin[i] = magnitude[i];
        }
      }
    }
    return thin;
  }

  private static float[] link(float[] thin, float strong, int width) {
    float weak = WEAK_TO_STRONG * strong;
    float[] edges = new float[thin.length];
    int[] stack = new int[thin.length];
    int used = 0;
    for (int i = 0; i < thin.length; i++) {
      if (thin[i] >= strong && edges[i] == 0) {
        edges[i] = 1;
        stack[used++] = i;
      }
      while (used > 0) {
        int from = stack[--used];
        for (int dy = -width; dy <= width; dy += width) {
          for (int dx = -1; dx <= 1; dx++) {
            // The outermost pixels have no gradient, so a neighbour never leaves the picture.
            int to = from + dy + dx;
            if (thin[to] >= weak && edges[to] == 0) {
              edges[to] = Math.max(0.5f, Math.min(1, thin[to] / strong));
              stack[used++] = to;
            }
          }
        }
      }
    }
    return edges;
  }

  private static float[] smooth(float[] values, int width, int height) {
    float[] taps = {0.054f, 0.244f, 0.404f, 0.244f, 0.054f};
    float[] rows = new float[values.length];
    float[] result = new float[values.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        float sum = 0;
        for (int k = -2; k <= 2; k++) {
          float value = values[y * width + Math.max(0, Math.min(width - 1, x + k))];
          sum += Float.isNaN(value) ? 0 : taps[k + 2] * value;
        }
        rows[y * width + x] = sum;
      }
    }
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        float sum = 0;
        for (int k = -2; k <= 2; k++) {
          sum += taps[k + 2] * rows[Math.max(0, Math.min(height - 1, y + k)) * width + x];
        }
        result[y * width + x] = sum;
      }
    }
    return result;
  }
}
