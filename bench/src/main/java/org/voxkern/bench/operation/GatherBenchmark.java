package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Gather;

/** The slices of an image in another order. */
public class GatherBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor image = inputs.uniform("image", shape, -1, 1);
    Tensor order = inputs.reversed(shape.size(0));
    Tensor output = inputs.output();
    Gather gather = Gather.slices(0);
    return Job.of(() -> gather.apply(image, order, output), output);
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
