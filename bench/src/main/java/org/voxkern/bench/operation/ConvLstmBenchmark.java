package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.ConvLstm;

/** The gates of a convolutional LSTM of eight channels at half the workload's resolution. */
public class ConvLstmBenchmark extends OperationBenchmark {
  private static final int CHANNELS = 8;

  @Override
  protected Job prepare(Inputs inputs) {
    Shape cells = shape(inputs.workload(), CHANNELS);
    Tensor gates = inputs.uniform("gates", shape(inputs.workload(), 4 * CHANNELS), -3, 3);
    Tensor cell = inputs.uniform("cell", cells, -1, 1);
    Tensor newCell = inputs.output(cells);
    Tensor hidden = inputs.output(cells);
    return Job.of(() -> ConvLstm.apply(gates, cell, null, newCell, hidden), newCell, hidden);
  }

  private static Shape shape(Workload workload, int channels) {
    int[] size = workload.size();
    return Shape.of(1, channels, size[2] / 2, size[1] / 2, size[0] / 2);
  }

  @Override
  public Work work(Workload workload) {
    double values = shape(workload, CHANNELS).elementCount();
    return new Work(20 * values, 8 * values, 0);
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
