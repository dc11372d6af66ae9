package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Lstm;
import org.voxkern.op.RecurrentTensors;
import org.voxkern.op.RecurrentTensors.Recurrence;
import org.voxkern.op.RecurrentTensors.Role;

/** An LSTM of 256 units over 128 features of every slice of the workload, 16 sequences at once. */
public class LstmBenchmark extends OperationBenchmark {
  private static final long BATCH = 16;
  private static final long FEATURES = 128;
  private static final long HIDDEN = 256;
  private static final long GATES = 4;

  @Override
  protected Job prepare(Inputs inputs) {
    Lstm layer = Lstm.of(Recurrence.FORWARD);
    Shape shape = Shape.of(steps(inputs.workload()), BATCH, FEATURES);
    Tensor input = inputs.uniform("input", shape, -1, 1);
    Tensor weights = inputs.uniform("weights", Shape.of(1, GATES * HIDDEN, FEATURES), -0.1, 0.1);
    Tensor recurrent =
        inputs.uniform("recurrent weights", Shape.of(1, GATES * HIDDEN, HIDDEN), -0.1, 0.1);
    Tensor bias = inputs.uniform("bias", Shape.of(1, 2 * GATES * HIDDEN), -0.1, 0.1);
    Tensor output = inputs.output(layer.outputShape(shape, HIDDEN));
    Tensor hidden = inputs.output(Shape.of(1, BATCH, HIDDEN));
    Tensor cell = inputs.output(Shape.of(1, BATCH, HIDDEN));
    RecurrentTensors tensors =
        RecurrentTensors.of(input, weights, recurrent)
            .with(Role.BIAS, bias)
            .with(Role.OUTPUT, output)
            .with(Role.LAST_HIDDEN, hidden)
            .with(Role.LAST_CELL, cell);
    return Job.of(() -> layer.apply(tensors), output, hidden, cell);
  }

  private static long steps(Workload workload) {
    return workload.size()[2];
  }

  @Override
  public Work work(Workload workload) {
    double rows = steps(workload) * BATCH;
    double weights = GATES * HIDDEN * (FEATURES + HIDDEN);
    return new Work(4 * (rows * FEATURES + weights), 4 * rows * HIDDEN, 2 * rows * weights);
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
