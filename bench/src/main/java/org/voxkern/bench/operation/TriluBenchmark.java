package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Trilu;

/** The upper triangle of each slice of an image. */
public class TriluBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.uniform("image", inputs.workload().shape(), -1, 1);
    Tensor output = inputs.output();
    Trilu upper = Trilu.upper(0);
    return Job.of(() -> upper.apply(image, output), output);
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
