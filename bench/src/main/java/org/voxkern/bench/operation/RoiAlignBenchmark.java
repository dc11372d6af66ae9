package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.RoiAlign;

/**
 * 200 boxes of about 32 x 32 x 24 voxels in 32 channels at half the workload's resolution, to 7 x 7
 * x 7 bins.
 */
public class RoiAlignBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;
  private static final int BOXES = 200;
  private static final int BINS = 7;

  @Override
  protected Job prepare(Inputs inputs) {
    int[] size = inputs.workload().size();
    Shape shape = Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor places = inputs.uniform("boxes", Shape.of(BOXES, 6), 0, 1);
    float[] boxes = places.toFloatArray();
    float[] extent = {32, 32, 24};
    for (int i = 0; i < boxes.length; i++) {
      int axis = i % 3;
      boxes[i] =
          i % 6 < 3
              ? boxes[i] * 0.6f * size[axis] / 2
              : boxes[i - 3] + extent[axis] * (0.75f + 0.5f * boxes[i]);
    }
    Tensor corners = Tensor.of(features.context(), boxes, BOXES, 6);
    Tensor images = Tensor.of(features.context(), new long[BOXES], BOXES);
    Tensor output = inputs.output(Shape.of(BOXES, CHANNELS, BINS, BINS, BINS));
    RoiAlign align = RoiAlign.builder().build();
    return Job.of(() -> align.apply(features, corners, images, output), output);
  }

  @Override
  public Work work(Workload workload) {
    double voxels = (double) BOXES * CHANNELS * 32 * 32 * 24;
    double outputs = (double) BOXES * CHANNELS * BINS * BINS * BINS;
    return new Work(0, 4 * outputs, 2 * voxels);
  }

  @Benchmark
  public Object kernel() {
    return runKernel();
  }

  @Benchmark
  public Object withCopies() {
    return runWithCopies();
  }
}
