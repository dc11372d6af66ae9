package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.flag;
import static org.voxkern.onnx.ExportGraph.integer;
import static org.voxkern.onnx.ExportGraph.integers;
import static org.voxkern.onnx.ExportGraph.text;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.voxkern.Shape;
import org.voxkern.graph.Recurrent;
import org.voxkern.op.Warp3d;

/** Functions of the domain {@code org.voxkern} in terms of ONNX's operators. */
final class Functions {
  /** Before the number of squarings. */
  static final String SCALING_AND_SQUARING = "ScalingAndSquaring";

  private static final int OPSET = 21;

  private final FunctionProto.Builder function = FunctionProto.newBuilder();

  Functions(String name, List<String> inputs, String... attributes) {
    function
        .setDomain(ExportGraph.DOMAIN)
        .setName(name)
        .addAllInput(inputs)
        .addOutput("y")
        .addAllAttribute(List.of(attributes))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
        .addOpsetImport(
            OperatorSetIdProto.newBuilder().setDomain(ExportGraph.DOMAIN).setVersion(1));
  }

  /** The function that warps with a border. */
  static String warp(Warp3d.Border border) {
    return switch (border) {
      case CONSTANT -> "WarpConstant";
      case CLAMP -> "WarpClamp";
      case MIRROR -> "WarpMirror";
      case PERIODIC ->
          throw new UnsupportedOperationException("ONNX does not sample what is periodic");
    };
  }

  /** The function of a recurrent layer. */
  static String recurrent(Recurrent layer) {
    String cell = layer.kind() == Recurrent.Kind.LSTM ? "Lstm" : "Gru";
    return layer.initial() ? cell + "FromState" : cell;
  }

  /** Functions by name, and those that they call. */
  static List<FunctionProto> of(Set<String> names) {
    Set<String> all = new TreeSet<>(names);
    if (names.stream().anyMatch(name -> name.startsWith(SCALING_AND_SQUARING))) {
      all.add(warp(Warp3d.Border.CLAMP));
    }
    return all.stream().map(Functions::of).toList();
  }

  private static FunctionProto of(String name) {
    if (name.startsWith(SCALING_AND_SQUARING)) {
      return flow(name);
    }
    List<String> one = List.of("x");
    return switch (name) {
      case "Linear" -> {
        Functions linear =
            new Functions(name, one, "scale", "offset", "exact_scale", "exact_offset");
        String product = linear.add("Mul", "product", "x", linear.attribute("scale"));
        yield linear.result("Add", product, linear.attribute("offset"));
      }
      case "Dense", "DenseWithBias" -> dense(name);
      case "Lstm", "LstmFromState", "Gru", "GruFromState" ->
          RecurrentFunctions.of(name.startsWith("Lstm"), name.endsWith("FromState"));
      case "Swish" -> {
        Functions swish = new Functions(name, one, "alpha");
        String inner = swish.add("Mul", "inner", "x", swish.attribute("alpha"));
        yield swish.result("Mul", "x", swish.add("Sigmoid", "gate", inner));
      }
      case "SoftplusOf" -> {
        Functions softplus = new Functions(name, one, "beta");
        String beta = softplus.attribute("beta");
        String inner = softplus.add("Mul", "inner", "x", beta);
        yield softplus.result("Div", softplus.add("Softplus", "outer", inner), beta);
      }
      case "LogSigmoid" -> {
        Functions log = new Functions(name, one);
        yield log.result("Neg", log.add("Softplus", "softplus", log.add("Neg", "minus", "x")));
      }
      case "ReciprocalSqrt" -> {
        Functions root = new Functions(name, one);
        yield root.result("Reciprocal", root.add("Sqrt", "root", "x"));
      }
      case "Expm1" -> expm1();
      case "Log1p" -> log1p();
      case "PadSymmetric" -> symmetric();
      case "AdaptiveMaxPool", "AdaptiveAveragePool" ->
          AdaptiveFunctions.of(name.equals(AdaptiveFunctions.name(true)));
      case "CenterCrop" -> crop();
      case "ResizeLike" -> resize();
      case "ExpandLike" -> {
        Functions expand = new Functions(name, List.of("x", "like"));
        yield expand.result("Expand", "x", expand.add("Shape", "shape", "like"));
      }
      case "ElementCount" -> {
        Functions count = new Functions(name, one);
        List<String> size = List.of(count.add("Size", "size", "x"));
        count.add("Cast", "y", size, integer("to", 1));
        yield count.function.build();
      }
      case "WarpConstant" -> warped(name, Warp3d.Border.CONSTANT);
      case "WarpClamp" -> warped(name, Warp3d.Border.CLAMP);
      case "WarpMirror" -> warped(name, Warp3d.Border.MIRROR);
      default -> throw new IllegalStateException("no function " + name);
    };
  }

  String add(String operator, String output, String... inputs) {
    return add(operator, output, List.of(inputs));
  }

  String add(String operator, String output, List<String> inputs, AttributeProto... attributes) {
    return add(operator, List.of(output), inputs, attributes);
  }

  /** Gives the name of the first output. */
  String add(
      String operator, List<String> outputs, List<String> inputs, AttributeProto... attributes) {
    function.addNode(ExportGraph.node(operator, outputs, inputs, attributes));
    return outputs.get(0);
  }

  FunctionProto withResult(String value) {
    return result("Identity", value);
  }

  /** With outputs beyond the first. */
  FunctionProto withOutputs(List<String> further) {
    return function.addAllOutput(further).build();
  }

  private FunctionProto result(String operator, String... inputs) {
    add(operator, "y", inputs);
    return function.build();
  }

  /** An attribute of the function, as a scalar. */
  private String attribute(String name) {
    AttributeProto.AttributeType type = AttributeProto.AttributeType.FLOAT;
    return add("Constant", name, List.of(), reference("value_float", type, name));
  }

  /** The same of a whole number. */
  String whole(String name) {
    AttributeProto.AttributeType type = AttributeProto.AttributeType.INT;
    return add("Constant", name, List.of(), reference("value_int", type, name));
  }

  /** An attribute of an operator that is one of the function. */
  static AttributeProto reference(
      String name, AttributeProto.AttributeType type, String ofFunction) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(type)
        .setRefAttrName(ofFunction)
        .build();
  }

  String constant(String name, TensorProto values) {
    return add("Constant", name, List.of(), ExportGraph.value(values));
  }

  String scalar(String name, double value) {
    return constant(name, ExportGraph.floats(Shape.of(), (float) value));
  }

  /** x mirrored about the borders of an axis, which stand twice: a period is there and back. */
  private static FunctionProto symmetric() {
    Functions pad = new Functions("PadSymmetric", List.of("x"), "axis", "begin", "end");
    String one = pad.constant("one", ExportGraph.whole(1));
    String two = pad.constant("two", ExportGraph.whole(2));
    String size = pad.add("Gather", "size", pad.add("Shape", "shape", "x"), pad.whole("axis"));
    String first = pad.add("Neg", "first", pad.whole("begin"));
    String past = pad.add("Add", "past", size, pad.whole("end"));
    String period = pad.add("Mul", "period", size, two);
    String at = pad.add("Mod", "at", pad.add("Range", "range", first, past, one), period);
    String back = pad.add("Sub", "back", pad.add("Sub", "last", period, one), at);
    List<String> picked = List.of("x", pad.add("Min", "place", at, back));
    pad.add("Gather", "y", picked, reference("axis", AttributeProto.AttributeType.INT, "axis"));
    return pad.function.build();
  }

  /** The middle of the space of x, as large as that of another. */
  private static FunctionProto crop() {
    Functions crop = new Functions("CenterCrop", List.of("x", "like"));
    String whole = crop.add("Shape", "whole", List.of("x"), integer("start", 2));
    String part = crop.add("Shape", "part", List.of("like"), integer("start", 2));
    String margin = crop.add("Sub", "margin", whole, part);
    String two = crop.constant("two", ExportGraph.longs(2));
    String begin = crop.add("Div", "begin", margin, two);
    String end = crop.add("Add", "end", begin, part);
    String rank = crop.add("Size", "rank", crop.add("Shape", "shape", "x"));
    String first = crop.constant("first", ExportGraph.whole(2));
    String axes =
        crop.add("Range", "axes", first, rank, crop.constant("step", ExportGraph.whole(1)));
    return crop.result("Slice", "x", begin, end, axes);
  }

  /** To the space of another volume. */
  private static FunctionProto resize() {
    String[] attributes = {
      "mode",
      "coordinate_transformation_mode",
      "nearest_mode",
      "cubic_coeff_a",
      "exclude_outside",
      "antialias"
    };
    Functions resize = new Functions("ResizeLike", List.of("x", "like"), attributes);
    String batch = resize.add("Shape", "batch", List.of("x"), integer("end", 2));
    String space = resize.add("Shape", "space", List.of("like"), integer("start", 2));
    String sizes = resize.add("Concat", "sizes", List.of(batch, space), integer("axis", 0));
    AttributeProto.AttributeType[] types = {
      AttributeProto.AttributeType.STRING,
      AttributeProto.AttributeType.STRING,
      AttributeProto.AttributeType.STRING,
      AttributeProto.AttributeType.FLOAT,
      AttributeProto.AttributeType.INT,
      AttributeProto.AttributeType.INT
    };
    AttributeProto[] references = new AttributeProto[types.length];
    for (int i = 0; i < types.length; i++) {
      references[i] = reference(attributes[i], types[i], attributes[i]);
    }
    resize.add("Resize", "y", List.of("x", "", "", sizes), references);
    return resize.function.build();
  }

  private static FunctionProto dense(String name) {
    boolean bias = name.endsWith("Bias");
    Functions dense =
        new Functions(name, bias ? List.of("x", "weights", "bias") : List.of("x", "weights"));
    String turned = dense.add("Transpose", "turned", List.of("weights"), integers("perm", 1, 0));
    return bias
        ? dense.result("Add", dense.add("MatMul", "product", "x", turned), "bias")
        : dense.result("MatMul", "x", turned);
  }

  /** e^x - 1 = 2 t / (1 - t), t = tanh(x / 2), where the difference would cancel. */
  private static FunctionProto expm1() {
    Functions expm1 = new Functions("Expm1", List.of("x"));
    String one = expm1.scalar("one", 1);
    String two = expm1.scalar("two", 2);
    String far = expm1.add("Sub", "far", expm1.add("Exp", "power", "x"), one);
    String t = expm1.add("Tanh", "t", expm1.add("Div", "half", "x", two));
    String numerator = expm1.add("Mul", "numerator", t, two);
    String near = expm1.add("Div", "near", numerator, expm1.add("Sub", "rest", one, t));
    return expm1.chosen(near, far, one);
  }

  /** log(1 + x) = 2 artanh(x / (2 + x)) where the sum would lose digits. */
  private static FunctionProto log1p() {
    Functions log1p = new Functions("Log1p", List.of("x"));
    String two = log1p.scalar("two", 2);
    String far = log1p.add("Log", "far", log1p.add("Add", "sum", "x", log1p.scalar("one", 1)));
    String ratio = log1p.add("Div", "ratio", "x", log1p.add("Add", "more", "x", two));
    String near = log1p.add("Mul", "near", log1p.add("Atanh", "area", ratio), two);
    return log1p.chosen(near, far, log1p.scalar("bound", 0.5));
  }

  private FunctionProto chosen(String near, String far, String bound) {
    return result("Where", add("Less", "small", add("Abs", "size", "x"), bound), near, far);
  }

  /** Image (N, C, D, H, W) where a displacement (N, 3, D, H, W) in voxels takes each voxel. */
  private static FunctionProto warped(String name, Warp3d.Border border) {
    Functions warp = new Functions(name, List.of("image", "field"));
    // Positions count from the outer faces, but mirrors stand at the centres of the outer voxels.
    boolean centers = border == Warp3d.Border.MIRROR;
    String two = warp.scalar("two", 2);
    String space = warp.add("Shape", "space", List.of("image"), integer("start", 2));
    String backwards = warp.constant("backwards", ExportGraph.longs(2, 1, 0));
    String sizes = warp.add("Gather", "sizes", space, backwards);
    String extent = warp.add("Cast", "extent", List.of(sizes), integer("to", 1));
    if (centers) {
      String one = warp.scalar("one", 1);
      extent = warp.add("Max", "between", warp.add("Sub", "less", extent, one), one);
    }
    String voxel = warp.add("Div", "voxel", two, extent);
    String identity =
        warp.constant(
            "identity", ExportGraph.floats(Shape.of(1, 3, 4), 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0));
    String batch = warp.add("Shape", "batch", List.of("field"), integer("end", 1));
    String matrix = warp.constant("matrix", ExportGraph.longs(3, 4));
    String maps = warp.add("Concat", "maps", List.of(batch, matrix), integer("axis", 0));
    String theta = warp.add("Expand", "theta", identity, maps);
    String grid = warp.add("Shape", "grid", "field");
    String still =
        warp.add("AffineGrid", "still", List.of(theta, grid), flag("align_corners", centers));
    String last = warp.add("Transpose", "last", List.of("field"), integers("perm", 0, 2, 3, 4, 1));
    String moved = warp.add("Add", "moved", still, warp.add("Mul", "offset", last, voxel));
    AttributeProto[] attributes = {
      text("mode", "linear"),
      text("padding_mode", centers ? "reflection" : "border"),
      flag("align_corners", centers)
    };
    List<String> sampled = List.of("image", moved);
    if (border != Warp3d.Border.CONSTANT) {
      warp.add("GridSample", "y", sampled, attributes);
      return warp.function.build();
    }
    String inside = warp.add("GridSample", "sample", sampled, attributes);
    String above = warp.add("GreaterOrEqual", "above", moved, warp.scalar("low", -1));
    String below = warp.add("Less", "below", moved, warp.scalar("high", 1));
    String both = warp.add("And", "both", above, below);
    String marks = warp.add("Cast", "marks", List.of(both), integer("to", 1));
    String axis = warp.constant("axis", ExportGraph.longs(-1));
    List<String> all = List.of(marks, axis);
    String mask = warp.add("ReduceMin", "mask", all, flag("keepdims", false));
    String channel = warp.constant("channel", ExportGraph.longs(1));
    return warp.result("Mul", inside, warp.add("Unsqueeze", "masks", mask, channel));
  }

  /** u = v / 2^n, then n times u + u warped by u. */
  private static FunctionProto flow(String name) {
    int steps = Integer.parseInt(name.substring(SCALING_AND_SQUARING.length()));
    Functions flow = new Functions(name, List.of("velocity"));
    String field = flow.add("Mul", "u", "velocity", flow.scalar("scale", Math.scalb(1.0, -steps)));
    List<String> fields = new ArrayList<>(List.of(field));
    for (int step = 0; step < steps; step++) {
      String u = fields.get(step);
      NodeProto warped =
          ExportGraph.node(warp(Warp3d.Border.CLAMP), u + ".warped", List.of(u, u)).toBuilder()
              .setDomain(ExportGraph.DOMAIN)
              .build();
      flow.function.addNode(warped);
      fields.add(flow.add("Add", "u" + (step + 1), u, warped.getOutput(0)));
    }
    return flow.result("Identity", fields.get(steps));
  }
}
