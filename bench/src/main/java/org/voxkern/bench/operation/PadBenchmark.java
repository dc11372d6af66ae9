package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Pad;

/** A border of one mirrored voxel, and the gradient back. */
public class PadBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    long[] one = {1, 1, 1};
    Pad pad = Pad.of(Pad.Mode.REFLECT, one, one);
    Tensor image = inputs.uniform("image", shape, -1, 1);
    Tensor padded = inputs.output(pad.outputShape(shape));
    Tensor back = inputs.output();
    return Job.of(
        () -> {
          pad.apply(image, padded);
          pad.gradient(padded, back);
        },
        padded,
        back);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 8, 8);
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
