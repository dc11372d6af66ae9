package org.voxkern.onnx;

import java.util.Map;
import java.util.Set;
import org.voxkern.ElementType;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Binary;
import org.voxkern.op.Unary;

/** Functions of each element of one tensor, or of those that meet in several. */
final class ElementwiseOperators {
  private static final Set<ElementType> HALVES = Set.of(ElementType.F16, ElementType.BF16);

  /** The second input where the first holds, else the third. */
  static final Step WHERE =
      Step.ofOne(
              "where",
              inputs -> inputs.get(0).broadcast(inputs.get(1)).broadcast(inputs.get(2)),
              (in, out) -> Binary.where(in.get(0), in.get(1), in.get(2), out.get(0)))
          .sameTypeAs(1);

  private ElementwiseOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    unary(operators, "Floor", Unary.Function.FLOOR);
    unary(operators, "Ceil", Unary.Function.CEIL);
    unary(operators, "Round", Unary.Function.ROUND);
    unary(operators, "Sqrt", Unary.Function.SQRT);
    unary(operators, "Reciprocal", Unary.Function.RECIPROCAL);
    unary(operators, "Exp", Unary.Function.EXP);
    unary(operators, "Log", Unary.Function.LOG);
    unary(operators, "Erf", Unary.Function.ERF);
    unary(operators, "Sin", Unary.Function.SIN);
    unary(operators, "Cos", Unary.Function.COS);
    unary(operators, "Tan", Unary.Function.TAN);
    unary(operators, "Asin", Unary.Function.ASIN);
    unary(operators, "Acos", Unary.Function.ACOS);
    unary(operators, "Atan", Unary.Function.ATAN);
    unary(operators, "Sinh", Unary.Function.SINH);
    unary(operators, "Cosh", Unary.Function.COSH);
    unary(operators, "Asinh", Unary.Function.ASINH);
    unary(operators, "Acosh", Unary.Function.ACOSH);
    unary(operators, "Atanh", Unary.Function.ATANH);
    unary(operators, "Neg", Unary.Function.NEGATE);
    unary(operators, "Abs", Unary.Function.ABSOLUTE);
    unary(operators, "Sign", Unary.Function.SIGN);
    operators.put("Not", node -> node.set(node.named(node.value(0)).unary(Unary.Function.NOT)));
    operators.put("IsNaN", node -> node.set(node.named(node.real(0)).unary(Unary.Function.IS_NAN)));
    operators.put("IsInf", ElementwiseOperators::isInfinite);
    binary(operators, "Add", Binary.Function.ADD);
    binary(operators, "Sub", Binary.Function.SUBTRACT);
    binary(operators, "Mul", Binary.Function.MULTIPLY);
    binary(operators, "Div", Binary.Function.DIVIDE);
    operators.put("Pow", ElementwiseOperators::power);
    operators.put("Mod", ElementwiseOperators::remainder);
    compare(operators, "Equal", Binary.Function.EQUAL);
    compare(operators, "Less", Binary.Function.LESS);
    compare(operators, "LessOrEqual", Binary.Function.LESS_OR_EQUAL);
    compare(operators, "Greater", Binary.Function.GREATER);
    compare(operators, "GreaterOrEqual", Binary.Function.GREATER_OR_EQUAL);
    compare(operators, "And", Binary.Function.AND);
    compare(operators, "Or", Binary.Function.OR);
    compare(operators, "Xor", Binary.Function.XOR);
    operators.put("Sum", node -> all(node, Binary.Function.ADD, false));
    operators.put("Mean", node -> all(node, Binary.Function.ADD, true));
    operators.put("Max", node -> all(node, Binary.Function.MAX, false));
    operators.put("Min", node -> all(node, Binary.Function.MIN, false));
    operators.put("Clip", ElementwiseOperators::clip);
    operators.put(
        "Where", node -> node.set(node.apply(WHERE, node.value(0), node.value(1), node.value(2))));
  }

  private static void unary(Map<String, Mapper> operators, String name, Unary.Function function) {
    boolean ofIntegers =
        function == Unary.Function.NEGATE
            || function == Unary.Function.ABSOLUTE
            || function == Unary.Function.SIGN;
    operators.put(
        name,
        node -> {
          ElementType type = node.type(0);
          boolean whole = ofIntegers && (type == ElementType.I32 || type == ElementType.I64);
          if (whole || type == ElementType.F64) {
            node.set(node.named(node.value(0)).unary(function));
          } else {
            node.setEach(value -> value.unary(function));
          }
        });
  }

  private static void isInfinite(NodeImport node) {
    boolean negative = node.attributes().flag("detect_negative", true);
    boolean positive = node.attributes().flag("detect_positive", true);
    Value input = node.real(0);
    if (negative == positive) {
      Value infinite = input.unary(Unary.Function.IS_INF);
      node.set(positive ? infinite : infinite.binary(Binary.Function.XOR, infinite));
      return;
    }
    double which = positive ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    node.set(input.binary(Binary.Function.EQUAL, node.scalar(which, ElementType.F32)));
  }

  private static void binary(Map<String, Mapper> operators, String name, Binary.Function function) {
    operators.put(
        name,
        node -> {
          if (!node.setOfVolumes(function)) {
            setArithmetic(
                node, node.named(arithmetic(node, 0)).binary(function, arithmetic(node, 1)));
          }
        });
  }

  /** An input that arithmetic takes: halves as f32. */
  static Value arithmetic(NodeImport node, int input) {
    if (node.type(input) == ElementType.BOOL) {
      throw node.unsupportedType(input, "numbers");
    }
    return HALVES.contains(node.type(input)) ? node.real(input) : node.value(input);
  }

  static void setArithmetic(NodeImport node, Value value) {
    node.set(value.cast(node.type(0)));
  }

  private static void compare(
      Map<String, Mapper> operators, String name, Binary.Function function) {
    operators.put(
        name,
        node -> {
          Value a = node.type(0) == ElementType.BOOL ? node.value(0) : arithmetic(node, 0);
          Value b = node.type(1) == ElementType.BOOL ? node.value(1) : arithmetic(node, 1);
          node.set(node.named(a).binary(function, b));
        });
  }

  /** The output has the first input's type, also where the exponent has another. */
  private static void power(NodeImport node) {
    ElementType type = node.type(0);
    ElementType exponent = node.type(1);
    if (type == exponent && !isReal(type)) {
      node.set(node.named(node.value(0)).binary(Binary.Function.POWER, node.value(1)));
      return;
    }
    if (isReal(type)) {
      Value power = isReal(exponent) ? node.real(1) : node.value(1).cast(ElementType.F32);
      node.setReal(node.named(node.real(0)).binary(Binary.Function.POWER, power));
      return;
    }
    Value base = node.value(0).cast(ElementType.F64);
    Value power =
        node.named(base).binary(Binary.Function.POWER, node.value(1).cast(ElementType.F64));
    node.set(CastOperators.cast(power, type));
  }

  private static boolean isReal(ElementType type) {
    return type == ElementType.F32 || HALVES.contains(type);
  }

  private static void remainder(NodeImport node) {
    boolean sameSignAsDividend = node.attributes().flag("fmod", false);
    Binary.Function function = sameSignAsDividend ? Binary.Function.FMOD : Binary.Function.MOD;
    setArithmetic(node, node.named(arithmetic(node, 0)).binary(function, arithmetic(node, 1)));
  }

  private static void all(NodeImport node, Binary.Function function, boolean mean) {
    Value result = arithmetic(node, 0);
    for (int input = 1; input < node.inputCount(); input++) {
      result = result.binary(function, arithmetic(node, input));
    }
    if (mean && node.inputCount() > 1) {
      Value count = node.scalar(node.inputCount(), result.type());
      result = result.divide(count);
    }
    setArithmetic(node, result);
  }

  /** Bounds are attributes before version 11, then inputs; where they cross, the upper one wins. */
  private static void clip(NodeImport node) {
    boolean old = node.opset() < 11;
    if (old || boundsAreKnown(node)) {
      double low = bound(node, old, "min", 1, Double.NEGATIVE_INFINITY);
      double high = bound(node, old, "max", 2, Double.POSITIVE_INFINITY);
      if (low <= high && isReal(node.type(0))) {
        node.setEach(value -> value.clip(low, high));
        return;
      }
    }
    Value result = arithmetic(node, 0);
    if (node.has(1)) {
      result = result.binary(Binary.Function.MAX, arithmetic(node, 1));
    }
    if (node.has(2)) {
      result = result.binary(Binary.Function.MIN, arithmetic(node, 2));
    }
    setArithmetic(node, result);
  }

  private static boolean boundsAreKnown(NodeImport node) {
    return (!node.has(1) || node.operand(1).tensor() != null)
        && (!node.has(2) || node.operand(2).tensor() != null);
  }

  private static double bound(
      NodeImport node, boolean old, String attribute, int input, double missing) {
    if (old) {
      return node.attributes().number(attribute, missing);
    }
    return node.has(input) ? node.number(input) : missing;
  }
}
