package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;
import org.voxkern.op.LabelOverlap;

/** Voxels of 64 labels in two label images. */
public class LabelOverlapBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor a = labels(inputs, "a");
    Tensor b = labels(inputs, "b");
    return Job.of(
        () -> {
          LabelOverlap.Counts counts = LabelOverlap.count(a, b, 0, 64);
          double[] numbers = new double[64];
          for (int i = 0; i < 64; i++) {
            numbers[i] = counts.inBoth()[i];
          }
          return numbers;
        });
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 8, 0);
  }

  private static Tensor labels(Inputs inputs, String name) {
    return Convert.to(inputs.head(name), ElementType.I32, 0.06, 0);
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
