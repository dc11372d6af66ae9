package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Scatter;

/** The slices of an image added to those of another, in another order. */
public class ScatterBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor image = inputs.uniform("image", shape, -1, 1);
    Tensor updates = inputs.uniform("updates", shape, -1, 1);
    Tensor order = inputs.reversed(shape.size(0));
    Tensor output = inputs.output();
    Scatter scatter = Scatter.slices(0, Scatter.Mode.ADD);
    return Job.of(() -> scatter.apply(image, order, updates, output), output);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 8, 4);
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
