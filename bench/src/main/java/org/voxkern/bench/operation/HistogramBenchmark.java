package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Histogram;

/** A histogram of 256 bins. */
public class HistogramBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("image");
    return Job.of(
        () -> {
          long[] counts = Histogram.of(image, null, 0, 1000, 256);
          double[] numbers = new double[counts.length];
          for (int i = 0; i < numbers.length; i++) {
            numbers[i] = counts[i];
          }
          return numbers;
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
