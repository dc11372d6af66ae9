package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Binary;

/** The sum of two images, then its product with a number a slice. */
public class BinaryBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor a = inputs.uniform("a", shape, -1, 1);
    Tensor b = inputs.uniform("b", shape, -1, 1);
    Tensor scale = inputs.uniform("scale", Shape.of(shape.size(0), 1, 1), -1, 1);
    Tensor sum = inputs.output();
    Tensor scaled = inputs.output();
    return Job.of(
        () -> {
          Binary.apply(Binary.Function.ADD, a, b, sum);
          Binary.apply(Binary.Function.MULTIPLY, sum, scale, scaled);
        },
        scaled);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 12, 8);
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
