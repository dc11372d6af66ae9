package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.BatchNorm;
import org.voxkern.op.GroupNorm;
import org.voxkern.op.LayerNorm;

/** Operations that normalise; all may write over their input. */
public final class Normalizations {
  private Normalizations() {}

  private static SymbolicShape checked(List<SymbolicShape> inputs, int from, SymbolicShape each) {
    for (SymbolicShape parameter : inputs.subList(from, inputs.size())) {
      Convolution.require(parameter.equals(each), "expected parameters of shape " + each);
    }
    return inputs.get(0);
  }

  /** Writes the gradients of input, scale and shift. */
  @FunctionalInterface
  private interface Kernel {
    /**
     * @param inputs input, mean, inverse deviation, upstream, then scale and shift where affine
     * @param scale or null
     */
    void run(List<Tensor> inputs, Tensor scale, List<Tensor> outputs);
  }

  /**
   * The rule that norms share.
   *
   * @param scale number of the input that is the scale, before the shift; -1 where there is none
   */
  private static List<Value> gradient(
      Backward backward,
      String type,
      int scale,
      Value mean,
      Value inverseDeviation,
      Kernel kernel) {
    boolean affine = scale >= 0;
    List<Value> operands =
        new ArrayList<>(List.of(backward.input(0), mean, inverseDeviation, backward.upstream()));
    if (affine) {
      operands.add(backward.input(scale));
      operands.add(backward.input(scale + 1));
    }
    GradientOperation operation =
        GradientOperation.of(
                type,
                (in, out) -> kernel.run(in, affine ? in.get(4) : null, out),
                affine ? new Integer[] {0, 4, 5} : new Integer[] {0})
            .over(3);
    Value result = backward.apply(operation, operands.toArray(new Value[0]));
    Value[] gradients = backward.none();
    gradients[0] = result;
    if (affine) {
      gradients[scale] = backward.wanted(scale) ? result.further(1) : null;
      gradients[scale + 1] = backward.wanted(scale + 1) ? result.further(2) : null;
    }
    return Backward.all(gradients);
  }

  /** Input, then scale and shift of each channel where affine; groups of channels. */
  public record Group(long groups, double epsilon, boolean affine, Activation activation)
      implements Fusible {
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
      return GroupNorm.builder().groups(groups).epsilon(epsilon).activation(activation).build();
    }

    /** Mean and inverse deviation of each group. */
    @Override
    public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
      return Collections.nCopies(2, SymbolicShape.of(inputs.get(0).size(0), Size.of(groups)));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      run(inputs, Arrays.asList(output, null, null));
    }

    @Override
    public void run(List<Tensor> inputs, List<Tensor> outputs) {
      norm()
          .apply(
              inputs.get(0),
              affine ? inputs.get(1) : null,
              affine ? inputs.get(2) : null,
              outputs.get(0),
              outputs.get(1),
              outputs.get(2));
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Normalizations.gradient(
          backward,
          "group_norm_gradient",
          affine ? 1 : -1,
          backward.output(1),
          backward.output(2),
          (in, scale, out) ->
              norm()
                  .gradient(
                      in.get(0),
                      scale,
                      affine ? in.get(5) : null,
                      in.get(1),
                      in.get(2),
                      in.get(3),
                      out.get(0),
                      affine ? out.get(1) : null,
                      affine ? out.get(2) : null));
    }

    @Override
    public boolean mayOverwrite(int input) {
      return input == 0;
    }

    @Override
    public Optional<Operation> withActivation(Activation next) {
      return activation.kind() == Activation.Kind.NONE && Fusible.isFused(next)
          ? Optional.of(new Group(groups, epsilon, affine, next))
          : Optional.empty();
    }

    @Override
    public Optional<Operation> withResidual() {
      return Optional.empty();
    }
  }

  /**
   * By running statistics, or, while it is trained, by those of the batch: input, running mean and
   * variance, then scale and shift where affine.
   *
   * @param momentum weight of a batch in the running statistics
   */
  public record Batch(
      double epsilon, double momentum, boolean affine, boolean training, Activation activation)
      implements Fusible {
    private static final int NEW_MEAN = 3;
    private static final int NEW_VARIANCE = 4;

    public Batch(double epsilon, boolean affine) {
      this(epsilon, 0.1, affine, false, Activation.none());
    }

    @Override
    public String type() {
      return "batch_norm";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return checked(inputs, 1, SymbolicShape.of(inputs.get(0).size(1)));
    }

    /** Mean and inverse deviation that it normalised by, new running mean and variance. */
    @Override
    public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
      return Collections.nCopies(4, SymbolicShape.of(inputs.get(0).size(1)));
    }

    @Override
    public Operation inTraining() {
      return new Batch(epsilon, momentum, affine, true, activation);
    }

    @Override
    public Map<Integer, Integer> updates() {
      return training ? Map.of(1, NEW_MEAN, 2, NEW_VARIANCE) : Map.of();
    }

    private BatchNorm norm() {
      return BatchNorm.builder().epsilon(epsilon).momentum(momentum).activation(activation).build();
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      run(inputs, Arrays.asList(output, null, null, null, null));
    }

    @Override
    public void run(List<Tensor> inputs, List<Tensor> outputs) {
      Tensor scale = affine ? inputs.get(3) : null;
      Tensor shift = affine ? inputs.get(4) : null;
      for (int statistic = 0; statistic < 2; statistic++) {
        if (outputs.get(NEW_MEAN + statistic) != null) {
          outputs.get(NEW_MEAN + statistic).set(inputs.get(1 + statistic));
        }
      }
      if (training) {
        norm()
            .train(
                inputs.get(0),
                scale,
                shift,
                outputs.get(NEW_MEAN),
                outputs.get(NEW_VARIANCE),
                outputs.get(0),
                outputs.get(1),
                outputs.get(2));
      } else {
        norm()
            .infer(
                inputs.get(0),
                scale,
                shift,
                inputs.get(1),
                inputs.get(2),
                outputs.get(0),
                outputs.get(1),
                outputs.get(2));
      }
    }

    @Override
    public List<Value> gradient(Backward backward) {
      if (backward.wanted(1) || backward.wanted(2)) {
        throw new UnsupportedOperationException("running statistics have no gradient");
      }
      return Normalizations.gradient(
          backward,
          "batch_norm_gradient",
          affine ? 3 : -1,
          backward.output(1),
          backward.output(2),
          this::gradient);
    }

    private void gradient(List<Tensor> in, Tensor scale, List<Tensor> out) {
      Tensor shift = affine ? in.get(5) : null;
      Tensor scaleGradient = affine ? out.get(1) : null;
      Tensor shiftGradient = affine ? out.get(2) : null;
      if (training) {
        norm()
            .gradient(
                in.get(0),
                scale,
                shift,
                in.get(1),
                in.get(2),
                in.get(3),
                out.get(0),
                scaleGradient,
                shiftGradient);
      } else {
        norm()
            .inferenceGradient(
                in.get(0),
                scale,
                shift,
                in.get(1),
                in.get(2),
                in.get(3),
                out.get(0),
                scaleGradient,
                shiftGradient);
      }
    }

    @Override
    public boolean mayOverwrite(int input) {
      return input == 0;
    }

    @Override
    public Optional<Operation> withActivation(Activation next) {
      return activation.kind() == Activation.Kind.NONE && Fusible.isFused(next)
          ? Optional.of(new Batch(epsilon, momentum, affine, training, next))
          : Optional.empty();
    }

    @Override
    public Optional<Operation> withResidual() {
      return Optional.empty();
    }
  }

  /** Over all axes from one on; input, then scale and shift of their shape. */
  public record Layer(int axis, double epsilon) implements Operation {
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
      run(inputs, Arrays.asList(output, null, null));
    }

    private LayerNorm norm(Shape input) {
      return LayerNorm.builder()
          .axis(axis < 0 ? axis + input.rank() : axis)
          .epsilon(epsilon)
          .build();
    }

    /** Mean and inverse deviation. */
    @Override
    public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      return Collections.nCopies(2, SymbolicShape.of(input.sizes().subList(0, input.axis(axis))));
    }

    @Override
    public void run(List<Tensor> inputs, List<Tensor> outputs) {
      norm(inputs.get(0).shape())
          .apply(
              inputs.get(0),
              inputs.get(1),
              inputs.get(2),
              outputs.get(0),
              outputs.get(1),
              outputs.get(2));
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Normalizations.gradient(
          backward,
          "layer_norm_gradient",
          1,
          backward.output(1),
          backward.output(2),
          (in, scale, out) ->
              norm(in.get(0).shape())
                  .gradient(
                      in.get(0),
                      scale,
                      in.get(1),
                      in.get(2),
                      in.get(3),
                      out.get(0),
                      out.get(1),
                      out.get(2)));
    }

    @Override
    public boolean mayOverwrite(int input) {
      return input == 0;
    }
  }
}
