package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Resize;

/** Twice the size along every axis, to the workload's, as the decoder of a U-Net does; or back. */
public class ResizeBenchmark extends OperationBenchmark {
  @Param({"LINEAR", "NEAREST", "CUBIC"})
  public Resize.Mode mode;

  @Param({"forward", "gradient"})
  public String pass;

  @Override
  protected Job prepare(Inputs inputs) {
    Resize resize = Resize.builder(mode).build();
    Shape large = inputs.workload().shape().prepend(1).prepend(1);
    Shape small = small(large);
    if (pass.equals("forward")) {
      Tensor input = inputs.uniform("input", small, -1, 1);
      Tensor output = inputs.output(large);
      return Job.of(() -> resize.apply(input, output), output);
    }
    Tensor upstream = inputs.uniform("upstream", large, -1, 1);
    Tensor gradient = inputs.output(small);
    return Job.of(() -> resize.gradient(upstream, gradient), gradient);
  }

  private static Shape small(Shape large) {
    return Shape.of(1, 1, large.size(2) / 2, large.size(3) / 2, large.size(4) / 2);
  }

  @Override
  public Work work(Workload workload) {
    return pass.equals("forward")
        ? Work.perVoxel(workload, 0.5, 4)
        : Work.perVoxel(workload, 4, 0.5);
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
