package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.AffineMap;
import org.voxkern.Tensor;
import org.voxkern.op.Exponential;

/** Flow of a velocity field by six squarings. */
public class ExponentialBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor velocity = inputs.field("velocity", 5);
    Tensor displacement = inputs.output(inputs.workload().shape().prepend(3));
    double[] map = AffineMap.identity().matrix();
    return Job.of(
        () -> {
          Exponential.apply(velocity, map, 6, displacement);
        },
        displacement);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 6 * 12, 6 * 12);
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
