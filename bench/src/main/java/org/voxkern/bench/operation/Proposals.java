package org.voxkern.bench.operation;

import java.util.SplittableRandom;
import org.voxkern.Shape;

/**
 * Boxes as a detector proposes them, seeded: four in five lie about one of the objects, of which
 * there is one for 50 boxes, their centres within a fifth of its extents and theirs 0.8 to 1.25
 * times its; the others lie anywhere. Objects are 8 to 48 voxels large along each axis.
 */
final class Proposals {
  private Proposals() {}

  /** One for 138 voxels: 50,000 in a brain. */
  static int count(Workload workload) {
    return (int) (workload.voxels() / 138);
  }

  static Shape shape(int count) {
    return Shape.of(count, 6);
  }

  static float[] boxes(SplittableRandom random, Workload workload, int count) {
    int[] size = workload.size();
    int objects = Math.max(1, count / 50);
    double[][] centres = new double[objects][3];
    double[][] extents = new double[objects][3];
    for (int object = 0; object < objects; object++) {
      for (int axis = 0; axis < 3; axis++) {
        centres[object][axis] = random.nextDouble(0, size[axis]);
        extents[object][axis] = random.nextDouble(8, 48);
      }
    }
    float[] boxes = new float[6 * count];
    for (int i = 0; i < count; i++) {
      int object = random.nextDouble() < 0.8 ? random.nextInt(objects) : -1;
      for (int axis = 0; axis < 3; axis++) {
        double centre = random.nextDouble(0, size[axis]);
        double extent = random.nextDouble(8, 48);
        if (object >= 0) {
          extent = extents[object][axis] * random.nextDouble(0.8, 1.25);
          centre = centres[object][axis] + extents[object][axis] * random.nextDouble(-0.2, 0.2);
        }
        boxes[6 * i + axis] = (float) (centre - extent / 2);
        boxes[6 * i + 3 + axis] = (float) (centre + extent / 2);
      }
    }
    return boxes;
  }
}
