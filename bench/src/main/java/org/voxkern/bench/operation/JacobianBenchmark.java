package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Jacobian;

/** Determinants of a displacement field and their statistics. */
public class JacobianBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor displacement = inputs.field("displacement", 4);
    Tensor determinant = inputs.output();
    double[] map = Jacobian.gradientMap(inputs.grid());
    return Job.of(
        () -> {
          Jacobian.Statistics s =
              Jacobian.determinantAndStatistics(displacement, map, null, determinant);
          return new double[] {s.min(), s.max(), s.mean()};
        },
        determinant);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 12, 4);
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
