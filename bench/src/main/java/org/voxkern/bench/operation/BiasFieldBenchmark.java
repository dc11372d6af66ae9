package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Tensor;
import org.voxkern.op.BiasField;

/** Dividing an image by a field of degree 4. */
public class BiasFieldBenchmark extends OperationBenchmark {
  @Override
  protected Job prepare(Inputs inputs) {
    BiasField field = BiasField.over(inputs.workload().size(), 4);
    double[] coefficients = new double[field.terms()];
    for (int i = 0; i < coefficients.length; i++) {
      coefficients[i] = i == 0 ? 1 : 0.01 * Math.sin(i);
    }
    Tensor image = inputs.head("image");
    Tensor corrected = inputs.output();
    return Job.of(() -> field.correct(image, coefficients, corrected), corrected);
  }

  @Override
  public Work work(Workload workload) {
    return Work.perVoxel(workload, 4, 4);
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
