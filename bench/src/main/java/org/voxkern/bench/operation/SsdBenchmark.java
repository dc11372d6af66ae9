package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Ssd;

/** Squared differences and their gradient. */
public class SsdBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor fixed = inputs.head("fixed");
    Tensor warped = inputs.head("warped");
    Tensor gradient = inputs.output();
    return Job.of(
        () -> new double[] {Ssd.valueAndGradient(fixed, warped, null, gradient)}, gradient);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 8, 4);
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
