package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.AdaptivePool;

/** The global mean of 32 channels at half the workload's resolution. */
public class AdaptivePoolBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Override
  protected Job prepare(Inputs inputs) {
    Tensor features = inputs.uniform("features", shape(inputs.workload()), -1, 1);
    Tensor output = inputs.output(Shape.of(1, CHANNELS, 1, 1, 1));
    return Job.of(() -> AdaptivePool.average(features, output), output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    return new Work(4.0 * shape(workload).elementCount(), 0, 0);
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
