package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Matmul;

/**
 * A dense layer from 256 to 256 features with bias and ReLU, at every place of an eighth of the
 * workload's resolution. The weights are packed before.
 */
public class MatmulBenchmark extends OperationBenchmark {
  private static final int FEATURES = 256;

  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = shape(inputs.workload());
    Matmul layer = Matmul.builder().transposeB().activation(Conv3d.Activation.RELU).build();
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor weights = inputs.uniform("weights", Shape.of(FEATURES, FEATURES), -1, 1);
    Tensor bias = inputs.uniform("bias", Shape.of(FEATURES), -1, 1);
    Tensor output = inputs.output(shape);
    Matmul.PackedMatrix packed = layer.pack(weights, shape);
    return Job.of(() -> layer.apply(features, packed, bias, output), output);
  }

  private static Shape shape(Workload workload) {
    return Shape.of(workload.voxels() / 512, FEATURES);
  }

  @Override
  public Work work(Workload workload) {
    double values = shape(workload).elementCount();
    return new Work(4 * values, 4 * values, 2 * FEATURES * values);
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
