package org.voxkern.onnx;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.voxkern.ElementType;
import org.voxkern.graph.Constants;
import org.voxkern.graph.Elementwise;
import org.voxkern.graph.Layouts;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Pools;
import org.voxkern.graph.Products;
import org.voxkern.graph.Recurrent;
import org.voxkern.graph.Reductions;
import org.voxkern.graph.Sampling;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Activation;
import org.voxkern.op.Pad;
import org.voxkern.op.Resize;
import org.voxkern.op.Unary;
import org.voxkern.op.Warp3d;

/** The functions that {@link OnnxExport} writes: each is one operation again. */
final class VoxkernOperators {
  private VoxkernOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Linear", VoxkernOperators::linear);
    operators.put("Dense", node -> dense(node, false));
    operators.put("DenseWithBias", node -> dense(node, true));
    activation(operators, "Swish", "alpha", Activation.Kind.SWISH);
    activation(operators, "SoftplusOf", "beta", Activation.Kind.SOFTPLUS);
    operators.put("LogSigmoid", node -> node.setEach(x -> x.activation(Activation.logSigmoid())));
    unary(operators, "ReciprocalSqrt", Unary.Function.RECIPROCAL_SQRT);
    unary(operators, "Expm1", Unary.Function.EXPM1);
    unary(operators, "Log1p", Unary.Function.LOG1P);
    like(operators, "CenterCrop", new Layouts.CenterCrop());
    like(operators, "ExpandLike", new Reductions.ExpandedLike());
    operators.put(
        "ElementCount", node -> node.set(node.apply(new Constants.Count(), node.real(0))));
    operators.put("ResizeLike", VoxkernOperators::resize);
    operators.put("PadSymmetric", VoxkernOperators::symmetric);
    operators.put(AdaptiveFunctions.name(true), node -> adaptive(node, true));
    operators.put(AdaptiveFunctions.name(false), node -> adaptive(node, false));
    for (Recurrent.Kind kind : Recurrent.Kind.values()) {
      for (boolean initial : new boolean[] {false, true}) {
        operators.put(
            Functions.recurrent(new Recurrent(kind, false, initial)),
            node -> recurrent(node, kind, initial));
      }
    }
    for (Warp3d.Border border : Warp3d.Border.values()) {
      if (border != Warp3d.Border.PERIODIC) {
        operators.put(
            Functions.warp(border),
            node -> node.set(node.apply(new Sampling.Warped(border), node.real(0), node.real(1))));
      }
    }
    for (int steps = 0; steps <= 20; steps++) {
      Sampling.Flow flow = new Sampling.Flow(steps);
      operators.put(
          Functions.SCALING_AND_SQUARING + steps, node -> node.set(node.apply(flow, node.real(0))));
    }
  }

  private static void unary(Map<String, Mapper> operators, String name, Unary.Function function) {
    operators.put(name, node -> node.setEach(value -> value.unary(function)));
  }

  private static void activation(
      Map<String, Mapper> operators, String name, String parameter, Activation.Kind kind) {
    operators.put(
        name,
        node -> {
          Activation function = Activation.of(kind, node.attributes().number(parameter, 1), 0);
          node.setEach(value -> value.activation(function));
        });
  }

  /** Of a value, and another whose shape counts. */
  private static void like(Map<String, Mapper> operators, String name, Operation operation) {
    operators.put(name, node -> node.set(node.apply(operation, node.value(0), node.value(1))));
  }

  private static void resize(NodeImport node) {
    Resize resize = ResizeOperators.settings(node).build();
    node.set(node.apply(new Sampling.ResizedLike(resize), node.real(0), node.real(1)));
  }

  private static void linear(NodeImport node) {
    Attributes attributes = node.attributes();
    attributes.ignore("scale", "offset");
    double scale = Double.parseDouble(attributes.text("exact_scale", "1"));
    double offset = Double.parseDouble(attributes.text("exact_offset", "0"));
    Elementwise.Linear linear = new Elementwise.Linear(scale, offset, ElementType.F32);
    node.setEach(value -> value.apply(linear));
  }

  private static void adaptive(NodeImport node, boolean max) {
    List<Long> sizes =
        AdaptiveFunctions.SIZES.stream().map(name -> node.attributes().required(name)).toList();
    Pools.Adaptive pool = new Pools.Adaptive(max, sizes.get(0), sizes.get(1), sizes.get(2));
    node.set(node.apply(pool, node.real(0)));
  }

  private static void symmetric(NodeImport node) {
    Attributes attributes = node.attributes();
    int axis = node.axis(0, attributes.required("axis"));
    long[] begin = new long[node.rank(0)];
    long[] end = new long[node.rank(0)];
    begin[axis] = attributes.required("begin");
    end[axis] = attributes.required("end");
    node.set(node.named(node.value(0)).pad(Pad.of(Pad.Mode.SYMMETRIC, begin, end)));
  }

  private static void recurrent(NodeImport node, Recurrent.Kind kind, boolean initial) {
    node.attributes().ignore("hidden_size");
    boolean reverse =
        node.attributes().word("direction", "forward", "forward", "reverse").equals("reverse");
    Value[] inputs =
        IntStream.range(0, node.inputCount()).mapToObj(node::real).toArray(Value[]::new);
    Value output = node.apply(new Recurrent(kind, reverse, initial), inputs);
    node.set(output);
    for (int state = 1; state <= kind.stateCount(); state++) {
      if (node.wants(state)) {
        node.set(state, output.further(state));
      }
    }
  }

  private static void dense(NodeImport node, boolean bias) {
    Products.Linear linear = new Products.Linear(bias, Activation.none());
    Value input = node.real(0);
    Value weights = node.real(1);
    node.setReal(
        bias
            ? node.apply(linear, input, weights, node.real(2))
            : node.apply(linear, input, weights));
  }
}
