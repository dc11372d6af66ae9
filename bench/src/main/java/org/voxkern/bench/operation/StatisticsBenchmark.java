package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Statistics;

/** Range, moments and centre of mass. */
public class StatisticsBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("image");
    return Job.of(
        () -> {
          Statistics.Result r = Statistics.of(image, null);
          return new double[] {r.min(), r.max(), r.mean(), r.variance()};
        });
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 4, 0);
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
