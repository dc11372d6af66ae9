package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;

/** f32 to i16 and back. */
public class ConvertBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("image");
    Tensor whole =
        Tensor.uninitialized(inputs.context(), ElementType.I16, inputs.workload().shape());
    Tensor back = inputs.output();
    return Job.of(
        () -> {
          Convert.apply(image, whole);
          Convert.apply(whole, back);
        },
        back);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 6, 6);
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
