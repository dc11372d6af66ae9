package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.ImageGradient;

/** The gradient of an image. */
public class ImageGradientBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    Tensor image = inputs.head("image");
    Tensor gradient = inputs.output(inputs.workload().shape().prepend(3));
    double[] map = ImageGradient.physicalMap(inputs.grid());
    return Job.of(() -> ImageGradient.apply(image, map, gradient), gradient);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 4, 12);
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
