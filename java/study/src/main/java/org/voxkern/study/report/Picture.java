package org.voxkern.study.report;

import java.util.Arrays;

/** A small RGB raster, 0xRRGGBB a pixel, that knows how to draw over itself. */
final class Picture {
  final int width;
  final int height;
  final int[] rgb;

  Picture(int width, int height) {
    this.width = width;
    this.height = height;
    rgb = new int[width * height];
  }

  /** A grey picture from brightnesses in [0, 1]; NaN is drawn as the background. */
  static Picture grey(float[] brightness, int width, int height) {
    Picture picture = new Picture(width, height);
    for (int i = 0; i < brightness.length; i++) {
      int level = Math.round(255 * clamp(brightness[i]));
      picture.rgb[i] = level << 16 | level << 8 | level;
    }
    return picture;
  }

  Picture copy() {
    Picture picture = new Picture(width, height);
    System.arraycopy(rgb, 0, picture.rgb, 0, rgb.length);
    return picture;
  }

  void fill(int color) {
    Arrays.fill(rgb, color);
  }

  /** Mixes a colour in: {@code alpha} 0 leaves the pixel, 1 replaces it. */
  void blend(int pixel, int color, float alpha) {
    float a = clamp(alpha);
    int old = rgb[pixel];
    int r = Math.round((old >> 16 & 255) * (1 - a) + (color >> 16 & 255) * a);
    int g = Math.round((old >> 8 & 255) * (1 - a) + (color >> 8 & 255) * a);
    int b = Math.round((old & 255) * (1 - a) + (color & 255) * a);
    rgb[pixel] = r << 16 | g << 8 | b;
  }

  boolean isGrey() {
    for (int color : rgb) {
      if ((color >> 16 & 255) != (color & 255) || (color >> 8 & 255) != (color & 255)) {
        return false;
      }
    }
    return true;
  }

  static float clamp(float value) {
    // NaN compares false and falls to 0.
    return value > 0 ? Math.min(value, 1) : 0;
  }
}
