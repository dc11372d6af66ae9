package org.voxkern.cases;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** A seeded input of a case, from which each context gets a tensor of its own. */
public final class Input {
  private static final double HALF_OF_U64 = 0x1p63;

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

  /** Rounds to the element type, as a tensor will hold it; 16-bit floats are held as their bits. */
  public void set(int element, double value) {
    values[element] =
        switch (type) {
          case F32 -> (float) value;
          case F64 -> value;
          case U8, BOOL -> (byte) value & 0xFF;
          case I8 -> (byte) value;
          case I16 -> (short) value;
          case U16, F16, BF16 -> (int) value & 0xFFFF;
          case I32 -> (int) value;
          case U32 -> (long) value & 0xFFFFFFFFL;
          case I64 -> (long) value;
          case U64 -> Math.floor(value);
        };
  }

  Tensor tensor(Context context, ElementType as, Shape shaped) {
    int count = Math.toIntExact(shaped.elementCount());
    Tensor tensor = Tensor.uninitialized(context, as, shaped);
    tensor.fill(buffer -> write(buffer, as, count));
    return tensor;
  }

  private void write(ByteBuffer buffer, ElementType as, int count) {
    for (int i = 0; i < count; i++) {
      double value = values[i];
      switch (as) {
        case F32 -> buffer.putFloat((float) value);
        case F64 -> buffer.putDouble(value);
        case U8, BOOL, I8 -> buffer.put((byte) (int) value);
        case I16, U16, F16, BF16 -> buffer.putShort((short) (int) value);
        case I32, U32 -> buffer.putInt((int) (long) value);
        case I64 -> buffer.putLong((long) value);
        case U64 ->
            buffer.putLong(
                value < HALF_OF_U64 ? (long) value : (long) (value - HALF_OF_U64) ^ Long.MIN_VALUE);
      }
    }
  }

  /** The elements of a tensor as doubles; 16-bit floats as their bits. */
  static double[] values(Tensor tensor) {
    double[] result = new double[Math.toIntExact(tensor.elementCount())];
    ByteBuffer buffer = tensor.contents();
    for (int i = 0; i < result.length; i++) {
      result[i] =
          switch (tensor.type()) {
            case F32 -> buffer.getFloat();
            case F64 -> buffer.getDouble();
            case U8, BOOL -> buffer.get() & 0xFF;
            case I8 -> buffer.get();
            case I16 -> buffer.getShort();
            case U16, F16, BF16 -> buffer.getShort() & 0xFFFF;
            case I32 -> buffer.getInt();
            case U32 -> buffer.getInt() & 0xFFFFFFFFL;
            case I64 -> buffer.getLong();
            case U64 -> new BigInteger(Long.toUnsignedString(buffer.getLong())).doubleValue();
          };
    }
    return result;
  }
}
