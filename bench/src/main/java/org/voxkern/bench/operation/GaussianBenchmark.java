package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Gaussian;

/** Smoothing by one voxel along every axis. */
public class GaussianBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("image");
    Tensor smooth = inputs.output();
    double[] sigma = {1, 1, 1};
    return Job.of(
        () ->
            Gaussian.apply(
                image,
                null,
                sigma,
                Gaussian.Border.CLAMP,
                new int[] {1, 1, 1},
                new double[3],
                smooth),
        smooth);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 4, 4);
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
