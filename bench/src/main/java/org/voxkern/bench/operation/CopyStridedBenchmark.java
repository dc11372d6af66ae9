package org.voxkern.bench.operation;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Concat;
import org.voxkern.op.Permute;

/** Two images as channels, their axes reversed: a concatenation by rows and a transposition. */
public class CopyStridedBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor a = inputs.uniform("a", shape.prepend(1), -1, 1);
    Tensor b = inputs.uniform("b", shape.prepend(1), -1, 1);
    Tensor both = inputs.output(shape.prepend(2));
    Permute reverse = Permute.of(0, 3, 2, 1);
    Tensor reversed = inputs.output(reverse.outputShape(both.shape()));
    Concat concat = Concat.along(0);
    return Job.of(
        () -> {
          concat.apply(List.of(a, b), both);
          reverse.apply(both, reversed);
        },
        reversed);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 16, 16);
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
