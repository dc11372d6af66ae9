package org.voxkern.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.testing.SplitMix64;

/** Operators in the versions that older files have, beside ONNX Runtime. */
class OlderOperatorsTest {
  private static final Shape SHAPE = Shape.of(2, 3, 6, 5);

  @TempDir Path folder;

  /** Of an input x, to outputs y, and maybe z. */
  private static Map<String, Models> models() {
    Map<String, Models> models = new LinkedHashMap<>();
    put(models, 12, "Softmax", "x");
    put(models, 11, "Softmax", "x", ExportGraph.integer("axis", 2));
    put(models, 11, "LogSoftmax", "x", ExportGraph.integer("axis", -1));
    put(models, 12, "Hardmax", "x", ExportGraph.integer("axis", 3));
    put(models, 7, "Clip", "x", ExportGraph.number("min", -0.2), ExportGraph.number("max", 0.3));
    put(models, 10, "Clip", "x", ExportGraph.number("max", 0.1));
    put(
        models,
        9,
        "Slice",
        "x",
        ExportGraph.integers("starts", 1, -3),
        ExportGraph.integers("ends", 9, -1),
        ExportGraph.integers("axes", 1, 2));
    put(
        models,
        10,
        "Pad",
        "x",
        ExportGraph.integers("pads", 0, 0, 1, 2, 0, 0, 3, 0),
        ExportGraph.number("value", 0.5));
    put(
        models,
        10,
        "Pad",
        "x",
        ExportGraph.text("mode", "reflect"),
        ExportGraph.integers("pads", 0, 0, 1, 2, 0, 0, 3, 0));
    put(models, 12, "ReduceSum", "x", ExportGraph.integers("axes", 1, -1));
    put(
        models,
        13,
        "ReduceMean",
        "x",
        ExportGraph.integers("axes", 1),
        ExportGraph.integer("keepdims", 0));
    put(models, 11, "ReduceL2", "x");
    put(models, 11, "ReduceLogSumExp", "x", ExportGraph.integers("axes", 0, 2));
    put(models, 11, "Unsqueeze", "x", ExportGraph.integers("axes", 0, 3));
    put(models, 7, "Flatten", "x", ExportGraph.integer("axis", 2));
    put(models, 7, "Dropout", "x", ExportGraph.number("ratio", 0.4));
    put(
        models,
        7,
        "LpNormalization",
        "x",
        ExportGraph.integer("p", 1),
        ExportGraph.integer("axis", 1));
    put(models, 7, "GlobalLpPool", "x", ExportGraph.integer("p", 3));
    put(models, 9, "MeanVarianceNormalization", "x");
    put(models, 9, "EyeLike", "x2", ExportGraph.integer("k", 1));
    put(
        models,
        11,
        "DepthToSpace",
        "x4",
        ExportGraph.integer("blocksize", 2),
        ExportGraph.text("mode", "CRD"));
    put(
        models,
        9,
        "Shrink",
        "x",
        ExportGraph.number("lambd", 0.3),
        ExportGraph.number("bias", 0.1));
    put(models, 7, "Elu", "x", ExportGraph.number("alpha", 0.7));
    put(models, 7, "Selu", "x", ExportGraph.number("alpha", 1.5), ExportGraph.number("gamma", 1.1));
    put(models, 12, "Celu", "x", ExportGraph.number("alpha", 1.5));
    put(models, 10, "ThresholdedRelu", "x", ExportGraph.number("alpha", 0.3));
    put(
        models,
        7,
        "AveragePool",
        "x",
        ExportGraph.integers("kernel_shape", 3, 2),
        ExportGraph.text("auto_pad", "SAME_LOWER"),
        ExportGraph.integers("strides", 2, 2));
    models.put(
        "Upsample 7",
        start(7).node("Upsample", "x", "y", floats("scales", 1, 1, 2, 3)).output("y"));
    models.put(
        "Upsample 9, linear",
        start(9)
            .weight("scales", Shape.of(4), 1, 1, 2, 2.5f)
            .node("Upsample", "x scales", "y", ExportGraph.text("mode", "linear"))
            .output("y"));
    models.put(
        "Resize 10",
        start(10)
            .weight("scales", Shape.of(4), 1, 1, 0.6f, 1.5f)
            .node("Resize", "x scales", "y")
            .output("y"));
    models.put(
        "Split 11",
        start(11)
            .node(
                "Split",
                "x",
                "y z",
                ExportGraph.integer("axis", 1),
                ExportGraph.integers("split", 1, 2))
            .output("y")
            .output("z"));
    models.put(
        "TopK 9",
        start(9)
            .node("TopK", "x", "y i", ExportGraph.integer("axis", 1), ExportGraph.integer("k", 2))
            .output("y"));
    models.put(
        "Squeeze 11",
        start(11)
            .node("ReduceMax", "x", "a", ExportGraph.integers("axes", 2, 1))
            .node("Squeeze", "a", "y", ExportGraph.integers("axes", 1, 2))
            .output("y"));
    models.put(
        "BatchNormalization 7",
        start(7)
            .weight("s", Shape.of(3), 1, 2, 3)
            .weight("b", Shape.of(3), 0.1f, 0.2f, 0.3f)
            .weight("m", Shape.of(3), 0.5f, -0.5f, 0)
            .weight("v", Shape.of(3), 1, 0.5f, 2)
            .node("BatchNormalization", "x s b m v", "y", ExportGraph.number("epsilon", 1e-3))
            .output("y"));
    models.put(
        "GroupNormalization 18",
        start(18)
            .weight("s", Shape.of(3), 1, 2, 3)
            .weight("b", Shape.of(3), 0.1f, 0.2f, 0.3f)
            .node("GroupNormalization", "x s b", "y", ExportGraph.integer("num_groups", 3))
            .output("y"));
    models.put(
        "PRelu, slopes of voxels",
        start(16)
            .weight("s", Shape.of(5), 0.1f, 0.2f, 0.3f, 0.4f, -0.5f)
            .node("PRelu", "x s", "y")
            .output("y"));
    models.put(
        "OneHot",
        start(11)
            .longs("depth", 4)
            .weight("values", Shape.of(2), -1, 2)
            .node(
                "ArgMax",
                "x",
                "a",
                ExportGraph.integer("axis", 1),
                ExportGraph.integer("keepdims", 0))
            .node("OneHot", "a depth values", "y", ExportGraph.integer("axis", 1))
            .output("y"));
    models.put(
        "Trilu, Cast",
        start(14)
            .node("Trilu", "x", "a", ExportGraph.integer("upper", 0))
            .weight("nine", Shape.of(), 9)
            .node("Mul", "a nine", "b")
            .node("Cast", "b", "c", ExportGraph.integer("to", 6))
            .node("Cast", "c", "y", ExportGraph.integer("to", 1))
            .output("y"));
    models.put(
        "LayerNormalization, broadcast",
        start(17)
            .weight("s", Shape.of(5), 1, 2, 3, 4, 5)
            .node("LayerNormalization", "x s", "y", ExportGraph.integer("axis", -1))
            .output("y"));
    models.put(
        "in f64",
        start(18)
            .node("Cast", "x", "a", ExportGraph.integer("to", 11))
            .node("Exp", "a", "b")
            .node("ReduceSum", "b", "c")
            .node("Log", "c", "d")
            .node("ReduceLogSumExp", "a", "e")
            .node("Sub", "d e", "f")
            .node("Add", "f d", "g")
            .node("Cast", "g", "y", ExportGraph.integer("to", 1))
            .output("y"));
    models.put(
        "RMSNormalization",
        start(23)
            .weight("s", Shape.of(5), 1, 2, 3, 4, 5)
            .node("RMSNormalization", "x s", "y")
            .output("y"));
    models.put(
        "infinities",
        start(20)
            .weight("zero", Shape.of(), 0)
            .node("Relu", "x", "a")
            .node("Sign", "x", "s")
            .node("Div", "s a", "b")
            .node("IsInf", "b", "c", ExportGraph.integer("detect_positive", 0))
            .node("IsInf", "b", "d", ExportGraph.integer("detect_negative", 0))
            .node("IsNaN", "b", "e")
            .node("Or", "c e", "f")
            .node("Where", "f x s", "g")
            .node("Where", "d zero g", "y")
            .output("y"));
    models.put(
        "bits",
        start(18)
            .longs("mask", 0x0f0f)
            .weight("large", Shape.of(), 100000)
            .node("Mul", "x large", "a")
            .node("Cast", "a", "b", ExportGraph.integer("to", 7))
            .node("BitwiseAnd", "b mask", "c")
            .node("BitwiseNot", "b", "d")
            .node("BitwiseOr", "c d", "e")
            .node("BitwiseXor", "e mask", "f")
            .node("Cast", "f", "g", ExportGraph.integer("to", 12))
            .longs("three", 3)
            .node("Cast", "three", "h", ExportGraph.integer("to", 12))
            .node("BitShift", "g h", "i", ExportGraph.text("direction", "RIGHT"))
            .node("BitShift", "i h", "j", ExportGraph.text("direction", "LEFT"))
            .node("Cast", "j", "k", ExportGraph.integer("to", 7))
            .node("Cast", "k", "y", ExportGraph.integer("to", 1))
            .output("y"));
    models.put(
        "1D",
        Models.opset(11)
            .input("x", ElementType.F32, "N", 3, "W")
            .weight("w", Shape.of(3, 1, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9)
            .node(
                "Conv",
                "x w",
                "a",
                ExportGraph.integer("group", 3),
                ExportGraph.integers("dilations", 2))
            .node("Tanh", "a", "b")
            .node("Concat", "a b", "c", ExportGraph.integer("axis", 1))
            .node("Add", "c c", "d")
            .node("AveragePool", "d", "y", ExportGraph.integers("kernel_shape", 2))
            .output("y"));
    return models;
  }

  private static AttributeProto floats(String name, float... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOATS);
    for (float value : values) {
      attribute.addFloats(value);
    }
    return attribute.build();
  }

  private static Models start(int opset) {
    return Models.opset(opset).input("x", ElementType.F32, "N", 3, 6, 5);
  }

  private static void put(
      Map<String, Models> models,
      int opset,
      String operator,
      String input,
      AttributeProto... attributes) {
    Models model =
        switch (input) {
          case "x2" -> Models.opset(opset).input("x", ElementType.F32, 6, 5);
          case "x4" -> Models.opset(opset).input("x", ElementType.F32, 1, 12, 3, 5);
          default -> start(opset);
        };
    models.put(
        operator + " " + opset + " " + models.size(),
        model.node(operator, "x", "y", attributes).output("y"));
  }

  @TestFactory
  Stream<DynamicTest> agreeWithOnnxRuntime() {
    return models().entrySet().stream()
        .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> check(entry.getValue())));
  }

  private void check(Models model) throws Exception {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      OnnxModel read = OnnxModel.read(model.write(folder.resolve("model.onnx")));
      Shape shape =
          switch (read.inputRank("x")) {
            case 2 -> Shape.of(6, 5);
            case 3 -> Shape.of(2, 3, 9);
            default ->
                read.inputs().get(0).getType().getTensorType().getShape().getDim(1).getDimValue()
                        == 12
                    ? Shape.of(1, 12, 3, 5)
                    : SHAPE;
          };
      SplitMix64 random = new SplitMix64(4, "x");
      float[] values = new float[(int) shape.elementCount()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.uniform(-1, 1);
      }
      Map<String, Tensor> inputs = Map.of("x", Tensor.of(context, values, shape.toArray()));
      OnnxNetwork network = OnnxImport.of(read).shape("x", shape).run(context);
      Map<String, Tensor> outputs =
          network
              .graph()
              .compile(context, network.weights(), needed(network, shape))
              .run(needed(network, inputs));
      OnnxRuntimeOracle.run(model.proto().build(), inputs)
          .forEach(
              (name, expected) ->
                  assertArrayEquals(expected, outputs.get(name).toFloatArray(), 2e-6f, name));
    }
  }

  private static Map<String, Shape> needed(OnnxNetwork network, Shape shape) {
    return network.graph().inputs().isEmpty() ? Map.of() : Map.of("x", shape);
  }

  private static Map<String, Tensor> needed(OnnxNetwork network, Map<String, Tensor> inputs) {
    return network.graph().inputs().isEmpty() ? Map.of() : inputs;
  }
}
