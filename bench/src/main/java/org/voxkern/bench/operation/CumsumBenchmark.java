package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Cumsum;

/** Sums along the slices of an image. */
public class CumsumBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.uniform("image", inputs.workload().shape(), -1, 1);
    Tensor output = inputs.output();
    Cumsum sum = Cumsum.of(0);
    return Job.of(() -> sum.apply(image, output), output);
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
