package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

/**
 * The second level of a U-Net: 32 to 32 channels, 3 x 3 x 3, with bias and leaky ReLU, at half the
 * workload's resolution. Weights are packed before.
 */
public class Conv3dBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Override
  protected Job prepare(Inputs inputs) {
    Conv3d convolution =
        Conv3d.builder()
            .padding(1, 1, 1)
            .activation(Conv3d.Activation.LEAKY_RELU)
            .negativeSlope(0.01)
            .build();
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor weights = inputs.uniform("weights", Shape.of(CHANNELS, CHANNELS, 3, 3, 3), -1, 1);
    Tensor bias = inputs.uniform("bias", Shape.of(CHANNELS), -1, 1);
    Tensor output = inputs.output(shape);
    Conv3d.PackedWeights packed = convolution.pack(weights, shape);
    return Job.of(() -> convolution.apply(features, packed, bias, null, output), output);
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
