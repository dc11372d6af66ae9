package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Anchors;

/** Three anchors at every place of a feature map of stride 4. */
public class AnchorsBenchmark extends OperationBenchmark {
  private static final Anchors ANCHORS = Anchors.ofStride(4, 4, 4);

  @Override
  protected Job prepare(Inputs inputs) {
    Shape places = places(inputs.workload());
    Tensor extents = inputs.uniform("extents", Shape.of(3, 3), 4, 32);
    Tensor anchors = inputs.output(ANCHORS.outputShape(extents.shape(), places));
    return Job.of(() -> ANCHORS.apply(extents, places, anchors), anchors);
  }

  private static Shape places(Workload workload) {
    int[] size = workload.size();
    return Shape.of(size[2] / 4, size[1] / 4, size[0] / 4);
  }

  @Override
  public Work work(Workload workload) {
    return new Work(0, 3 * 24.0 * places(workload).elementCount(), 0);
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
