package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_unary_params;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * A function of each element, output = f(input), and its gradient, output gradient times f'(input).
 *
 * <p>Any shape; f32 and f64, the gradient of f64 on the reference backend. NEGATE, ABSOLUTE, SIGN
 * and the clip take i32 and i64 too, NOT takes bool. What lies outside a function's domain gives
 * NaN, NaN stays NaN. Relative error below 4e-7 in f32, of the gradient below 2e-6. Gradients of
 * steps are 0, and so is that of ABSOLUTE at 0.
 */
public final class Unary {
  /** In the order of {@code vk_unary_function}, which has the clip between ATANH and NOT. */
  public enum Function {
    NEGATE,
    ABSOLUTE,
    /** -1, 0 or 1. */
    SIGN,
    FLOOR,
    CEIL,
    /** To the nearest whole number, halves to the even one. */
    ROUND,
    SQRT,
    RECIPROCAL_SQRT,
    RECIPROCAL,
    EXP,
    EXPM1,
    LOG,
    LOG1P,
    ERF,
    SIN,
    COS,
    TAN,
    ASIN,
    ACOS,
    ATAN,
    SINH,
    COSH,
    ASINH,
    ACOSH,
    ATANH,
    /** Of bool. */
    NOT,
    /** Writes bool. */
    IS_NAN,
    /** Writes bool. */
    IS_INF;

    private int code() {
      return ordinal() < NOT.ordinal() ? ordinal() : ordinal() + 1;
    }
  }

  private Unary() {}

  /** The input's. */
  public static Shape outputShape(Shape input) {
    return input;
  }

  /** The input's, or bool where the function answers a question. */
  public static ElementType outputType(Function function, ElementType input) {
    return function.ordinal() >= Function.NOT.ordinal() ? ElementType.BOOL : input;
  }

  /**
   * Writes f(input) to {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   * @throws UnsupportedOperationException if the function does not take the element type
   */
  public static void apply(Function function, Tensor input, Tensor output) {
    run(function.code(), 0, 0, input, output);
  }

  /** Writes dvalue/dinput to {@code inputGradient}, given dvalue/doutput. */
  public static void gradient(
      Function function, Tensor input, Tensor outputGradient, Tensor inputGradient) {
    runGradient(function.code(), 0, 0, input, outputGradient, inputGradient);
  }

  /**
   * Writes min(max(input, low), high) to {@code output}. Beyond an integer type's range a bound is
   * its end; as f64 it is exact to 2^53.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or low is above high
   */
  public static void clip(Tensor input, double low, double high, Tensor output) {
    run(Voxkern.VK_UNARY_CLIP, low, high, input, output);
  }

  /** Writes the output's gradient where the input lies in [low, high], else 0. */
  public static void clipGradient(
      Tensor input, double low, double high, Tensor outputGradient, Tensor inputGradient) {
    runGradient(Voxkern.VK_UNARY_CLIP, low, high, input, outputGradient, inputGradient);
  }

  private static void run(int function, double low, double high, Tensor input, Tensor output) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_unary_params params = params(call, function, low, high);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_unary_plan(call.context(), i, params, o, plan));
      Status.check(Voxkern.vk_unary(call.context(), plan, i, params, call.workspace(plan), o));
    }
  }

  private static void runGradient(
      int function,
      double low,
      double high,
      Tensor input,
      Tensor outputGradient,
      Tensor inputGradient) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_unary_params params = params(call, function, low, high);
      vk_view i = call.view(input);
      vk_view dy = call.view(outputGradient);
      vk_view dx = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_unary_gradient_plan(call.context(), i, dy, params, dx, plan));
      Status.check(
          Voxkern.vk_unary_gradient(call.context(), plan, i, dy, params, call.workspace(plan), dx));
    }
  }

  private static vk_unary_params params(NativeCall call, int function, double low, double high) {
    vk_unary_params params = call.own(new vk_unary_params());
    return params.struct_size(params.sizeof()).function(function).low(low).high(high);
  }
}
