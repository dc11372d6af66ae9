package org.voxkern.graph;

import java.util.List;
import java.util.Locale;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Softmax;
import org.voxkern.op.Unary;

/** Operations on each element, and softmax. */
final class Elementwise {
  private Elementwise() {}

  record Activate(Activation activation) implements Operation {
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
  }

  record OfOne(Unary.Function function) implements Operation {
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
  }

  record OfTwo(Binary.Function function) implements Operation {
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
  }

  record SoftmaxAlong(int axis, boolean logarithm) implements Operation {
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
      (logarithm ? Softmax.logAlong(axis) : Softmax.along(axis)).apply(inputs.get(0), output);
    }

    @Override
    public boolean mayOverwrite(int input) {
      return true;
    }
  }
}
