package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.MaxPool;
import org.voxkern.op.MaxUnpool;
import org.voxkern.op.PoolWindow;

/** 16 channels back to half the workload's resolution, at the indices of a pool. */
public class MaxUnpoolBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 16;
  private static final PoolWindow WINDOW = PoolWindow.kernel(2, 2, 2).build();

  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = shape(inputs.workload());
    Shape half = WINDOW.outputShape(shape);
    Tensor features = inputs.uniform("features", shape, -1, 1);
    Tensor pooled = inputs.output(half);
    Tensor indices = Tensor.uninitialized(features.context(), ElementType.I64, half);
    MaxPool.apply(WINDOW, features, pooled, indices);
    Tensor output = inputs.output(shape);
    return Job.of(() -> MaxUnpool.apply(pooled, indices, output), output);
  }

  private static Shape shape(Workload workload) {
    int[] size = workload.size();
    return Shape.of(1, CHANNELS, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    Shape shape = shape(workload);
    return new Work(12.0 * WINDOW.outputShape(shape).elementCount(), 4.0 * shape.elementCount(), 0);
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
