package org.voxkern.cases;

import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** A seeded input of a case, from which each context gets a tensor of its own. */
public final class Input {
  private final String name;
  private final ElementType type;
  private final Shape shape;
  private final double[] values;

  Input(String name, ElementType type, Shape shape) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.values = new double[Math.toIntExact(shape.elementCount())];
  }

  public String name() {
    return name;
  }

  public Shape shape() {
    return shape;
  }

  public ElementType type() {
    return type;
  }

  public int count() {
    return values.length;
  }

  public double get(int element) {
    return values[element];
  }

  /** Rounds to the element type, as a tensor will hold it. */
  public void set(int element, double value) {
    values[element] =
        switch (type) {
          case F32 -> (float) value;
          case F64 -> value;
          case U8, BOOL -> (byte) value & 0xFF;
          case I16 -> (short) value;
          case I32 -> (int) value;
          default -> throw new IllegalArgumentException("cases have no inputs of " + type);
        };
  }

  Tensor tensor(Context context, ElementType as, Shape shaped) {
    int count = Math.toIntExact(shaped.elementCount());
    long[] sizes = shaped.toArray();
    switch (as) {
      case F32:
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
          floats[i] = (float) values[i];
        }
        return Tensor.of(context, floats, sizes);
      case F64:
        return Tensor.of(context, java.util.Arrays.copyOf(values, count), sizes);
      case U8, BOOL:
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
          bytes[i] = (byte) (int) values[i];
        }
        return Tensor.of(context, bytes, sizes);
      case I16:
        short[] shorts = new short[count];
        for (int i = 0; i < count; i++) {
          shorts[i] = (short) values[i];
        }
        return Tensor.of(context, shorts, sizes);
      case I32:
        int[] ints = new int[count];
        for (int i = 0; i < count; i++) {
          ints[i] = (int) values[i];
        }
        return Tensor.of(context, ints, sizes);
      default:
        throw new IllegalArgumentException("cases have no inputs of " + as);
    }
  }

  /** The elements of a tensor as doubles. */
  static double[] values(Tensor tensor) {
    int count = Math.toIntExact(tensor.elementCount());
    double[] result = new double[count];
    switch (tensor.type()) {
      case F32:
        float[] floats = tensor.toFloatArray();
        for (int i = 0; i < count; i++) {
          result[i] = floats[i];
        }
        return result;
      case F64:
        return tensor.toDoubleArray();
      case U8, BOOL:
        byte[] bytes = tensor.toByteArray();
        for (int i = 0; i < count; i++) {
          result[i] = bytes[i] & 0xFF;
        }
        return result;
      case I16:
        short[] shorts = tensor.toShortArray();
        for (int i = 0; i < count; i++) {
          result[i] = shorts[i];
        }
        return result;
      case I32:
        int[] ints = tensor.toIntArray();
        for (int i = 0; i < count; i++) {
          result[i] = ints[i];
        }
        return result;
      default:
        throw new IllegalArgumentException("cases have no outputs of " + tensor.type());
    }
  }
}
