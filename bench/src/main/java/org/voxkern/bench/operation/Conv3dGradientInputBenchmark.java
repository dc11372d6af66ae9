package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

/** Gradient of the input of {@link Conv3dBenchmark}'s convolution; the weights are packed too. */
public class Conv3dGradientInputBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Override
  protected Job prepare(Inputs inputs) {
    Conv3d convolution = Conv3d.builder().padding(1, 1, 1).build();
    Shape shape = shape(inputs.workload());
    Tensor upstream = inputs.uniform("upstream", shape, -1, 1);
    Tensor weights = inputs.uniform("weights", Shape.of(CHANNELS, CHANNELS, 3, 3, 3), -1, 1);
    Tensor gradient = inputs.output(shape);
    return Job.of(() -> convolution.gradientInput(upstream, weights, gradient), gradient);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    double values = shape(workload).elementCount();
    return new Work(4 * values, 4 * values, 2 * 27 * CHANNELS * values);
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
