package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;

/**
 * Inputs that both libraries get, libtorch's results and its autograd's gradients, and how far ours
 * are from them.
 */
final class Torch implements AutoCloseable {
  private final Context context = Context.create();
  private final Random random;

  /** Libtorch's element type. */
  private final torch.ScalarType type;

  Torch(long seed) {
    this(seed, torch.ScalarType.Float);
  }

  private Torch(long seed, torch.ScalarType type) {
    random = new Random(seed);
    this.type = type;
  }

  /** Where libtorch computes in f64, so that what is off is our rounding alone. */
  static Torch inDouble(long seed) {
    return new Torch(seed, torch.ScalarType.Double);
  }

  /** One input: our tensor, and a leaf of libtorch's graph. */
  record Input(org.voxkern.Tensor ours, Tensor theirs) {
    Shape shape() {
      return ours.shape();
    }

    /** The gradient that the last {@link #backward} left. */
    float[] gradient() {
      return floats(theirs.grad());
    }
  }

  /** Uniform in [low, high). */
  Input uniform(double low, double high, long... sizes) {
    float[] values = new float[Math.toIntExact(Shape.of(sizes).elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (low + (high - low) * random.nextDouble());
    }
    return input(values, sizes);
  }

  Input uniform(Shape shape) {
    return uniform(-1, 1, shape.toArray());
  }

  Input input(float[] values, long... sizes) {
    try (FloatPointer memory = new FloatPointer(values);
        Tensor borrowed = torch.from_blob(memory, sizes)) {
      Tensor leaf = borrowed.clone().to(type);
      leaf.requires_grad_(true);
      return new Input(org.voxkern.Tensor.of(context, values, sizes), leaf);
    }
  }

  /** A tensor of ours, full of NaN until an operation writes it. */
  org.voxkern.Tensor output(Shape shape) {
    float[] values = new float[Math.toIntExact(shape.elementCount())];
    Arrays.fill(values, Float.NaN);
    return org.voxkern.Tensor.of(context, values, shape.toArray());
  }

  org.voxkern.Tensor indices(Shape shape) {
    return org.voxkern.Tensor.zeros(context, ElementType.I64, shape);
  }

  Context context() {
    return context;
  }

  /** Leaves dL/dinput in every leaf of {@code output}, given {@code upstream} = dL/doutput. */
  static void backward(Tensor output, Input upstream) {
    output.backward(
        upstream.theirs().detach(), new BoolOptional(true), false, new TensorArrayRefOptional());
  }

  static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.numel())];
    new FloatPointer(tensor.detach().to(torch.ScalarType.Float).contiguous().data_ptr())
        .get(values);
    return values;
  }

  static long[] longs(Tensor tensor) {
    long[] values = new long[Math.toIntExact(tensor.numel())];
    new LongPointer(tensor.contiguous().data_ptr()).get(values);
    return values;
  }

  /** Holds the relative Frobenius error to a bound. */
  static void assertNear(String what, Tensor theirs, org.voxkern.Tensor ours, double bound) {
    assertNear(what, floats(theirs), ours.toFloatArray(), bound);
  }

  static void assertGradient(String what, Input theirs, org.voxkern.Tensor ours, double bound) {
    assertNear("gradient of " + what, theirs.gradient(), ours.toFloatArray(), bound);
  }

  private static void assertNear(String what, float[] theirs, float[] ours, double bound) {
    assertEquals(theirs.length, ours.length, what + ": number of elements");
    double squares = 0;
    double off = 0;
    for (int i = 0; i < ours.length; i++) {
      squares += (double) theirs[i] * theirs[i];
      off += ((double) ours[i] - theirs[i]) * ((double) ours[i] - theirs[i]);
    }
    assertTrue(squares > 0, what + ": libtorch's are all 0, which would show nothing");
    double error = Math.sqrt(off / squares);
    assertTrue(error <= bound, what + ": relative error " + error + ", expected " + bound);
  }

  @Override
  public void close() {
    context.close();
  }
}
