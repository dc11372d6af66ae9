package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.BatchNorm;

/**
 * Batch normalisation with ReLU in training, in the second level of a U-Net: 32 channels at half
 * the resolution.
 */
public class BatchNormBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Param({"forward", "gradient"})
  public String pass;

  @Override
  protected Job prepare(Inputs inputs) {
    BatchNorm norm = BatchNorm.builder().activation(Activation.relu()).build();
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -4, 4);
    Tensor output = inputs.output(shape);
    Tensor scale = inputs.uniform("scale", Shape.of(CHANNELS), 0.5, 1.5);
    Tensor shift = inputs.uniform("shift", Shape.of(CHANNELS), -0.5, 0.5);
    if (pass.equals("forward")) {
      return Job.of(
          () -> norm.train(features, scale, shift, null, null, output, null, null), output);
    }
    Tensor mean = inputs.uniform("mean", Shape.of(CHANNELS), -0.01, 0.01);
    Tensor inverse = inputs.uniform("inverse deviation", Shape.of(CHANNELS), 0.42, 0.44);
    Tensor outputGradient = inputs.uniform("output gradient", shape, -1, 1);
    Tensor scaleGradient = inputs.output(Shape.of(CHANNELS));
    Tensor shiftGradient = inputs.output(Shape.of(CHANNELS));
    return Job.of(
        () ->
            norm.gradient(
                features,
                scale,
                shift,
                mean,
                inverse,
                outputGradient,
                output,
                scaleGradient,
                shiftGradient),
        output);
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
