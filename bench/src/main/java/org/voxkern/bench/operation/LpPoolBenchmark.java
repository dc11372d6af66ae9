package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.LpPool;
import org.voxkern.op.PoolWindow;

/**
 * From the second to the third level of a U-Net: halves 32 channels, at half the workload's
 * resolution.
 */
public class LpPoolBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 32;
  private static final PoolWindow WINDOW = PoolWindow.kernel(2, 2, 2).build();

  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = shape(inputs.workload());
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor output = inputs.output(WINDOW.outputShape(shape));
    return Job.of(() -> LpPool.apply(WINDOW, 2, features, output), output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    Shape shape = shape(workload);
    return new Work(4.0 * shape.elementCount(), 4.0 * WINDOW.outputShape(shape).elementCount(), 0);
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
