package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

/** Transposed convolution: input, weights (C, O / groups, kz, ky, kx), then bias and residual. */
public record TransposedConvolution(Conv3dTransposed convolution, boolean bias, boolean residual)
    implements Fusible {
  @Override
  public String type() {
    return "conv3d_transposed";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    SymbolicShape input = inputs.get(0);
    SymbolicShape weights = inputs.get(1);
    Convolution.require(input.rank() == 5 && weights.rank() == 5, "expected (N, C, D, H, W)");
    Convolution.require(
        input.size(1).compare(weights.size(0)) != Size.Relation.DIFFERENT,
        "expected " + weights.size(0) + " channels");
    List<Size> sizes =
        new ArrayList<>(List.of(input.size(0), Size.of(weights.known(1) * convolution.groups())));
    for (int axis = 0; axis < 3; axis++) {
      sizes.add(outputSize(input.size(axis + 2), weights.known(axis + 2), axis));
    }
    SymbolicShape output = SymbolicShape.of(sizes);
    Convolution.require(
        !residual || inputs.get(inputs.size() - 1).equals(output),
        "expected a residual of shape " + output);
    return output;
  }

  private Size outputSize(Size input, long kernel, int axis) {
    if (input.is(0)) {
      return input;
    }
    return input
        .plus(-1)
        .times(convolution.stride()[axis])
        .plus(
            (kernel - 1) * convolution.dilation()[axis]
                + 1
                - convolution.paddingBegin()[axis]
                - convolution.paddingEnd()[axis]
                + convolution.outputPadding()[axis]);
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
    Conv3dTransposed sum = convolution.toBuilder().activation(Conv3d.Activation.NONE).build();
    return ConvolutionGradient.of(
        type(), bias, residual, upstream, backward, sum::gradientInput, sum::gradientWeights);
  }

  @Override
  public Operation withAccuracy(double accuracy) {
    return new TransposedConvolution(
        convolution.toBuilder().accuracy(accuracy).build(), bias, residual);
  }

  @Override
  public Optional<Operation> withActivation(Activation activation) {
    if (convolution.activation() != Conv3d.Activation.NONE || !Fusible.isFused(activation)) {
      return Optional.empty();
    }
    Conv3dTransposed fused =
        convolution.toBuilder()
            .activation(Conv3d.Activation.valueOf(activation.kind().name()))
            .negativeSlope(activation.alpha())
            .build();
    return Optional.of(new TransposedConvolution(fused, bias, residual));
  }

  @Override
  public Optional<Operation> withResidual() {
    return residual || convolution.activation() != Conv3d.Activation.NONE
        ? Optional.empty()
        : Optional.of(new TransposedConvolution(convolution, bias, true));
  }
}
