package org.voxkern.bench.operation;

import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Nms;

/** Suppression among proposals above an IoU of 0.5. */
public class NmsBenchmark extends OperationBenchmark {
  private static final Nms NMS = Nms.builder().iouThreshold(0.5).build();

  @Override
  protected Job prepare(Inputs inputs) {
    int count = Proposals.count(inputs.workload());
    Tensor boxes = inputs.boxes("proposals", count);
    Tensor scores = inputs.uniform("scores", Shape.of(count), 0, 1);
    return Job.of(() -> Arrays.stream(NMS.apply(boxes, scores, null)).asDoubleStream().toArray());
  }

  @Override
  public Work work(Workload workload) {
    return new Work(28.0 * Proposals.count(workload), 0, 0);
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
