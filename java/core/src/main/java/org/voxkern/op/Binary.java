package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * A function of two tensors, element by element, output = f(a, b), and its gradients.
 *
 * <p>Shapes broadcast as NumPy's do: aligned at the last axis, an axis of size 1 or a missing one
 * repeats along the other's. The gradient of an operand that repeats is the sum over its
 * repetitions. f32, or f64 on the reference backend; f64 and whole numbers of every type have all
 * but the gradients, bool has equality and the logical functions. Integers wrap around and divide
 * towards zero, and what is divided by zero is 0.
 */
public final class Binary {
  /** In the order of {@code vk_binary_function}, which has the choice between FMOD and EQUAL. */
  public enum Function {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    POWER,
    /** NaN where either is. Equal operands have half the gradient each. */
    MIN,
    /** As MIN. */
    MAX,
    /** The remainder with the divisor's sign, as Python has it. */
    MOD,
    /** The remainder with the dividend's sign, as C has it. */
    FMOD,
    /** This and those below write bool. */
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    /** Of bool, as are OR and XOR. */
    AND,
    OR,
    XOR;

    private int code() {
      return ordinal() < EQUAL.ordinal() ? ordinal() : ordinal() + 1;
    }
  }

  private Binary() {}

  /**
   * The shape that two shapes broadcast to.
   *
   * @throws IllegalArgumentException if they do not, naming both
   */
  public static Shape outputShape(Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    long[] sizes = new long[rank];
    for (int axis = 0; axis < rank; axis++) {
      long sizeA = sizeAlong(a, axis - rank);
      long sizeB = sizeAlong(b, axis - rank);
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
        throw new IllegalArgumentException("shapes " + a + " and " + b + " do not broadcast");
      }
      sizes[axis] = sizeA == 1 ? sizeB : sizeA;
    }
    return Shape.of(sizes);
  }

  private static long sizeAlong(Shape shape, int fromTheEnd) {
    int axis = fromTheEnd + shape.rank();
    return axis < 0 ? 1 : shape.size(axis);
  }

  /** The operands', or bool for comparisons and logical functions. */
  public static ElementType outputType(Function function, ElementType operands) {
    return function.ordinal() >= Function.EQUAL.ordinal() ? ElementType.BOOL : operands;
  }

  /**
   * Writes f(a, b) to {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   * @throws UnsupportedOperationException if the function does not take the element type
   */
  public static void apply(Function function, Tensor a, Tensor b, Tensor output) {
    run(function.code(), null, a, b, output);
  }

  /**
   * Writes dvalue/da and dvalue/db, of the shapes of a and b, given dvalue/doutput; either may be
   * null.
   */
  public static void gradient(
      Function function,
      Tensor a,
      Tensor b,
      Tensor outputGradient,
      Tensor gradientA,
      Tensor gradientB) {
    runGradient(function.code(), null, a, b, outputGradient, gradientA, gradientB);
  }

  /**
   * Writes a where the bool {@code condition} holds and b elsewhere; all three broadcast. Takes
   * every element type.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void where(Tensor condition, Tensor a, Tensor b, Tensor output) {
    run(Voxkern.VK_BINARY_WHERE, condition, a, b, output);
  }

  /** The gradients of {@link #where}; either may be null. */
  public static void whereGradient(
      Tensor condition,
      Tensor a,
      Tensor b,
      Tensor outputGradient,
      Tensor gradientA,
      Tensor gradientB) {
    runGradient(Voxkern.VK_BINARY_WHERE, condition, a, b, outputGradient, gradientA, gradientB);
  }

  private static void run(int function, Tensor condition, Tensor a, Tensor b, Tensor output) {
    try (NativeCall call = new NativeCall(a.context())) {
      vk_view c = call.view(condition);
      vk_view left = call.view(a);
      vk_view right = call.view(b);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_binary_plan(call.context(), function, c, left, right, o, plan));
      Status.check(
          Voxkern.vk_binary(
              call.context(), plan, function, c, left, right, call.workspace(plan), o));
    }
  }

  private static void runGradient(
      int function,
      Tensor condition,
      Tensor a,
      Tensor b,
      Tensor outputGradient,
      Tensor gradientA,
      Tensor gradientB) {
    try (NativeCall call = new NativeCall(a.context())) {
      vk_view c = call.view(condition);
      vk_view left = call.view(a);
      vk_view right = call.view(b);
      vk_view dy = call.view(outputGradient);
      vk_view da = call.view(gradientA);
      vk_view db = call.view(gradientB);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_binary_gradient_plan(
              call.context(), function, c, left, right, dy, da, db, plan));
      Status.check(
          Voxkern.vk_binary_gradient(
              call.context(), plan, function, c, left, right, dy, call.workspace(plan), da, db));
    }
  }
}
