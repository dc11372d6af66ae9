package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.AffineMap;
import org.voxkern.Tensor;
import org.voxkern.op.Compose;

/** One displacement field after another on one grid. */
public class ComposeBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor first = inputs.field("first", 3);
    Tensor second = inputs.field("second", 2);
    Tensor composed = inputs.output(inputs.workload().shape().prepend(3));
    return Job.of(
        () ->
            Compose.apply(
                first,
                second,
                AffineMap.identity(),
                AffineMap.identity().matrix(),
                Compose.Outside.CLAMP,
                composed),
        composed);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 24, 12);
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
