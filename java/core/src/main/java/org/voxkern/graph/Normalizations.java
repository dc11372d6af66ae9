package org.voxkern.graph;

import java.util.List;
import java.util.Optional;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.BatchNorm;
import org.voxkern.op.GroupNorm;
import org.voxkern.op.LayerNorm;

/** Operations that normalise; all may write over their input. */
final class Normalizations {
  private Normalizations() {}

  private static SymbolicShape checked(List<SymbolicShape> inputs, int from, SymbolicShape each) {
    for (SymbolicShape parameter : inputs.subList(from, inputs.size())) {
      Convolution.require(parameter.equals(each), "expected parameters of shape " + each);
    }
    return inputs.get(0);
  }

  /** Input, then scale and shift of each channel where affine; groups of channels. */
  record Group(long groups, boolean affine, Activation activation) implements Fusible {
    @Override
    public String type() {
      return "group_norm";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      Convolution.require(
          input.known(1) % groups == 0, "the channels are no multiple of " + groups + " groups");
      return checked(inputs, 1, SymbolicShape.of(input.size(1)));
    }

    private GroupNorm norm() {
      return GroupNorm.builder().groups(groups).activation(activation).build();
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      run(norm(), inputs, output);
    }

    private void run(GroupNorm norm, List<Tensor> inputs, Tensor output) {
      norm.apply(
          inputs.get(0), affine ? inputs.get(1) : null, affine ? inputs.get(2) : null, output);
    }

    @Override
    public Kernel prepare(Preparation preparation) {
      GroupNorm norm = norm();
      return (inputs, output) -> run(norm, inputs, output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return input == 0;
    }

    @Override
    public Optional<Operation> withActivation(Activation next) {
      return activation.kind() == Activation.Kind.NONE && Fusible.isFused(next)
          ? Optional.of(new Group(groups, affine, next))
          : Optional.empty();
    }

    @Override
    public Optional<Operation> withResidual() {
      return Optional.empty();
    }
  }

  /** By running statistics: input, their mean and variance, then scale and shift where affine. */
  record Batch(double epsilon, boolean affine, Activation activation) implements Fusible {
    @Override
    public String type() {
      return "batch_norm";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return checked(inputs, 1, SymbolicShape.of(inputs.get(0).size(1)));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      BatchNorm.builder()
          .epsilon(epsilon)
          .activation(activation)
          .build()
          .infer(
              inputs.get(0),
              affine ? inputs.get(3) : null,
              affine ? inputs.get(4) : null,
              inputs.get(1),
              inputs.get(2),
              output,
              null,
              null);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return input == 0;
    }

    @Override
    public Optional<Operation> withActivation(Activation next) {
      return activation.kind() == Activation.Kind.NONE && Fusible.isFused(next)
          ? Optional.of(new Batch(epsilon, affine, next))
          : Optional.empty();
    }

    @Override
    public Optional<Operation> withResidual() {
      return Optional.empty();
    }
  }

  /** Over all axes from one on; input, then scale and shift of their shape. */
  record Layer(int axis) implements Operation {
    @Override
    public String type() {
      return "layer_norm";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      int first = input.axis(axis);
      return checked(inputs, 1, SymbolicShape.of(input.sizes().subList(first, input.rank())));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Shape shape = inputs.get(0).shape();
      LayerNorm.builder()
          .axis(axis < 0 ? axis + shape.rank() : axis)
          .build()
          .apply(inputs.get(0), inputs.get(1), inputs.get(2), output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return input == 0;
    }
  }
}
