package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.MutualInformation;

/** Mattes mutual information of 32 bins and its gradient by the warped image. */
public class MutualInformationBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor fixed = inputs.head("fixed");
    Tensor warped = inputs.head("warped");
    Tensor gradient = inputs.output();
    MutualInformation.Parameters parameters =
        new MutualInformation.Parameters(MutualInformation.Measure.MATTES, 32, 0, 1200, 0, 1200);
    return Job.of(
        () ->
            new double[] {
              MutualInformation.valueAndGradient(fixed, warped, null, parameters, gradient)
            },
        gradient);
  }

  @Override
  public Work work(Workload workload) {
    // Both images twice: the gradient needs the whole histogram.
    return Work.perVoxel(workload, 16, 4);
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
