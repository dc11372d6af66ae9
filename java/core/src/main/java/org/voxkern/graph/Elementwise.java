package org.voxkern.graph;

import java.util.List;
import java.util.Locale;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Convert;
import org.voxkern.op.Softmax;
import org.voxkern.op.Unary;

/** Operations on each element, and softmax. */
public final class Elementwise {
  private Elementwise() {}

  /**
   * The gradient of what an activation takes. Those that operations apply themselves keep the sign,
   * so that their output tells as much as their input, which then need not be kept.
   */
  private static Value throughActivation(Activation activation, Value read, Backward backward) {
    return backward.apply(
        GradientOperation.of(
                activation.kind().name().toLowerCase(Locale.ROOT) + "_gradient",
                (in, out) -> activation.gradient(in.get(0), in.get(1), out.get(0)),
                1)
            .over(1),
        read,
        backward.upstream());
  }

  /** The gradient of the sum that an operation applies an activation to. */
  static Value beforeActivation(Conv3d.Activation kind, double slope, Backward backward) {
    if (kind == Conv3d.Activation.NONE) {
      return backward.upstream();
    }
    if (slope < 0) {
      throw new UnsupportedOperationException(
          "the gradient of an activation with the negative slope "
              + slope
              + " needs its input: give it a node of its own");
    }
    Activation activation =
        kind == Conv3d.Activation.RELU ? Activation.relu() : Activation.leakyRelu(slope);
    return throughActivation(activation, backward.output(), backward);
  }

  public record Activate(Activation activation) implements Operation {
    @Override
    public String type() {
      return activation.kind().name().toLowerCase(Locale.ROOT);
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      activation.apply(inputs.get(0), output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return true;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      boolean fromOutput = Fusible.isFused(activation) && activation.alpha() >= 0;
      Value read = fromOutput ? backward.output() : backward.input(0);
      return Backward.all(throughActivation(activation, read, backward));
    }
  }

  public record OfOne(Unary.Function function) implements Operation {
    @Override
    public String type() {
      return function.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public ElementType outputType(List<ElementType> inputs) {
      return Unary.outputType(function, inputs.get(0));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Unary.apply(function, inputs.get(0), output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return true;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                      function.name().toLowerCase(Locale.ROOT) + "_gradient",
                      (in, out) -> Unary.gradient(function, in.get(0), in.get(1), out.get(0)),
                      1)
                  .over(1),
              backward.input(0),
              backward.upstream()));
    }
  }

  public record OfTwo(Binary.Function function) implements Operation {
    @Override
    public String type() {
      return function.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0).broadcast(inputs.get(1));
    }

    @Override
    public ElementType outputType(List<ElementType> inputs) {
      return Binary.outputType(function, inputs.get(0));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Binary.apply(function, inputs.get(0), inputs.get(1), output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return true;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      boolean sum = function == Binary.Function.ADD || function == Binary.Function.SUBTRACT;
      Value[] gradients = backward.none();
      for (int operand = 0; operand < 2; operand++) {
        Value like = backward.input(operand);
        boolean same = like.shape().equals(backward.output().shape());
        if (!backward.wanted(operand)) {
          continue;
        }
        if (sum && same && (operand == 0 || function == Binary.Function.ADD)) {
          gradients[operand] = backward.upstream();
        } else {
          GradientOperation operation =
              operand == 0 ? gradientOf(0, "_gradient_a") : gradientOf(1, "_gradient_b");
          gradients[operand] =
              backward.apply(
                  sum ? operation.shapeOnly(0, 1) : operation,
                  backward.input(0),
                  backward.input(1),
                  backward.upstream());
        }
      }
      return Backward.all(gradients);
    }

    private GradientOperation gradientOf(int operand, String suffix) {
      return GradientOperation.of(
          type() + suffix,
          (in, out) ->
              Binary.gradient(
                  function,
                  in.get(0),
                  in.get(1),
                  in.get(2),
                  operand == 0 ? out.get(0) : null,
                  operand == 1 ? out.get(0) : null),
          operand);
    }
  }

  /** value scale + offset, as another element type. */
  public record Linear(double scale, double offset, ElementType to) implements Operation {
    @Override
    public String type() {
      return scale == 1 && offset == 0 ? "cast" : "linear";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public ElementType outputType(List<ElementType> inputs) {
      return to;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Convert.apply(inputs.get(0), scale, offset, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      ElementType from = backward.input(0).type();
      boolean continuous = isFloating(to) && isFloating(from);
      boolean same = scale == 1 && from == to;
      if (!continuous || same) {
        return Backward.all(continuous ? backward.upstream() : null);
      }
      return Backward.all(backward.apply(new Linear(scale, 0, from), backward.upstream()));
    }

    private static boolean isFloating(ElementType type) {
      return type == ElementType.F32 || type == ElementType.F64;
    }
  }

  /** min(max(x, low), high). */
  public record Clipped(double low, double high) implements Operation {
    @Override
    public String type() {
      return "clip";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Unary.clip(inputs.get(0), low, high, output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return true;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                      "clip_gradient",
                      (in, out) -> Unary.clipGradient(in.get(0), low, high, in.get(1), out.get(0)),
                      1)
                  .over(1),
              backward.input(0),
              backward.upstream()));
    }
  }

  public record SoftmaxAlong(int axis, boolean logarithm) implements Operation {
    @Override
    public String type() {
      return logarithm ? "log_softmax" : "softmax";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      inputs.get(0).axis(axis);
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      softmax(inputs.get(0)).apply(inputs.get(0), output);
    }

    private Softmax softmax(Tensor input) {
      int along = axis < 0 ? axis + input.shape().rank() : axis;
      return logarithm ? Softmax.logAlong(along) : Softmax.along(along);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return true;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                  type() + "_gradient",
                  (in, out) -> softmax(in.get(0)).gradient(in.get(0), in.get(1), out.get(0)),
                  0),
              backward.output(),
              backward.upstream()));
    }
  }
}
