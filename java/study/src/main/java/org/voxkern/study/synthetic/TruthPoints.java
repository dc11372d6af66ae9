package org.voxkern.study.synthetic;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.voxkern.AffineMap;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.transform.Transform;

/** Points of fixed space at which a found transform is compared with the known one. */
public final class TruthPoints {
  private final double[][] points;

  private TruthPoints(double[][] points) {
    this.points = points;
  }

  /**
   * Voxels drawn evenly from a mask.
   *
   * @param mask u8, non-zero where a voxel may be drawn
   * @param most draws no more points than this
   */
  public static TruthPoints inside(Image mask, int most, long seed) {
    if (mask.type() != ElementType.U8 && mask.type() != ElementType.BOOL) {
      throw new IllegalArgumentException("a mask of " + mask.type() + ": expected U8");
    }
    int width = mask.geometry().size(0);
    int height = mask.geometry().size(1);
    int slice = width * height;
    long inside = 0;
    for (int z = 0; z < mask.geometry().size(2); z++) {
      ByteBuffer voxels = mask.data().buffer((long) z * slice, slice);
      for (int i = 0; i < slice; i++) {
        inside += voxels.get(i) != 0 ? 1 : 0;
      }
    }
    double chance = inside <= most ? 1 : (double) most / inside;
    Random random = new Random(seed);
    AffineMap toPhysical = mask.geometry().indexToPhysical();
    List<double[]> points = new ArrayList<>();
    for (int z = 0; z < mask.geometry().size(2); z++) {
      ByteBuffer voxels = mask.data().buffer((long) z * slice, slice);
      for (int i = 0; i < slice; i++) {
        if (voxels.get(i) != 0 && random.nextDouble() < chance && points.size() < most) {
          points.add(toPhysical.apply(i % width, i / width, z));
        }
      }
    }
    return new TruthPoints(points.toArray(new double[0][]));
  }

  public double[][] points() {
    return points;
  }

  /** Mean distance in mm between where the two transforms bring the points. */
  public double meanErrorMm(Transform truth, Transform found) {
    double sum = 0;
    for (double[] point : points) {
      double[] a = truth.apply(point);
      double[] b = found.apply(point);
      sum += Math.sqrt(sq(a[0] - b[0]) + sq(a[1] - b[1]) + sq(a[2] - b[2]));
    }
    return sum / points.length;
  }

  private static double sq(double value) {
    return value * value;
  }
}
