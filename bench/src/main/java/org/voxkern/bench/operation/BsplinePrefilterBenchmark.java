package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.BsplinePrefilter;
import org.voxkern.op.Warp3d;

/** Cubic B-spline coefficients of an image. */
public class BsplinePrefilterBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("image");
    Tensor coefficients = inputs.output();
    return Job.of(
        () -> BsplinePrefilter.apply(image, Warp3d.Border.MIRROR, coefficients), coefficients);
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
