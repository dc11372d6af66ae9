package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.Warp3d;

/** Dense trilinear warp by a smooth displacement field. */
public class Warp3dBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor moving = inputs.head("moving");
    Tensor displacement = inputs.field("displacement", 4);
    Tensor warped = inputs.output();
    Warp3d warp = Warp3d.builder().build();
    return Job.of(() -> warp.apply(moving, null, displacement, null, warped, null), warped);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 16, 4);
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
