package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.SoftNms;

/** Soft suppression, Gaussian, among a tenth of the proposals. */
public class SoftNmsBenchmark extends OperationBenchmark {
  private static final SoftNms SOFT_NMS = SoftNms.builder().gaussian(0.5).build();

  @Override
  protected Job prepare(Inputs inputs) {
    int count = Proposals.count(inputs.workload()) / 10;
    Tensor boxes = inputs.boxes("proposals", count);
    Tensor scores = inputs.uniform("scores", Shape.of(count), 0, 1);
    return Job.of(() -> SOFT_NMS.apply(boxes, scores, null).scores());
  }

  @Override
  public Work work(Workload workload) {
    return new Work(2.8 * Proposals.count(workload), 0, 0);
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
