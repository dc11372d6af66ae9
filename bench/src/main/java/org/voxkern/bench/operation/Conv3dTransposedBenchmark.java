package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

/**
 * The way up to the second level of a U-Net: 64 to 32 channels, kernel and stride 2, from a quarter
 * of the workload's resolution. Weights are packed before.
 */
public class Conv3dTransposedBenchmark extends OperationBenchmark {
  private static final int IN = 64;
  private static final int OUT = 32;

  @Override
  protected Job prepare(Inputs inputs) {
    Conv3dTransposed convolution = Conv3dTransposed.builder().stride(2, 2, 2).build();
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor weights = inputs.uniform("weights", Shape.of(IN, OUT, 2, 2, 2), -1, 1);
    Tensor bias = inputs.uniform("bias", Shape.of(OUT), -1, 1);
    Tensor output = inputs.output(convolution.outputShape(shape, weights.shape()));
    Conv3d.PackedWeights packed = convolution.pack(weights, shape);
    return Job.of(() -> convolution.apply(features, packed, bias, null, output), output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, IN, size[2] / 4, size[1] / 4, size[0] / 4);
  }

  @Override
  public Work work(Workload workload) {
    double voxels = shape(workload).elementCount() / (double) IN;
    return new Work(4 * IN * voxels, 4 * 8 * OUT * voxels, 2 * 8 * IN * OUT * voxels);
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
