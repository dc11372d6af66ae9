package org.voxkern.bench.operation;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * Seeded inputs of a benchmark: made once on the Java heap, copied into tensors whenever they are
 * asked for.
 */
public final class Inputs {
  private final Workload workload;
  private final Map<String, float[]> values = new HashMap<>();
  private Context context;

  Inputs(Context context, Workload workload) {
    this.context = context;
    this.workload = workload;
  }

  Context context() {
    return context;
  }

  /** The same numbers for another context. */
  Inputs in(Context other) {
    Inputs inputs = new Inputs(other, workload);
    inputs.values.putAll(values);
    return inputs;
  }

  Workload workload() {
    return workload;
  }

  /** Axis-aligned, 1 mm. */
  Geometry grid() {
    return Geometry.of(
        workload.size(),
        new double[] {1, 1, 1},
        new double[3],
        new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
  }

  /** A head of smooth tissues in noisy air, 0 to 1000 or so; names differ in shape and noise. */
  Tensor head(String name) {
    return tensor(name, workload.shape(), () -> head(name, workload));
  }

  Tensor uniform(String name, Shape shape, double low, double high) {
    return tensor(
        name,
        shape,
        () -> {
          SplittableRandom random = random(name);
          float[] array = new float[(int) shape.elementCount()];
          for (int i = 0; i < array.length; i++) {
            array[i] = (float) random.nextDouble(low, high);
          }
          return array;
        });
  }

  /** The numbers from {@code count} - 1 down to 0, as indices. */
  Tensor reversed(long count) {
    return Tensor.of(context, LongStream.range(0, count).map(i -> count - 1 - i).toArray(), count);
  }

  /** A smooth displacement or velocity (3, D, H, W) of up to so many mm. */
  Tensor field(String name, double mm) {
    return tensor(name, workload.shape().prepend(3), () -> field(workload, mm));
  }

  /** Boxes (count, 6) as a detector proposes them. */
  Tensor boxes(String name, int count) {
    return tensor(
        name, Proposals.shape(count), () -> Proposals.boxes(random(name), workload, count));
  }

  /** An output. */
  Tensor output(Shape shape) {
    return Tensor.uninitialized(context, ElementType.F32, shape);
  }

  /** An output like the workload. */
  Tensor output() {
    return output(workload.shape());
  }

  private Tensor tensor(String name, Shape shape, Supplier<float[]> maker) {
    float[] array = values.computeIfAbsent(name, key -> maker.get());
    return Tensor.of(context, array, shape.toArray());
  }

  private static SplittableRandom random(String name) {
    return new SplittableRandom(20231 + name.hashCode());
  }

  private static float[] head(String name, Workload workload) {
    SplittableRandom random = random(name);
    double phase = random.nextDouble();
    int[] n = workload.size();
    float[] array = new float[(int) workload.voxels()];
    int i = 0;
    for (int z = 0; z < n[2]; z++) {
      double pz = 2.0 * (z + 0.5) / n[2] - 1;
      for (int y = 0; y < n[1]; y++) {
        double py = 2.0 * (y + 0.5) / n[1] - 1;
        for (int x = 0; x < n[0]; x++) {
          double px = 2.0 * (x + 0.5) / n[0] - 1;
          double radius = Math.sqrt(px * px + py * py + pz * pz);
          double tissue =
              radius > 0.85
                  ? 0
                  : 500
                      + 200 * Math.sin(9 * px + 4 * phase) * Math.cos(8 * py - pz)
                      + 150 * Math.sin(21 * pz + 13 * px * py)
                      + (radius > 0.75 ? 250 : 0);
          array[i++] = (float) (tissue + 30 * random.nextDouble());
        }
      }
    }
    return array;
  }

  private static float[] field(Workload workload, double mm) {
    int[] n = workload.size();
    int voxels = (int) workload.voxels();
    float[] array = new float[3 * voxels];
    int i = 0;
    for (int z = 0; z < n[2]; z++) {
      for (int y = 0; y < n[1]; y++) {
        for (int x = 0; x < n[0]; x++, i++) {
          array[i] = (float) (mm * Math.sin(0.05 * y + 0.03 * z));
          array[voxels + i] = (float) (mm * Math.cos(0.04 * x - 0.05 * z));
          array[2 * voxels + i] = (float) (mm * Math.sin(0.05 * x + 0.04 * y + 1));
        }
      }
    }
    return array;
  }
}
