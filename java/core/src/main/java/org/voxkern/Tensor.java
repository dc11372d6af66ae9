package org.voxkern;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * A dense, row-major n-dimensional array in native memory, 64-byte aligned unless it is a {@link
 * #view} of another.
 *
 * <p>A tensor belongs to a {@link Scope} and is released with it; any use after that throws {@link
 * IllegalStateException}. Not thread-safe for writing.
 */
public final class Tensor implements AutoCloseable {
  private final Context context;
  private final ElementType type;
  private final Shape shape;
  private final Pointer memory;

  /** Whose memory this is a view of, or null. */
  private final Tensor owner;

  private Scope scope;
  private volatile boolean closed;

  private Tensor(Context context, ElementType type, Shape shape) {
    this.context = Objects.requireNonNull(context, "context");
    this.type = Objects.requireNonNull(type, "type");
    this.shape = Objects.requireNonNull(shape, "shape");
    scope = Scope.current(context);
    memory = context.allocate(Math.multiplyExact(shape.elementCount(), (long) type.bytes()));
    owner = null;
    scope.add(this);
  }

  private Tensor(Tensor owner, ElementType type, Shape shape, long offset) {
    this.owner = owner;
    this.context = owner.context;
    this.type = type;
    this.shape = shape;
    memory = new BytePointer(owner.memory()).getPointer(offset);
  }

  /** A tensor whose elements are not initialised, for an operation to write. */
  public static Tensor uninitialized(Context context, ElementType type, Shape shape) {
    return new Tensor(context, type, shape);
  }

  /** A tensor of zeros. */
  public static Tensor zeros(Context context, ElementType type, Shape shape) {
    Tensor tensor = new Tensor(context, type, shape);
    tensor.fillZero();
    return tensor;
  }

  /**
   * A copy of an array.
   *
   * @throws IllegalArgumentException if the array's length is not the product of the sizes
   */
  public static Tensor of(Context context, float[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.F32, values.length, sizes);
    new FloatPointer(tensor.memory).put(values, 0, values.length);
    return tensor;
  }

  public static Tensor of(Context context, double[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.F64, values.length, sizes);
    new DoublePointer(tensor.memory).put(values, 0, values.length);
    return tensor;
  }

  public static Tensor of(Context context, byte[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.U8, values.length, sizes);
    new BytePointer(tensor.memory).put(values, 0, values.length);
    return tensor;
  }

  public static Tensor of(Context context, short[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.I16, values.length, sizes);
    new ShortPointer(tensor.memory).put(values, 0, values.length);
    return tensor;
  }

  public static Tensor of(Context context, int[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.I32, values.length, sizes);
    new IntPointer(tensor.memory).put(values, 0, values.length);
    return tensor;
  }

  public static Tensor of(Context context, long[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.I64, values.length, sizes);
    new LongPointer(tensor.memory).put(values, 0, values.length);
    return tensor;
  }

  private static Tensor sized(Context context, ElementType type, int length, long[] sizes) {
    Shape shape = Shape.of(sizes);
    if (shape.elementCount() != length) {
      throw new IllegalArgumentException(
          "an array of " + length + " values does not fill a tensor of shape " + shape);
    }
    return new Tensor(context, type, shape);
  }

  public Context context() {
    return context;
  }

  public ElementType type() {
    return type;
  }

  public Shape shape() {
    return shape;
  }

  public long elementCount() {
    return shape.elementCount();
  }

  public long byteCount() {
    return shape.elementCount() * type.bytes();
  }

  /** Address of the first element, valid until the tensor is closed. */
  public long address() {
    return memory().address();
  }

  /**
   * The tensor's own memory as a direct buffer in native byte order, for tensors below 2 GiB; valid
   * until the tensor is closed.
   *
   * @throws UnsupportedOperationException if the tensor is larger: use {@link #buffer(long, int)}
   */
  public ByteBuffer buffer() {
    if (byteCount() > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "a tensor of " + byteCount() + " bytes does not fit one buffer; ask for parts of it");
    }
    return buffer(0, (int) byteCount());
  }

  /** A window of the tensor's memory: {@code length} bytes from byte {@code offset}. */
  public ByteBuffer buffer(long offset, int length) {
    Objects.checkFromIndexSize(offset, length, byteCount());
    if (length == 0) {
      // JavaCPP takes a limit of 0 for one that is not set.
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    // Not by position: JavaCPP would give a buffer that begins at the tensor, which absolute access
    // sees, and whose int position cannot reach beyond 2 GiB.
    BytePointer window = new BytePointer(memory()).getPointer(offset);
    window.limit(length);
    return window.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** A copy of the elements of an {@link ElementType#F32} tensor. */
  public float[] toFloatArray() {
    require(ElementType.F32);
    float[] values = new float[arrayLength()];
    new FloatPointer(memory()).get(values, 0, values.length);
    return values;
  }

  public double[] toDoubleArray() {
    require(ElementType.F64);
    double[] values = new double[arrayLength()];
    new DoublePointer(memory()).get(values, 0, values.length);
    return values;
  }

  /** A copy of the elements of a tensor of one-byte elements. */
  public byte[] toByteArray() {
    requireBytes(1);
    byte[] values = new byte[arrayLength()];
    new BytePointer(memory()).get(values, 0, values.length);
    return values;
  }

  /** A copy of the elements of a tensor of two-byte integers. */
  public short[] toShortArray() {
    requireBytes(2);
    short[] values = new short[arrayLength()];
    new ShortPointer(memory()).get(values, 0, values.length);
    return values;
  }

  /** A copy of the elements of a tensor of four-byte integers. */
  public int[] toIntArray() {
    requireBytes(4);
    int[] values = new int[arrayLength()];
    new IntPointer(memory()).get(values, 0, values.length);
    return values;
  }

  /** A copy of the elements of a tensor of eight-byte integers. */
  public long[] toLongArray() {
    requireBytes(8);
    long[] values = new long[arrayLength()];
    new LongPointer(memory()).get(values, 0, values.length);
    return values;
  }

  /**
   * A tensor in a part of this one's memory, from byte {@code offset}. It has no memory of its own
   * and can be used for as long as this one.
   *
   * @throws IllegalArgumentException if the offset is no multiple of the element's size
   * @throws IndexOutOfBoundsException if it reaches beyond this tensor
   */
  public Tensor view(ElementType type, Shape shape, long offset) {
    long bytes = Math.multiplyExact(shape.elementCount(), (long) type.bytes());
    Objects.checkFromIndexSize(offset, bytes, byteCount());
    if (offset % type.bytes() != 0) {
      throw new IllegalArgumentException(
          "a view of " + type + " cannot begin at byte " + offset + " of " + this);
    }
    return new Tensor(this, type, shape, offset);
  }

  /** A copy of this tensor in the innermost scope. */
  public Tensor copy() {
    Tensor result = new Tensor(context, type, shape);
    Pointer.memcpy(result.memory, memory(), byteCount());
    return result;
  }

  /** Overwrites this tensor's elements with another's of the same type and element count. */
  public void set(Tensor source) {
    if (source.type != type || source.elementCount() != elementCount()) {
      throw new IllegalArgumentException(
          "cannot copy " + source + " into " + this + ": type and element count must agree");
    }
    Pointer.memcpy(memory(), source.memory(), byteCount());
  }

  /** Overwrites every element with 0. */
  public void fillZero() {
    Pointer.memset(memory(), 0, byteCount());
  }

  /**
   * Hands the tensor to another scope of the same context, for instance the enclosing one.
   *
   * @throws IllegalStateException if this is a view, which lives as long as its tensor
   */
  public Tensor moveTo(Scope target) {
    memory();
    if (owner != null) {
      throw new IllegalStateException("a view cannot move: it lives as long as its tensor");
    }
    if (target.context() != context) {
      throw new IllegalArgumentException("a tensor cannot move to a scope of another context");
    }
    target.add(this);
    scope.remove(this);
    scope = target;
    return this;
  }

  public boolean isClosed() {
    return closed || owner != null && owner.isClosed();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (owner == null) {
      scope.remove(this);
      context.free(memory);
    }
  }

  Pointer memory() {
    if (isClosed()) {
      throw new IllegalStateException(this + " is closed");
    }
    return memory;
  }

  private int arrayLength() {
    if (elementCount() > Integer.MAX_VALUE - 8) {
      throw new UnsupportedOperationException(this + " is too large for one Java array");
    }
    return (int) elementCount();
  }

  private void require(ElementType expected) {
    if (type != expected) {
      throw new IllegalArgumentException(this + ": expected element type " + expected);
    }
  }

  private void requireBytes(int expected) {
    if (type.bytes() != expected || type == ElementType.F32 || type == ElementType.F16) {
      throw new IllegalArgumentException(
          this + ": expected an integer element type of " + expected + " bytes");
    }
  }

  @Override
  public String toString() {
    return "Tensor " + type + " " + shape;
  }
}
