package org.voxkern.bench.network;

import java.util.SplittableRandom;
import org.voxkern.Shape;

/** The seeded numbers of a job, the same in every process. */
final class CaseData {
  private final NetworkCase job;

  CaseData(NetworkCase job) {
    this.job = job;
  }

  float[] input() {
    return uniform("input", job.inputShape());
  }

  float[] weights() {
    return uniform("weights", job.weightsShape());
  }

  float[] outputGradient() {
    return uniform("outputGradient", job.outputShape());
  }

  float[] scale() {
    return uniform("scale", Shape.of(job.in()));
  }

  float[] shift() {
    return uniform("shift", Shape.of(job.in()));
  }

  /** (1, D, H, W, 3), x y z from -1 to 1: every voxel, moved smoothly by up to 4 voxels. */
  float[] grid() {
    int[] n = job.size();
    float[] grid = new float[3 * n[0] * n[1] * n[2]];
    int i = 0;
    for (int z = 0; z < n[0]; z++) {
      for (int y = 0; y < n[1]; y++) {
        for (int x = 0; x < n[2]; x++) {
          grid[i++] = normalized(x + 4 * Math.sin(0.05 * y + 0.03 * z), n[2]);
          grid[i++] = normalized(y + 4 * Math.cos(0.04 * x - 0.05 * z), n[1]);
          grid[i++] = normalized(z + 4 * Math.sin(0.05 * x + 0.04 * y + 1), n[0]);
        }
      }
    }
    return grid;
  }

  private static float normalized(double voxel, int size) {
    return (float) ((2 * voxel + 1) / size - 1);
  }

  /** (N, 4): x1, y1, x2, y2, eight jittered candidates about each of N / 8 objects. */
  float[] boxes() {
    int count = job.size()[2];
    SplittableRandom random = random("boxes");
    float[] boxes = new float[4 * count];
    double[] object = new double[4];
    for (int i = 0; i < count; i++) {
      if (i % 8 == 0) {
        object[0] = random.nextDouble(0, 4000);
        object[1] = random.nextDouble(0, 4000);
        object[2] = random.nextDouble(8, 80);
        object[3] = random.nextDouble(8, 80);
      }
      double width = object[2] * random.nextDouble(0.8, 1.25);
      double height = object[3] * random.nextDouble(0.8, 1.25);
      double x = object[0] + object[2] * random.nextDouble(-0.2, 0.2);
      double y = object[1] + object[3] * random.nextDouble(-0.2, 0.2);
      boxes[4 * i] = (float) (x - width / 2);
      boxes[4 * i + 1] = (float) (y - height / 2);
      boxes[4 * i + 2] = (float) (x + width / 2);
      boxes[4 * i + 3] = (float) (y + height / 2);
    }
    return boxes;
  }

  float[] scores() {
    SplittableRandom random = random("scores");
    float[] scores = new float[job.size()[2]];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) random.nextDouble();
    }
    return scores;
  }

  private static float[] uniform(String name, Shape shape) {
    SplittableRandom random = random(name);
    float[] values = new float[Math.toIntExact(shape.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static SplittableRandom random(String name) {
    return new SplittableRandom(4711 + name.hashCode());
  }
}
