package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.AffineGrid;

/** The grid of an affine map over a volume. */
public class AffineGridBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape image = inputs.workload().shape().prepend(1).prepend(1);
    Tensor theta = inputs.uniform("theta", Shape.of(1, 3, 4), -1, 1);
    Tensor grid = inputs.output(AffineGrid.outputShape(theta.shape(), image));
    return Job.of(() -> AffineGrid.apply(theta, false, grid), grid);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 0, 12);
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
