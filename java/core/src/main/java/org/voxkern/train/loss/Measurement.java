package org.voxkern.train.loss;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Backward;
import org.voxkern.graph.Operation;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.op.Convert;

/**
 * The mean, over the cases of a batch, of a number that a kernel gives together with its derivative
 * by the first input, which is a further output.
 *
 * @param channels of every input, (N, C, D, H, W)
 */
record Measurement(String type, long channels, Kernel kernel) implements Operation {
  /** Of one case. */
  @FunctionalInterface
  interface Kernel {
    /**
     * @param inputs (D, H, W) where there is one channel, else (C, D, H, W)
     * @param to where the derivative by the first is written; may be null
     */
    double of(List<Tensor> inputs, Tensor to);
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    if (inputs.get(0).rank() != 5 || !inputs.get(0).size(1).is(channels)) {
      throw new IllegalArgumentException("expected (N, " + channels + ", D, H, W)");
    }
    return SymbolicShape.of();
  }

  @Override
  public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    return List.of(inputs.get(0));
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    run(inputs, Arrays.asList(output, null));
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    long batch = inputs.get(0).shape().size(0);
    double sum = 0;
    for (long n = 0; n < batch; n++) {
      List<Tensor> one = new ArrayList<>();
      for (Tensor input : inputs) {
        one.add(caseOf(input, n));
      }
      sum += kernel.of(one, outputs.get(1) == null ? null : caseOf(outputs.get(1), n));
    }
    double mean = batch == 0 ? 0 : sum / batch;
    outputs
        .get(0)
        .fill(
            memory -> {
              if (outputs.get(0).type() == ElementType.F64) {
                memory.putDouble(0, mean);
              } else {
                memory.putFloat(0, (float) mean);
              }
            });
  }

  private Tensor caseOf(Tensor batch, long n) {
    long[] sizes = batch.shape().toArray();
    Shape one = Shape.of(Arrays.copyOfRange(sizes, channels == 1 ? 2 : 1, sizes.length));
    return batch.view(batch.type(), one, n * one.elementCount() * batch.type().bytes());
  }

  @Override
  public List<Value> gradient(Backward backward) {
    for (int input = 1; input < backward.inputCount(); input++) {
      if (backward.wanted(input)) {
        throw new UnsupportedOperationException(
            "'" + type + "' is differentiable by its first input alone");
      }
    }
    Value[] gradients = new Value[backward.inputCount()];
    gradients[0] = backward.apply(new Share(type), backward.output(1), backward.upstream());
    return Arrays.asList(gradients);
  }

  /** The derivative of each case, times upstream, by their number. */
  private record Share(String of) implements Operation {
    @Override
    public String type() {
      return of + "_gradient";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Tensor upstream = inputs.get(1);
      double factor =
          upstream.type() == ElementType.F64
              ? upstream.toDoubleArray()[0]
              : upstream.toFloatArray()[0];
      Convert.apply(inputs.get(0), factor / output.shape().size(0), 0, output);
    }
  }
}
