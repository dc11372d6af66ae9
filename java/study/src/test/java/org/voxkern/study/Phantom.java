package org.voxkern.study;

import java.nio.file.Path;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;

/** A small head-like image by formula, and files made of it. */
final class Phantom {
  private static final double[][] BLOBS = {
    // centre x y z, half axes x y z (mm), brightness
    {0, 0, 0, 30, 36, 28, 300},
    {-9, 6, 4, 9, 13, 8, 500},
    {11, -7, -3, 7, 10, 12, -200},
    {3, 14, 10, 6, 5, 7, 700},
    {-4, -16, 6, 10, 5, 5, 350},
    {-14, -4, -12, 6, 9, 5, 600},
  };

  private Phantom() {}

  static Geometry grid() {
    return Geometry.of(
        new int[] {72, 80, 48},
        new double[] {1, 1, 1.5},
        new double[] {-36, -40, -36},
        new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
  }

  /** The phantom moved by a shift in mm, f32. */
  static Image image(Context context, Geometry grid, double... shift) {
    float[] values = new float[(int) grid.voxelCount()];
    int at = 0;
    for (int z = 0; z < grid.size(2); z++) {
      for (int y = 0; y < grid.size(1); y++) {
        for (int x = 0; x < grid.size(0); x++) {
          double[] p = grid.indexToPhysical().apply(x, y, z);
          values[at++] = (float) brightness(p[0] - shift[0], p[1] - shift[1], p[2] - shift[2]);
        }
      }
    }
    return new Image(Tensor.of(context, values, grid.size(2), grid.size(1), grid.size(0)), grid);
  }

  /** Which blob a voxel is in, as labels 0 to 5. */
  static Image labels(Context context, Geometry grid, double... shift) {
    byte[] values = new byte[(int) grid.voxelCount()];
    int at = 0;
    for (int z = 0; z < grid.size(2); z++) {
      for (int y = 0; y < grid.size(1); y++) {
        for (int x = 0; x < grid.size(0); x++) {
          double[] p = grid.indexToPhysical().apply(x, y, z);
          for (int blob = 1; blob < BLOBS.length; blob++) {
            if (radius(BLOBS[blob], p[0] - shift[0], p[1] - shift[1], p[2] - shift[2]) < 1) {
              values[at] = (byte) blob;
            }
          }
          at++;
        }
      }
    }
    return new Image(Tensor.of(context, values, grid.size(2), grid.size(1), grid.size(0)), grid);
  }

  static Path write(Image image, Path file, ElementType type) {
    ImageIo.write(Warping.as(image, type), file);
    return file;
  }

  private static double brightness(double x, double y, double z) {
    double sum = 0;
    for (double[] blob : BLOBS) {
      sum += blob[6] / (1 + Math.exp(8 * (radius(blob, x, y, z) - 1)));
    }
    return sum;
  }

  private static double radius(double[] blob, double x, double y, double z) {
    double dx = (x - blob[0]) / blob[3];
    double dy = (y - blob[1]) / blob[4];
    double dz = (z - blob[2]) / blob[5];
    return Math.sqrt(dx * dx + dy * dy + dz * dz);
  }
}
