package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.TopK;

/** The thousand best scores of each slice: candidates of a detector. */
public class TopKBenchmark extends OperationBenchmark {
  private static final int BEST = 1000;

  @Override
  protected Job prepare(Inputs inputs) {
    int[] size = inputs.workload().size();
    Tensor scores = inputs.uniform("scores", Shape.of(size[2], (long) size[0] * size[1]), 0, 1);
    TopK top = TopK.largest(1, BEST);
    Shape best = top.outputShape(scores.shape());
    Tensor values = inputs.output(best);
    Tensor indices = Tensor.uninitialized(inputs.context(), ElementType.I64, best);
    return Job.of(() -> top.apply(scores, values, indices), values);
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
