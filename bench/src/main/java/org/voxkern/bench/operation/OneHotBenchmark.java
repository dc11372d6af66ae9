package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;
import org.voxkern.op.OneHot;

/** Four maps of labels. */
public class OneHotBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.uniform("image", inputs.workload().shape(), 0, 3.9);
    Tensor labels =
        Tensor.uninitialized(inputs.context(), ElementType.I32, inputs.workload().shape());
    Convert.apply(image, labels);
    OneHot maps = OneHot.of(0, 4);
    Tensor output = inputs.output(maps.outputShape(labels.shape()));
    return Job.of(() -> maps.apply(labels, output), output);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 4, 16);
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
