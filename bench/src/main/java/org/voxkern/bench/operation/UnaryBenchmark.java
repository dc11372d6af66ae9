package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Unary;

/** The exponential of an image. */
public class UnaryBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.uniform("image", inputs.workload().shape(), -5, 5);
    Tensor output = inputs.output();
    return Job.of(() -> Unary.apply(Unary.Function.EXP, image, output), output);
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
