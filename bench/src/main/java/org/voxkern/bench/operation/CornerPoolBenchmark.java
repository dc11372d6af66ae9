package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.CornerPool;

/** 16 channels at half the workload's resolution, to the top. */
public class CornerPoolBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 16;

  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor output = inputs.output(shape);
    return Job.of(() -> CornerPool.apply(CornerPool.Side.TOP, features, output), output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    double bytes = 4.0 * shape(workload).elementCount();
    return new Work(bytes, bytes, 0);
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
