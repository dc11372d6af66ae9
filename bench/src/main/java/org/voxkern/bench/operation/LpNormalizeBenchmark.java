package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.LpNormalize;

/** Feature vectors of 32 channels at half the resolution, to length 1. */
public class LpNormalizeBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Param({"forward", "gradient"})
  public String pass;

  @Override
  protected Job prepare(Inputs inputs) {
    LpNormalize norm = LpNormalize.of(1, 2, 1e-12);
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -4, 4);
    Tensor output = inputs.output(shape);
    if (pass.equals("forward")) {
      return Job.of(() -> norm.apply(features, output), output);
    }
    Tensor outputGradient = inputs.uniform("output gradient", shape, -1, 1);
    return Job.of(() -> norm.gradient(features, outputGradient, output), output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    double values = shape(workload).elementCount();
    return pass.equals("forward")
        ? new Work(4 * values, 4 * values, 0)
        : new Work(8 * values, 4 * values, 0);
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
