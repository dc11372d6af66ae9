package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.ArgReduce;
import org.voxkern.op.Convert;

/** The label of each voxel out of four probability maps. */
public class ArgReduceBenchmark extends OperationBenchmark {
  private static final int LABELS = 4;

  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor maps = inputs.uniform("maps", shape.prepend(LABELS), 0, 1);
    Tensor labels = Tensor.uninitialized(inputs.context(), ElementType.I64, shape);
    Tensor bytes = Tensor.uninitialized(inputs.context(), ElementType.U8, shape);
    ArgReduce argMax = ArgReduce.max(0).withoutAxis();
    return Job.of(
        () -> {
          argMax.apply(maps, labels);
          Convert.apply(labels, bytes);
        },
        bytes);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 4 * LABELS + 8, 9);
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
