package org.voxkern.op;

import java.util.Arrays;
import java.util.Objects;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_pad_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * More elements at the ends of axes, or, with negative numbers, fewer; and the gradient.
 *
 * <p>Any shape and every element type. A border may be wider than the input: it is then mirrored or
 * repeated on. The gradient of an input element is the sum over its copies, in f32, or f64 on the
 * reference backend. Instances are immutable and may be shared by threads.
 */
public final class Pad {
  /** In the order of {@code vk_pad_mode}. */
  public enum Mode {
    CONSTANT,
    /** The last element again. */
    EDGE,
    /** Mirrored about the last element: c b | a b c | b a. */
    REFLECT,
    /** Mirrored about the border behind it: b a | a b c | c b. */
    SYMMETRIC,
    /** From the other end: b c | a b c | a b. */
    WRAP
  }

  private final Mode mode;
  private final long[] begin;
  private final long[] end;
  private final double fill;

  private Pad(Mode mode, long[] begin, long[] end, double fill) {
    this.mode = Objects.requireNonNull(mode, "mode");
    if (begin.length != end.length) {
      throw new IllegalArgumentException(
          "pad: " + begin.length + " axes at the beginning and " + end.length + " at the end");
    }
    this.begin = begin.clone();
    this.end = end.clone();
    this.fill = fill;
  }

  /** So many elements before the first and after the last along each axis, slowest first. */
  public static Pad of(Mode mode, long[] begin, long[] end) {
    return new Pad(mode, begin, end, 0);
  }

  /** With this number, rounded to the element type, in the new elements. */
  public static Pad constant(double fill, long[] begin, long[] end) {
    return new Pad(Mode.CONSTANT, begin, end, fill);
  }

  public Mode mode() {
    return mode;
  }

  /** What is in new elements, of {@link Mode#CONSTANT}. */
  public double fill() {
    return fill;
  }

  /** Elements before the first along each axis. */
  public long[] begin() {
    return begin.clone();
  }

  /** Elements after the last along each axis. */
  public long[] end() {
    return end.clone();
  }

  /**
   * @throws IllegalArgumentException if the shape has another rank or more is cut off than there is
   */
  public Shape outputShape(Shape input) {
    long[] sizes = new long[input.rank()];
    boolean fits = input.rank() == begin.length;
    for (int axis = 0; fits && axis < sizes.length; axis++) {
      sizes[axis] = input.size(axis) + begin[axis] + end[axis];
      fits =
          sizes[axis] >= 0
              && input.size(axis) + begin[axis] >= 0
              && input.size(axis) + end[axis] >= 0;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "pad: input "
              + input
              + " with "
              + Arrays.toString(begin)
              + " before and "
              + Arrays.toString(end)
              + " after");
    }
    return Shape.of(sizes);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or there is nothing
   *     along an axis to pad with
   */
  public void apply(Tensor input, Tensor output) {
    outputShape(input.shape());
    try (NativeCall call = new NativeCall(input.context())) {
      vk_pad_params params = params(call, input.type());
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_pad_plan(call.context(), i, params, o, plan));
      Status.check(Voxkern.vk_pad(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  /** Writes dvalue/dinput to {@code inputGradient}, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    outputShape(inputGradient.shape());
    try (NativeCall call = new NativeCall(outputGradient.context())) {
      vk_pad_params params = params(call, outputGradient.type());
      vk_view dy = call.view(outputGradient);
      vk_view dx = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_pad_gradient_plan(call.context(), dy, params, dx, plan));
      Status.check(
          Voxkern.vk_pad_gradient(call.context(), plan, dy, params, call.workspace(plan), dx));
    }
  }

  private vk_pad_params params(NativeCall call, ElementType type) {
    vk_pad_params params = call.own(new vk_pad_params());
    params
        .struct_size(params.sizeof())
        .mode(mode.ordinal())
        .fill_bits(ElementBits.of("pad", type, fill));
    for (int axis = 0; axis < Shape.MAX_RANK; axis++) {
      params
          .begin(axis, axis < begin.length ? begin[axis] : 0)
          .end(axis, axis < end.length ? end[axis] : 0);
    }
    return params;
  }
}
