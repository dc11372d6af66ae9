package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.BoxCoder;

/** Boxes of predicted offsets from their anchors. */
public class BoxCoderBenchmark extends OperationBenchmark {
  private static final BoxCoder CODER = BoxCoder.create();

  @Override
  protected Job prepare(Inputs inputs) {
    int count = Proposals.count(inputs.workload());
    Tensor anchors = inputs.boxes("anchors", count);
    Tensor deltas = inputs.uniform("deltas", anchors.shape(), -1, 1);
    Tensor boxes = inputs.output(anchors.shape());
    return Job.of(() -> CODER.decode(deltas, anchors, boxes), boxes);
  }

  @Override
  public Work work(Workload workload) {
    return new Work(48.0 * Proposals.count(workload), 24.0 * Proposals.count(workload), 0);
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
