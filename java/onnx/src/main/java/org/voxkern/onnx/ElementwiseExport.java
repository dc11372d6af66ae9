package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.integer;
import static org.voxkern.onnx.ExportGraph.number;
import static org.voxkern.onnx.ExportGraph.text;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.graph.Elementwise;
import org.voxkern.graph.Node;
import org.voxkern.graph.Operation;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Unary;

/** Operations on each element in ONNX. */
final class ElementwiseExport {
  private ElementwiseExport() {}

  /** Whether the node's operation is one of these. */
  static boolean add(ExportGraph graph, Node node) {
    Operation operation = node.operation();
    if (operation instanceof Elementwise.Activate activate) {
      activation(graph, activate.activation(), graph.input(node, 0), graph.name(node));
    } else if (operation instanceof Elementwise.OfOne one) {
      ofOne(graph, node, one.function());
    } else if (operation instanceof Elementwise.OfTwo two) {
      ofTwo(graph, node, two.function());
    } else if (operation instanceof Elementwise.Linear linear) {
      linear(graph, node, linear);
    } else if (operation instanceof Elementwise.Clipped clipped) {
      clip(graph, clipped.low(), clipped.high(), graph.input(node, 0), graph.name(node));
    } else if (operation instanceof Elementwise.SoftmaxAlong softmax) {
      graph.put(
          softmax.logarithm() ? "LogSoftmax" : "Softmax",
          graph.name(node),
          graph.inputs(node),
          integer("axis", softmax.axis()));
    } else {
      return false;
    }
    return true;
  }

  static void activation(ExportGraph graph, Activation activation, String from, String to) {
    List<String> inputs = List.of(from);
    AttributeProto alpha = number("alpha", activation.alpha());
    switch (activation.kind()) {
      case NONE -> graph.put("Identity", to, inputs);
      case RELU -> graph.put("Relu", to, inputs);
      case LEAKY_RELU -> graph.put("LeakyRelu", to, inputs, alpha);
      case THRESHOLDED_RELU -> graph.put("ThresholdedRelu", to, inputs, alpha);
      case CLIP -> clip(graph, activation.alpha(), activation.beta(), from, to);
      case ELU -> graph.put("Elu", to, inputs, alpha);
      case SELU -> graph.put("Selu", to, inputs);
      case CELU -> graph.put("Celu", to, inputs, alpha);
      case GELU -> graph.put("Gelu", to, inputs);
      case GELU_TANH -> graph.put("Gelu", to, inputs, text("approximate", "tanh"));
      case SIGMOID -> graph.put("Sigmoid", to, inputs);
      case LOG_SIGMOID -> graph.call("LogSigmoid", to, inputs);
      case HARD_SIGMOID ->
          graph.put("HardSigmoid", to, inputs, alpha, number("beta", activation.beta()));
      case TANH -> graph.put("Tanh", to, inputs);
      case SWISH -> graph.call("Swish", to, inputs, alpha);
      case HARD_SWISH -> graph.put("HardSwish", to, inputs);
      case SOFTPLUS -> {
        if (activation.alpha() == 1) {
          graph.put("Softplus", to, inputs);
        } else {
          graph.call("SoftplusOf", to, inputs, number("beta", activation.alpha()));
        }
      }
      case MISH -> graph.put("Mish", to, inputs);
      case SOFTSIGN -> graph.put("Softsign", to, inputs);
    }
  }

  private static void clip(ExportGraph graph, double low, double high, String from, String to) {
    String least = graph.scalar(to + ".low", low);
    String most = graph.scalar(to + ".high", high);
    graph.put("Clip", to, List.of(from, least, most));
  }

  private static void ofOne(ExportGraph graph, Node node, Unary.Function function) {
    String operator =
        switch (function) {
          case NEGATE -> "Neg";
          case ABSOLUTE -> "Abs";
          case SIGN -> "Sign";
          case FLOOR -> "Floor";
          case CEIL -> "Ceil";
          case ROUND -> "Round";
          case SQRT -> "Sqrt";
          case RECIPROCAL -> "Reciprocal";
          case EXP -> "Exp";
          case LOG -> "Log";
          case ERF -> "Erf";
          case SIN -> "Sin";
          case COS -> "Cos";
          case TAN -> "Tan";
          case ASIN -> "Asin";
          case ACOS -> "Acos";
          case ATAN -> "Atan";
          case SINH -> "Sinh";
          case COSH -> "Cosh";
          case ASINH -> "Asinh";
          case ACOSH -> "Acosh";
          case ATANH -> "Atanh";
          case NOT -> "Not";
          case IS_NAN -> "IsNaN";
          case IS_INF -> "IsInf";
          case RECIPROCAL_SQRT, EXPM1, LOG1P -> null;
        };
    if (operator != null) {
      graph.put(operator, graph.name(node), graph.inputs(node));
      return;
    }
    String call =
        switch (function) {
          case RECIPROCAL_SQRT -> "ReciprocalSqrt";
          case EXPM1 -> "Expm1";
          default -> "Log1p";
        };
    graph.call(call, graph.name(node), graph.inputs(node));
  }

  private static void ofTwo(ExportGraph graph, Node node, Binary.Function function) {
    String name = graph.name(node);
    List<String> inputs = graph.inputs(node);
    ElementType type = node.inputs().get(0).type();
    boolean whole = type != ElementType.F32 && type != ElementType.F64;
    switch (function) {
      case ADD -> graph.put("Add", name, inputs);
      case SUBTRACT -> graph.put("Sub", name, inputs);
      case MULTIPLY -> graph.put("Mul", name, inputs);
      case DIVIDE -> graph.put("Div", name, inputs);
      case POWER -> graph.put("Pow", name, inputs);
      case MIN -> graph.put("Min", name, inputs);
      case MAX -> graph.put("Max", name, inputs);
      case FMOD -> graph.put("Mod", name, inputs, integer("fmod", 1));
      case MOD -> {
        if (!whole) {
          throw new UnsupportedOperationException(
              "ONNX's remainder of real numbers has the dividend's sign");
        }
        graph.put("Mod", name, inputs);
      }
      case EQUAL -> graph.put("Equal", name, inputs);
      case NOT_EQUAL ->
          graph.put("Not", name, List.of(graph.add("Equal", name + ".equal", inputs)));
      case LESS -> graph.put("Less", name, inputs);
      case LESS_OR_EQUAL -> graph.put("LessOrEqual", name, inputs);
      case GREATER -> graph.put("Greater", name, inputs);
      case GREATER_OR_EQUAL -> graph.put("GreaterOrEqual", name, inputs);
      case AND -> graph.put("And", name, inputs);
      case OR -> graph.put("Or", name, inputs);
      case XOR -> graph.put("Xor", name, inputs);
    }
  }

  private static void linear(ExportGraph graph, Node node, Elementwise.Linear linear) {
    ElementType from = node.inputs().get(0).type();
    boolean cast = linear.scale() == 1 && linear.offset() == 0;
    if (cast && from == linear.to()) {
      graph.put("Identity", graph.name(node), graph.inputs(node));
    } else if (cast && (isReal(linear.to()) || linear.to() == ElementType.BOOL)) {
      graph.put(
          "Cast",
          graph.name(node),
          graph.inputs(node),
          integer("to", OnnxTensors.code(linear.to())));
    } else if (from == ElementType.F32 && linear.to() == ElementType.F32) {
      graph.call(
          "Linear",
          graph.name(node),
          graph.inputs(node),
          number("scale", linear.scale()),
          number("offset", linear.offset()),
          text("exact_scale", Double.toHexString(linear.scale())),
          text("exact_offset", Double.toHexString(linear.offset())));
    } else {
      throw new UnsupportedOperationException(
          "ONNX cuts numbers that become whole, and does not round and limit them");
    }
  }

  private static boolean isReal(ElementType type) {
    return switch (type) {
      case F16, BF16, F32, F64 -> true;
      default -> false;
    };
  }
}
