package org.voxkern.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Expand;

/** Values that do not depend on a run. */
public final class Constants {
  private Constants() {}

  /** Given numbers, without an input. */
  public static final class Numbers implements Operation {
    private final ElementType elementType;
    private final Shape shape;
    private final ByteBuffer bytes;

    private Numbers(ElementType elementType, Shape shape, ByteBuffer bytes) {
      this.elementType = elementType;
      this.shape = shape;
      this.bytes = bytes;
    }

    static Numbers of(float[] values, long... sizes) {
      Shape shape = Shape.of(sizes);
      Convolution.require(
          shape.elementCount() == values.length,
          values.length + " values do not fill a constant of shape " + shape);
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
      bytes.asFloatBuffer().put(values);
      return new Numbers(ElementType.F32, shape, bytes);
    }

    /** A copy of a tensor below 2 GiB. */
    public static Numbers of(Tensor tensor) {
      ByteBuffer source = tensor.contents();
      ByteBuffer bytes = ByteBuffer.allocate(source.remaining()).order(ByteOrder.nativeOrder());
      bytes.put(source).rewind();
      return new Numbers(tensor.type(), tensor.shape(), bytes);
    }

    public ElementType elementType() {
      return elementType;
    }

    public Shape shape() {
      return shape;
    }

    /** The numbers in native byte order, read-only. */
    public ByteBuffer bytes() {
      return bytes.asReadOnlyBuffer().order(ByteOrder.nativeOrder());
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
      return elementType;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      output.write(0, bytes());
    }
  }

  /** How many elements the input has, as a number of its type. */
  public record Count() implements Operation {
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
      number.fill(
          memory -> {
            if (output.type() == ElementType.F64) {
              memory.putDouble(0, value);
            } else {
              memory.putFloat(0, (float) value);
            }
          });
      Expand.to(output.shape()).apply(number, output);
    }
  }

  /** One number in the shape of the input. */
  public record Like(double value) implements Operation {
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
