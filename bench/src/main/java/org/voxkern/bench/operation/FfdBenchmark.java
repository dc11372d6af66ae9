package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;

/** A dense field from a control grid every 10 voxels. */
public class FfdBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    int[] size = inputs.workload().size();
    long[] control = new long[3];
    for (int axis = 0; axis < 3; axis++) {
      control[axis] = (size[axis] + 9) / 10 + 3;
    }
    Tensor coefficients =
        inputs.uniform("coefficients", Shape.of(3, control[2], control[1], control[0]), -5, 5);
    Tensor field = inputs.output(inputs.workload().shape().prepend(3));
    double[] origin = {-10, -10, -10};
    double[] spacing = {10, 10, 10};
    return Job.of(() -> Ffd.evaluate(coefficients, origin, spacing, field), field);
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
