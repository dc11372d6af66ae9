package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.LayerNorm;

/** Tokens of 768 values, one for every 8 x 8 x 8 voxels. */
public class LayerNormBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 768;

  @Param({"forward", "gradient"})
  public String pass;

  @Override
  protected Job prepare(Inputs inputs) {
    LayerNorm norm = LayerNorm.builder().build();
    Shape shape = shape(inputs.workload());
    Tensor tokens = inputs.uniform("tokens", shape, -4, 4);
    Tensor output = inputs.output(shape);
    Tensor scale = inputs.uniform("scale", Shape.of(CHANNELS), 0.5, 1.5);
    Tensor shift = inputs.uniform("shift", Shape.of(CHANNELS), -0.5, 0.5);
    if (pass.equals("forward")) {
      return Job.of(() -> norm.apply(tokens, scale, shift, output), output);
    }
    Shape rows = Shape.of(shape.size(0));
    Tensor mean = inputs.uniform("mean", rows, -0.01, 0.01);
    Tensor inverse = inputs.uniform("inverse deviation", rows, 0.42, 0.44);
    Tensor outputGradient = inputs.uniform("output gradient", shape, -1, 1);
    Tensor scaleGradient = inputs.output(Shape.of(CHANNELS));
    Tensor shiftGradient = inputs.output(Shape.of(CHANNELS));
    return Job.of(
        () ->
            norm.gradient(
                tokens, scale, mean, inverse, outputGradient, output, scaleGradient, shiftGradient),
        output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of((size[2] / 8) * (size[1] / 8) * (size[0] / 8), CHANNELS);
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
