package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

/** Gradient of the weights and the bias of {@link Conv3dBenchmark}'s convolution. */
public class Conv3dGradientWeightsBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Override
  protected Job prepare(Inputs inputs) {
    Conv3d convolution = Conv3d.builder().padding(1, 1, 1).build();
    Shape shape = shape(inputs.workload());
    Tensor upstream = inputs.uniform("upstream", shape, -1, 1);
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor gradient = inputs.output(Shape.of(CHANNELS, CHANNELS, 3, 3, 3));
    Tensor gradientBias = inputs.output(Shape.of(CHANNELS));
    return Job.of(
        () -> convolution.gradientWeights(upstream, features, gradient, gradientBias),
        gradient,
        gradientBias);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    double values = shape(workload).elementCount();
    return new Work(8 * values, 0, 2 * 27 * CHANNELS * values);
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
