package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Dense;
import org.voxkern.op.Matmul;

/** Products of matrices. */
public final class Products {
  private Products() {}

  /** Input (..., in), weights (out, in), then bias (out) where it has. */
  public record Linear(boolean bias, Activation activation) implements Fusible {
    @Override
    public String type() {
      return "dense";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      SymbolicShape weights = inputs.get(1);
      Convolution.require(
          weights.rank() == 2 && input.size(-1).compare(weights.size(1)) != Size.Relation.DIFFERENT,
          "expected an input (..., in) and weights (out, in)");
      return input.with(-1, weights.size(0));
    }

    private Dense dense() {
      return activation.kind() == Activation.Kind.NONE
          ? Dense.linear()
          : Dense.activated(
              Conv3d.Activation.valueOf(activation.kind().name()), activation.alpha());
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      dense().apply(inputs.get(0), inputs.get(1), bias ? inputs.get(2) : null, output);
    }

    @Override
    public Kernel prepare(Preparation preparation) {
      Tensor weights = preparation.constant(1);
      if (weights == null) {
        return this::run;
      }
      Dense dense = dense();
      Matmul.PackedMatrix packed = dense.pack(weights, preparation.shape(0));
      preparation.replace(1, packed.tensor());
      return (inputs, output) ->
          dense.apply(inputs.get(0), packed, bias ? inputs.get(2) : null, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      Dense dense = Dense.linear();
      Value upstream = backward.upstream();
      Value[] gradients = backward.none();
      if (backward.wanted(0)) {
        gradients[0] =
            backward.apply(
                GradientOperation.of(
                        "dense_gradient_input",
                        (in, out) -> dense.gradientInput(in.get(0), in.get(1), out.get(0)),
                        2)
                    .shapeOnly(2),
                upstream,
                backward.input(1),
                backward.input(0));
      }
      if (backward.wanted(1)) {
        gradients[1] =
            backward.apply(
                GradientOperation.of(
                        "dense_gradient_weights",
                        (in, out) -> dense.gradientWeights(in.get(0), in.get(1), out.get(0)),
                        2)
                    .shapeOnly(2),
                backward.input(0),
                upstream,
                backward.input(1));
      }
      if (bias && backward.wanted(2)) {
        gradients[2] =
            backward.apply(
                GradientOperation.of(
                        "dense_gradient_bias",
                        (in, out) -> dense.gradientBias(in.get(0), out.get(0)),
                        1)
                    .shapeOnly(1),
                upstream,
                backward.input(2));
      }
      return Backward.all(gradients);
    }

    @Override
    public Optional<Operation> withActivation(Activation next) {
      return activation.kind() == Activation.Kind.NONE && Fusible.isFused(next)
          ? Optional.of(new Linear(bias, next))
          : Optional.empty();
    }

    @Override
    public Optional<Operation> withResidual() {
      return Optional.empty();
    }
  }

  /** (..., m, k) by (..., k, n), whose batches broadcast. */
  public record Product() implements Operation {
    @Override
    public String type() {
      return "matmul";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape a = inputs.get(0);
      SymbolicShape b = inputs.get(1);
      Convolution.require(a.rank() >= 2 && b.rank() >= 2, "expected matrices");
      Convolution.require(
          a.size(-1).compare(b.size(-2)) != Size.Relation.DIFFERENT,
          "expected (..., m, k) and (..., k, n)");
      List<Size> sizes = new ArrayList<>(batch(a).broadcast(batch(b)).sizes());
      sizes.add(a.size(-2));
      sizes.add(b.size(-1));
      return SymbolicShape.of(sizes);
    }

    private static SymbolicShape batch(SymbolicShape shape) {
      return SymbolicShape.of(shape.sizes().subList(0, shape.rank() - 2));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Matmul.builder().build().apply(inputs.get(0), inputs.get(1), null, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      Matmul product = Matmul.builder().build();
      Value[] gradients = backward.none();
      if (backward.wanted(0)) {
        gradients[0] =
            backward.apply(
                GradientOperation.of(
                        "matmul_gradient_a",
                        (in, out) -> product.gradientA(in.get(0), in.get(1), out.get(0)),
                        2)
                    .shapeOnly(2),
                backward.upstream(),
                backward.input(1),
                backward.input(0));
      }
      if (backward.wanted(1)) {
        gradients[1] =
            backward.apply(
                GradientOperation.of(
                        "matmul_gradient_b",
                        (in, out) -> product.gradientB(in.get(0), in.get(1), out.get(0)),
                        2)
                    .shapeOnly(2),
                backward.input(0),
                backward.upstream(),
                backward.input(1));
      }
      return Backward.all(gradients);
    }
  }
}
