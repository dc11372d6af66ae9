package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxIou;

/** IoU of each proposal with each of 100 objects. */
public class BoxIouBenchmark extends OperationBenchmark {
  private static final int OBJECTS = 100;

  @Override
  protected Job prepare(Inputs inputs) {
    int count = Proposals.count(inputs.workload());
    Tensor proposals = inputs.boxes("proposals", count);
    Tensor objects = inputs.boxes("objects", OBJECTS);
    Tensor overlap = inputs.output(Shape.of(count, OBJECTS));
    return Job.of(() -> BoxIou.pairwise(proposals, objects, BoxIou.Kind.IOU, overlap), overlap);
  }

  @Override
  public Work work(Workload workload) {
    return new Work(0, 4.0 * OBJECTS * Proposals.count(workload), 0);
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
