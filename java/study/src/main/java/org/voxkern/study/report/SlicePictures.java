package org.voxkern.study.report;

/**
 * The pictures of one plane.
 *
 * @param plane where it lies
 * @param fixed the fixed image
 * @param before the moving image where its header puts it
 * @param after the moving image through the transform found
 * @param edgesBefore edges of {@code before} over the fixed image
 * @param edgesAfter edges of {@code after} over the fixed image
 * @param boardBefore fields of fixed and {@code before} in turn
 * @param boardAfter fields of fixed and {@code after} in turn
 * @param grid the deformed grid over the local change of volume
 */
record SlicePictures(
    SlicePlane plane,
    Picture fixed,
    Picture before,
    Picture after,
    Picture edgesBefore,
    Picture edgesAfter,
    Picture boardBefore,
    Picture boardAfter,
    Picture grid) {

  static final int EDGE_COLOR = 0xffb000;
  private static final int FIELDS_ON_LONGEST_SIDE = 9;

  /**
   * @param fixed brightness of the fixed image on the plane, [0, 1] or NaN
   * @param before brightness of the moving image before
   * @param after brightness of the moving image after
   */
  static SlicePictures draw(
      SlicePlane plane,
      float[] fixed,
      float[] before,
      float[] after,
      Picture grid,
      int fieldPixels) {
    int width = plane.width();
    int height = plane.height();
    return new SlicePictures(
        plane,
        Picture.grey(fixed, width, height),
        Picture.grey(before, width, height),
        Picture.grey(after, width, height),
        edges(fixed, before, width, height),
        edges(fixed, after, width, height),
        board(fixed, before, width, height, fieldPixels),
        board(fixed, after, width, height, fieldPixels),
        grid);
  }

  static int fieldPixels(int longestSide) {
    return Math.max(2, Math.round((float) longestSide / FIELDS_ON_LONGEST_SIDE));
  }

  private static Picture edges(float[] ground, float[] other, int width, int height) {
    float[] dimmed = new float[ground.length];
    for (int i = 0; i < ground.length; i++) {
      dimmed[i] = 0.82f * ground[i];
    }
    Picture picture = Picture.grey(dimmed, width, height);
    float[] edges = Edges.of(other, width, height);
    for (int i = 0; i < edges.length; i++) {
      if (edges[i] > 0) {
        picture.blend(i, EDGE_COLOR, edges[i]);
      }
    }
    return picture;
  }

  private static Picture board(float[] fixed, float[] other, int width, int height, int field) {
    float[] values = new float[fixed.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int i = y * width + x;
        values[i] = (x / field + y / field) % 2 == 0 ? fixed[i] : other[i];
      }
    }
    return Picture.grey(values, width, height);
  }
}
