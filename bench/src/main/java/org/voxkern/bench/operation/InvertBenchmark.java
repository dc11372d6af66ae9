package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.AffineMap;
import org.voxkern.Tensor;
import org.voxkern.op.Invert;

/** The inverse of a displacement field. */
public class InvertBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor displacement = inputs.field("displacement", 4);
    Tensor inverse = inputs.output(inputs.workload().shape().prepend(3));
    return Job.of(
        () -> {
          Invert.apply(
              displacement, AffineMap.identity(), AffineMap.identity().matrix(), 20, 1e-3, inverse);
        },
        inverse);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 12, 12);
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
