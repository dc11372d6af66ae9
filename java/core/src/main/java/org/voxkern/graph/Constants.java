package org.voxkern.graph;

import java.nio.ByteBuffer;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Expand;

/** Values that do not depend on a run. */
final class Constants {
  private Constants() {}

  /** Given f32 numbers, without an input. */
  static final class Numbers implements Operation {
    private final float[] values;
    private final Shape shape;

    private Numbers(float[] values, Shape shape) {
      this.values = values;
      this.shape = shape;
    }

    static Numbers of(float[] values, long... sizes) {
      Shape shape = Shape.of(sizes);
      Convolution.require(
          shape.elementCount() == values.length,
          values.length + " values do not fill a constant of shape " + shape);
      return new Numbers(values.clone(), shape);
    }

    @Override
    public String type() {
      return "constant";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return SymbolicShape.of(shape);
    }

    @Override
    public ElementType outputType(List<ElementType> inputs) {
      return ElementType.F32;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      output.buffer().asFloatBuffer().put(values);
    }
  }

  /** How many elements the input has, as a number of its type. */
  record Count() implements Operation {
    @Override
    public String type() {
      return "element_count";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return SymbolicShape.of();
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return true;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      fill(inputs.get(0).elementCount(), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all((Value) null);
    }
  }

  private static void fill(double value, Tensor output) {
    try (Tensor number = Tensor.uninitialized(output.context(), output.type(), Shape.of())) {
      ByteBuffer memory = number.buffer();
      if (output.type() == ElementType.F64) {
        memory.putDouble(0, value);
      } else {
        memory.putFloat(0, (float) value);
      }
      Expand.to(output.shape()).apply(number, output);
    }
  }

  /** One number in the shape of the input. */
  record Like(double value) implements Operation {
    @Override
    public String type() {
      return "constant_like";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return true;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      fill(value, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all((Value) null);
    }
  }
}
