package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Dropout;

/** 32 channels at half the resolution. */
public class DropoutBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;

  @Param({"elements", "channels"})
  public String drops;

  @Override
  protected Job prepare(Inputs inputs) {
    Dropout dropout =
        drops.equals("elements") ? Dropout.elements(0.5, 1) : Dropout.channels(0.5, 1);
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -4, 4);
    Tensor output = inputs.output(shape);
    Tensor mask = Tensor.uninitialized(inputs.context(), ElementType.U8, dropout.maskShape(shape));
    return Job.of(() -> dropout.apply(features, 1, output, mask), output, mask);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    double values = shape(workload).elementCount();
    double masks = drops.equals("elements") ? values : CHANNELS;
    return new Work(4 * values, 4 * values + masks, 0);
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
