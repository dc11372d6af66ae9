package org.voxkern;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Consumer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.voxkern.internal.Voxkern;
import org.voxkern.nativecall.Status;

/**
 * A dense, row-major n-dimensional array in the memory of its context's device, 64-byte aligned
 * unless it is a {@link #view} of another.
 *
 * <p>On a CUDA device, what reads elements ({@code to...Array}, {@link #contents}, {@link #read})
 * copies them down and waits for the operations before; what writes them ({@code of}, {@link
 * #write}, {@link #fill}) copies them up without waiting, and the Java side may be changed at once.
 * {@link #buffer} is for host memory alone.
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
    tensor.put((host, at, count) -> new FloatPointer(host).put(values, at, count));
    return tensor;
  }

  public static Tensor of(Context context, double[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.F64, values.length, sizes);
    tensor.put((host, at, count) -> new DoublePointer(host).put(values, at, count));
    return tensor;
  }

  public static Tensor of(Context context, byte[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.U8, values.length, sizes);
    tensor.put((host, at, count) -> new BytePointer(host).put(values, at, count));
    return tensor;
  }

  public static Tensor of(Context context, short[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.I16, values.length, sizes);
    tensor.put((host, at, count) -> new ShortPointer(host).put(values, at, count));
    return tensor;
  }

  public static Tensor of(Context context, int[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.I32, values.length, sizes);
    tensor.put((host, at, count) -> new IntPointer(host).put(values, at, count));
    return tensor;
  }

  public static Tensor of(Context context, long[] values, long... sizes) {
    Tensor tensor = sized(context, ElementType.I64, values.length, sizes);
    tensor.put((host, at, count) -> new LongPointer(host).put(values, at, count));
    return tensor;
  }

  /** Copies {@code count} elements of an array from {@code at} on. */
  private interface Elements {
    void copy(Pointer host, int at, int count);
  }

  private Transfer.Part part(Elements elements) {
    int each = type.bytes();
    return (host, offset, bytes) ->
        elements.copy(host, (int) (offset / each), (int) (bytes / each));
  }

  private void put(Elements elements) {
    context.transfer().write(memory(), byteCount(), part(elements));
  }

  private void get(Elements elements) {
    context.transfer().read(memory(), byteCount(), part(elements));
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

  /** Address of the first element in the device's memory, valid until the tensor is closed. */
  public long address() {
    return memory().address();
  }

  /**
   * The tensor's own memory as a direct buffer in native byte order, for tensors below 2 GiB; valid
   * until the tensor is closed.
   *
   * @throws UnsupportedOperationException if the tensor is larger: use {@link #buffer(long, int)};
   *     or if it lies on a CUDA device: use {@link #contents} or {@link #fill}
   */
  public ByteBuffer buffer() {
    return buffer(0, bufferLength());
  }

  private int bufferLength() {
    if (byteCount() > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "a tensor of " + byteCount() + " bytes does not fit one buffer; ask for parts of it");
    }
    return (int) byteCount();
  }

  /** A window of the tensor's memory: {@code length} bytes from byte {@code offset}. */
  public ByteBuffer buffer(long offset, int length) {
    if (!context.device().isHost()) {
      throw new UnsupportedOperationException(
          this + " lies on " + context.device() + ", which Java cannot address; copy its elements");
    }
    Objects.checkFromIndexSize(offset, length, byteCount());
    return window(Transfer.shifted(memory(), offset), length);
  }

  private static ByteBuffer window(Pointer memory, int length) {
    if (length == 0) {
      // JavaCPP takes a limit of 0 for one that is not set.
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    // Not by position: JavaCPP would give a buffer that begins at the tensor, which absolute access
    // sees, and whose int position cannot reach beyond 2 GiB.
    BytePointer window = new BytePointer(memory);
    window.limit(length);
    return window.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** All elements for reading, as {@link #contents(long, int)} has it. */
  public ByteBuffer contents() {
    return contents(0, bufferLength());
  }

  /**
   * {@code length} bytes from byte {@code offset} for reading, in native byte order: the tensor's
   * own memory on the host, a copy of a CUDA device's.
   */
  public ByteBuffer contents(long offset, int length) {
    if (context.device().isHost()) {
      return buffer(offset, length);
    }
    ByteBuffer copy = ByteBuffer.allocateDirect(length).order(ByteOrder.nativeOrder());
    read(offset, copy);
    return copy.flip();
  }

  /** Writes all elements, as {@link #fill(long, int, Consumer)} has it. */
  public void fill(Consumer<ByteBuffer> writer) {
    fill(0, bufferLength(), writer);
  }

  /**
   * Lets the writer write {@code length} bytes from byte {@code offset}, every one of them, in
   * native byte order: into the tensor's own memory on the host, into a buffer that is copied up on
   * a CUDA device. The buffer is the writer's until it returns.
   */
  public void fill(long offset, int length, Consumer<ByteBuffer> writer) {
    if (context.device().isHost()) {
      writer.accept(buffer(offset, length));
      return;
    }
    ByteBuffer copy = ByteBuffer.allocateDirect(length).order(ByteOrder.nativeOrder());
    writer.accept(copy);
    write(offset, copy.clear());
  }

  /** Copies bytes from byte {@code offset} on into what remains of a buffer, and advances it. */
  public void read(long offset, ByteBuffer target) {
    int length = target.remaining();
    Objects.checkFromIndexSize(offset, length, byteCount());
    context
        .transfer()
        .read(
            Transfer.shifted(memory(), offset),
            length,
            (host, at, bytes) -> target.put(window(host, (int) bytes)));
  }

  /**
   * Copies what remains of a buffer to byte {@code offset} on, and advances it. A memory segment
   * comes in by its {@code asByteBuffer}.
   */
  public void write(long offset, ByteBuffer source) {
    int length = source.remaining();
    Objects.checkFromIndexSize(offset, length, byteCount());
    context
        .transfer()
        .write(
            Transfer.shifted(memory(), offset),
            length,
            (host, at, bytes) -> {
              ByteBuffer rest = source.duplicate();
              rest.limit(rest.position() + (int) bytes);
              window(host, (int) bytes).put(rest);
              source.position(rest.limit());
            });
  }

  /** A copy of the elements of an {@link ElementType#F32} tensor. */
  public float[] toFloatArray() {
    require(ElementType.F32);
    float[] values = new float[arrayLength()];
    get((host, at, count) -> new FloatPointer(host).get(values, at, count));
    return values;
  }

  public double[] toDoubleArray() {
    require(ElementType.F64);
    double[] values = new double[arrayLength()];
    get((host, at, count) -> new DoublePointer(host).get(values, at, count));
    return values;
  }

  /** A copy of the elements of a tensor of one-byte elements. */
  public byte[] toByteArray() {
    requireBytes(1);
    byte[] values = new byte[arrayLength()];
    get((host, at, count) -> new BytePointer(host).get(values, at, count));
    return values;
  }

  /** A copy of the elements of a tensor of two-byte integers. */
  public short[] toShortArray() {
    requireBytes(2);
    short[] values = new short[arrayLength()];
    get((host, at, count) -> new ShortPointer(host).get(values, at, count));
    return values;
  }

  /** A copy of the elements of a tensor of four-byte integers. */
  public int[] toIntArray() {
    requireBytes(4);
    int[] values = new int[arrayLength()];
    get((host, at, count) -> new IntPointer(host).get(values, at, count));
    return values;
  }

  /** A copy of the elements of a tensor of eight-byte integers. */
  public long[] toLongArray() {
    requireBytes(8);
    long[] values = new long[arrayLength()];
    get((host, at, count) -> new LongPointer(host).get(values, at, count));
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
    return copyTo(context);
  }

  /** A copy of this tensor in the memory of another context, in its innermost scope. */
  public Tensor copyTo(Context target) {
    Tensor result = new Tensor(target, type, shape);
    Transfer.copy(this, result);
    return result;
  }

  /**
   * Overwrites this tensor's elements with another's of the same type and element count, which may
   * be of another context.
   */
  public void set(Tensor source) {
    if (source.type != type || source.elementCount() != elementCount()) {
      throw new IllegalArgumentException(
          "cannot copy " + source + " into " + this + ": type and element count must agree");
    }
    Transfer.copy(source, this);
  }

  /** Overwrites every element with 0. */
  public void fillZero() {
    Status.check(Voxkern.vk_zero(context.handle(), memory(), byteCount()));
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
