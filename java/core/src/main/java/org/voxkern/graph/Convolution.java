package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;

/** Convolution: input, weights (O, C / groups, kz, ky, kx), then bias and residual where it has. */
public record Convolution(Conv3d convolution, boolean bias, boolean residual) implements Fusible {
  @Override
  public String type() {
    return "conv3d";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    SymbolicShape input = inputs.get(0);
    SymbolicShape weights = inputs.get(1);
    require(input.rank() == 5 && weights.rank() == 5, "expected (N, C, D, H, W)");
    long channels = weights.known(1) * convolution.groups();
    require(
        input.size(1).compare(Size.of(channels)) != Size.Relation.DIFFERENT
            && weights.known(0) % convolution.groups() == 0,
        "expected "
            + channels
            + " channels, and outputs that are a multiple of the "
            + convolution.groups()
            + " groups");
    List<Size> sizes = new ArrayList<>(List.of(input.size(0), weights.size(0)));
    for (int axis = 0; axis < 3; axis++) {
      sizes.add(
          input
              .size(axis + 2)
              .windows(
                  weights.known(axis + 2),
                  convolution.stride()[axis],
                  convolution.dilation()[axis],
                  convolution.paddingBegin()[axis] + convolution.paddingEnd()[axis]));
    }
    return requireSame(SymbolicShape.of(sizes), inputs);
  }

  private SymbolicShape requireSame(SymbolicShape output, List<SymbolicShape> inputs) {
    if (residual && !inputs.get(inputs.size() - 1).equals(output)) {
      throw new IllegalArgumentException("expected a residual of shape " + output);
    }
    return output;
  }

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    convolution.apply(inputs.get(0), inputs.get(1), bias(inputs), residual(inputs), output);
  }

  private Tensor bias(List<Tensor> inputs) {
    return bias ? inputs.get(2) : null;
  }

  private Tensor residual(List<Tensor> inputs) {
    return residual ? inputs.get(inputs.size() - 1) : null;
  }

  @Override
  public boolean mayOverwrite(int input) {
    return residual && input == (bias ? 3 : 2);
  }

  @Override
  public Kernel prepare(Preparation preparation) {
    Tensor weights = preparation.constant(1);
    if (weights == null) {
      return this::run;
    }
    Conv3d.PackedWeights packed = convolution.pack(weights, preparation.shape(0));
    preparation.replace(1, packed.tensor());
    return (inputs, output) ->
        convolution.apply(inputs.get(0), packed, bias(inputs), residual(inputs), output);
  }

  @Override
  public List<Value> gradient(Backward backward) {
    Value upstream =
        Elementwise.beforeActivation(
            convolution.activation(), convolution.negativeSlope(), backward);
    Conv3d sum = convolution.toBuilder().activation(Conv3d.Activation.NONE).build();
    return ConvolutionGradient.of(
        type(), bias, residual, upstream, backward, sum::gradientInput, sum::gradientWeights);
  }

  @Override
  public Operation withAccuracy(double accuracy) {
    return new Convolution(convolution.toBuilder().accuracy(accuracy).build(), bias, residual);
  }

  @Override
  public Optional<Operation> withActivation(Activation activation) {
    if (convolution.activation() != Conv3d.Activation.NONE || !Fusible.isFused(activation)) {
      return Optional.empty();
    }
    Conv3d fused =
        convolution.toBuilder()
            .activation(Conv3d.Activation.valueOf(activation.kind().name()))
            .negativeSlope(activation.alpha())
            .build();
    return Optional.of(new Convolution(fused, bias, residual));
  }

  @Override
  public Optional<Operation> withResidual() {
    return residual || convolution.activation() != Conv3d.Activation.NONE
        ? Optional.empty()
        : Optional.of(new Convolution(convolution, bias, true));
  }
}
