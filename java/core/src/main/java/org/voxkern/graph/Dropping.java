package org.voxkern.graph;

import java.util.Arrays;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Dropout;

/** The identity; in training, with the number of the draw as a second input, {@link Dropout}. */
public record Dropping(double probability, boolean wholeChannels, long seed, boolean training)
    implements Operation {
  public Dropping {
    Convolution.require(
        probability >= 0 && probability <= 1,
        "a probability of " + probability + " to drop, expected 0 to 1");
  }

  @Override
  public String type() {
    return "dropout";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    Convolution.require(
        !wholeChannels || inputs.get(0).rank() >= 2, "expected (N, C, ...) to drop channels of");
    return inputs.get(0);
  }

  /** The mask. */
  @Override
  public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    SymbolicShape input = inputs.get(0);
    SymbolicShape mask = wholeChannels ? SymbolicShape.of(input.size(0), input.size(1)) : input;
    return training ? List.of(mask) : List.of();
  }

  @Override
  public List<ElementType> furtherTypes(List<ElementType> inputs, int count) {
    return training ? List.of(ElementType.U8) : List.of();
  }

  @Override
  public Operation inTraining() {
    return new Dropping(probability, wholeChannels, seed, true);
  }

  @Override
  public boolean isRandom() {
    return training;
  }

  @Override
  public boolean isView() {
    return !training;
  }

  @Override
  public boolean mayOverwrite(int input) {
    return training && input == 0;
  }

  private Dropout dropout() {
    return wholeChannels
        ? Dropout.channels(probability, seed)
        : Dropout.elements(probability, seed);
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    run(inputs, Arrays.asList(output, null));
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    if (!training) {
      outputs.get(0).set(inputs.get(0));
      return;
    }
    long sequence = inputs.get(1).toLongArray()[0];
    if (outputs.get(1) != null) {
      dropout().apply(inputs.get(0), sequence, outputs.get(0), outputs.get(1));
      return;
    }
    // The mask is written in any case.
    try (Tensor mask =
        Tensor.uninitialized(
            outputs.get(0).context(), ElementType.U8, dropout().maskShape(inputs.get(0).shape()))) {
      dropout().apply(inputs.get(0), sequence, outputs.get(0), mask);
    }
  }

  @Override
  public List<Value> gradient(Backward backward) {
    Value upstream = backward.upstream();
    if (!training) {
      return Backward.all(upstream);
    }
    Value gradient =
        backward.apply(
            GradientOperation.of(
                    "dropout_gradient",
                    (in, out) -> dropout().gradient(in.get(0), in.get(1), out.get(0)),
                    0)
                .over(0),
            upstream,
            backward.output(1));
    return Backward.all(gradient, null);
  }
}
