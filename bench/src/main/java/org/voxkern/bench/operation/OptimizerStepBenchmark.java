package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.OptimizerStep;

/** As many parameters as voxels. */
public class OptimizerStepBenchmark extends OperationBenchmark {
  @Param({"momentum", "adam"})
  public String optimizer;

  @Override
  protected Job prepare(Inputs inputs) {
    Shape shape = inputs.workload().shape();
    Tensor gradient = inputs.uniform("gradient", shape, -1, 1);
    Tensor start = inputs.uniform("parameter", shape, -1, 1);
    Tensor parameter = inputs.output(shape);
    parameter.set(start);
    Tensor first = inputs.output(shape);
    first.fillZero();
    if (optimizer.equals("momentum")) {
      OptimizerStep.Sgd sgd = new OptimizerStep.Sgd(0.99, 0, true, 3e-5);
      // Of a rate so small that many steps stay beside those of the reference.
      return Job.of(() -> sgd.apply(parameter, gradient, first, 1e-6, 2), parameter, first);
    }
    Tensor square = inputs.output(shape);
    square.fillZero();
    OptimizerStep.Adam adam = new OptimizerStep.Adam(0.9, 0.999, 1e-8, 0.01, true);
    return Job.of(
        () -> adam.apply(parameter, gradient, first, square, 1e-6, 2), parameter, first, square);
  }

  @Override
  public Work work(Workload workload) {
    double values = workload.voxels();
    int state = optimizer.equals("momentum") ? 1 : 2;
    return new Work(4 * values * (2 + state), 4 * values * (1 + state), 0);
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
