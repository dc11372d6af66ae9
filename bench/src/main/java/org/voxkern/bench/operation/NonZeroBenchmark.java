package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.NonZero;

/** How many voxels of a head are not 0, and where. */
public class NonZeroBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("head");
    return Job.of(
        () -> {
          try (Tensor indices = NonZero.apply(image)) {
            return new double[] {indices.shape().size(1)};
          }
        });
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 8, 24);
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
