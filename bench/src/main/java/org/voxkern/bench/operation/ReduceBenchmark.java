package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Reduce;

/** The mean of every slice, and of the slices: along rows and across them. */
public class ReduceBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor image = inputs.uniform("image", shape, 0, 1);
    Reduce along = Reduce.of(Reduce.Reduction.MEAN, false, 1, 2);
    Reduce across = Reduce.of(Reduce.Reduction.MEAN, false, 0);
    Tensor ofSlices = inputs.output(along.outputShape(shape));
    Tensor slice = inputs.output(across.outputShape(shape));
    return Job.of(
        () -> {
          along.apply(image, ofSlices);
          across.apply(image, slice);
        },
        ofSlices,
        slice);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 8, 0);
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
