package org.voxkern.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.testing.SplitMix64;

/** Models beyond single operators, beside ONNX Runtime. */
class OnnxImportTest {
  @TempDir Path folder;

  private static float[] numbers(long seed, Shape shape) {
    SplitMix64 random = new SplitMix64(seed, "numbers");
    float[] values = new float[(int) shape.elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.uniform(-1, 1);
    }
    return values;
  }

  /**
   * Compares with ONNX Runtime.
   *
   * @param open whether the shapes are only given when the graph is compiled
   * @return names of what runs
   */
  private List<String> check(Models model, Map<String, Tensor> inputs, boolean open)
      throws Exception {
    Context context = inputs.values().iterator().next().context();
    OnnxModel read = OnnxModel.read(model.write(folder.resolve("model.onnx")));
    OnnxImport request = OnnxImport.of(read);
    if (!open) {
      inputs.forEach((name, tensor) -> request.shape(name, tensor.shape()));
    }
    OnnxNetwork network = request.run(context);
    Map<String, Shape> shapes = new LinkedHashMap<>();
    inputs.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    Executable executable = network.graph().compile(context, network.weights(), shapes);
    Map<String, Tensor> outputs = executable.run(inputs);
    Map<String, float[]> expected = OnnxRuntimeOracle.run(model.proto().build(), inputs);
    expected.forEach(
        (name, values) -> assertArrayEquals(values, outputs.get(name).toFloatArray(), 2e-6f, name));
    return executable.steps();
  }

  @ParameterizedTest
  @CsvSource({
    "LSTM,forward,false,false,false",
    "LSTM,reverse,true,false,false",
    "LSTM,bidirectional,true,true,false",
    "GRU,forward,false,false,false",
    "GRU,reverse,true,false,true",
    "GRU,bidirectional,true,true,false",
    "GRU,bidirectional,true,true,true"
  })
  void recurrent(
      String operator, String direction, boolean bias, boolean states, boolean linearBeforeReset)
      throws Exception {
    int directions = direction.equals("bidirectional") ? 2 : 1;
    int gates = operator.equals("LSTM") ? 4 : 3;
    int hidden = 5;
    Shape weights = Shape.of(directions, gates * hidden, 3);
    Shape recurrent = Shape.of(directions, gates * hidden, hidden);
    Shape biases = Shape.of(directions, 2 * gates * hidden);
    Shape state = Shape.of(directions, 2, hidden);
    List<AttributeProto> attributes = new ArrayList<>();
    attributes.add(ExportGraph.text("direction", direction));
    attributes.add(ExportGraph.integer("hidden_size", hidden));
    if (linearBeforeReset) {
      attributes.add(ExportGraph.integer("linear_before_reset", 1));
    }
    boolean cell = gates == 4;
    String inputs =
        "x w r " + (bias ? "b" : "-") + " - " + (states ? "h" + (cell ? " c" : "") : "-");
    Models model =
        Models.opset(17)
            .input("x", ElementType.F32, "T", 2, 3)
            .weight("w", weights, numbers(1, weights))
            .weight("r", recurrent, numbers(2, recurrent))
            .weight("b", biases, numbers(3, biases))
            .weight("h", state, numbers(4, state))
            .weight("c", state, numbers(5, state))
            .node(
                operator,
                inputs,
                cell ? "y last cell" : "y last",
                attributes.toArray(new AttributeProto[0]))
            .output("y")
            .output("last");
    if (cell) {
      model.output("cell");
    }
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Shape shape = Shape.of(7, 2, 3);
      Tensor x = Tensor.of(context, numbers(6, shape), shape.toArray());
      check(model, Map.of("x", x), true);
    }
  }

  /** The first two are attention as vision transformers have it, of open sizes. */
  @ParameterizedTest
  @CsvSource({
    "'blxd,blyd->blxy', 2x3x4x5, 2x3x6x5, true",
    "'bhxy,bhyd->bhxd', 2x3x4x6, 2x3x6x5, true",
    "'ij,kj->ik', 3x4, 5x4, true",
    "'abc,cd->abd', 2x3x4, 4x5, false",
    "'abcd, ecd -> aeb', 2x3x4x5, 6x4x5, false",
    "'bij,bjk', 2x3x4, 2x4x5, true",
    "'ij,ij->i', 3x4, 3x4, true",
    "'i,j->ji', 3, 4, true",
    "'i,i->', 5, 5, true",
    "'ab,cd->a', 3x4, 2x5, true",
    "'ij->ji', 3x4,, true",
    "'ijk->k', 3x4x5,, true"
  })
  void einsteinSums(String equation, String first, String second, boolean open) throws Exception {
    Models model =
        Models.opset(17)
            .node(
                "Einsum", second == null ? "x" : "x z", "y", ExportGraph.text("equation", equation))
            .output("y");
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      for (String input : second == null ? List.of("x") : List.of("x", "z")) {
        String[] sizes = (input.equals("x") ? first : second).split("x");
        long[] shape = Arrays.stream(sizes).mapToLong(Long::parseLong).toArray();
        // Letters of one size have one name.
        Object[] names = Arrays.stream(sizes).map(size -> "N" + size).toArray();
        model.input(input, ElementType.F32, names);
        inputs.put(input, Tensor.of(context, numbers(input.charAt(0), Shape.of(shape)), shape));
      }
      check(model, inputs, open);
    }
  }

  @Test
  void lengthsAndPeepholes() throws Exception {
    Shape weights = Shape.of(2, 12, 2);
    Shape recurrent = Shape.of(2, 12, 3);
    Shape biases = Shape.of(2, 24);
    Shape peepholes = Shape.of(2, 9);
    Models model =
        Models.opset(14)
            .input("x", ElementType.F32, 6, 3, 2)
            .input("lengths", ElementType.I32, 3)
            .weight("w", weights, numbers(1, weights))
            .weight("r", recurrent, numbers(2, recurrent))
            .weight("b", biases, numbers(3, biases))
            .weight("p", peepholes, numbers(4, peepholes))
            .node(
                "LSTM",
                "x w r b lengths - - p",
                "y last cell",
                ExportGraph.text("direction", "bidirectional"),
                ExportGraph.integer("hidden_size", 3))
            .output("y")
            .output("last")
            .output("cell");
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      inputs.put("x", Tensor.of(context, numbers(6, Shape.of(6, 3, 2)), 6, 3, 2));
      inputs.put("lengths", Tensor.of(context, new int[] {6, 2, 4}, 3));
      check(model, inputs, true);
    }
  }

  /** A detector ends before its boxes are suppressed; what comes behind is not looked at. */
  @Test
  void otherOutputs() throws Exception {
    Models model =
        Models.opset(17)
            .input("x", ElementType.F32, 1, 3, 4)
            .input("unread", ElementType.F32, 2)
            .node("Tanh", "x", "boxes")
            .node("ReduceMax", "boxes", "scores", ExportGraph.integers("axes", 2))
            .node("Unheard", "boxes scores unread", "kept")
            .output("kept");
    OnnxModel read = OnnxModel.read(model.write(folder.resolve("model.onnx")));
    try (Context context = Context.create()) {
      OnnxImport request = OnnxImport.of(read).outputs("scores", "boxes");
      OnnxNetwork network = request.run(context);
      assertEquals(List.of("scores", "boxes"), List.copyOf(network.graph().outputs().keySet()));
      assertEquals(List.of("x"), List.copyOf(network.graph().inputs().keySet()));
      assertThrows(IllegalArgumentException.class, () -> request.outputs("none"));
      assertThrows(UnsupportedOnnxException.class, () -> OnnxImport.of(read).run(context));
    }
  }

  /** As PyTorch exports x.view(x.size(0), -1): the batch's size is computed and stays open. */
  @Test
  void shapesThatAreComputedStayOpen() throws Exception {
    Shape kernel = Shape.of(4, 2, 3, 3);
    Models model =
        Models.opset(17)
            .input("x", ElementType.F32, "batch", 2, 6, 5)
            .weight("w", kernel, numbers(1, kernel))
            .weight("dense", Shape.of(3, 16), numbers(2, Shape.of(3, 16)))
            .longs("zero", 0)
            .longs("rest", -1)
            .node(
                "Conv",
                "x w",
                "conv",
                ExportGraph.integers("pads", 1, 1, 1, 1),
                ExportGraph.integers("strides", 1, 2))
            .node("Relu", "conv", "relu")
            .node(
                "MaxPool",
                "relu",
                "pool",
                ExportGraph.integers("kernel_shape", 3, 1),
                ExportGraph.integers("strides", 3, 2))
            .node("Shape", "pool", "shape")
            .node("Gather", "shape zero", "size", ExportGraph.integer("axis", 0))
            .node("Concat", "size rest", "wanted", ExportGraph.integer("axis", 0))
            .node("Reshape", "pool wanted", "flat")
            .node("Gemm", "flat dense", "y", ExportGraph.integer("transB", 1))
            .output("y");
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Shape shape = Shape.of(3, 2, 6, 5);
      Tensor x = Tensor.of(context, numbers(3, shape), shape.toArray());
      List<String> steps = check(model, Map.of("x", x), true);
      // In 2D too, the activation goes into the convolution.
      assertEquals(List.of("conv", "pool", "y"), steps);
    }
  }

  @Test
  void sizesThatAreOpenAndNeededAreAskedFor() throws Exception {
    Models model =
        Models.opset(17)
            .input("x", ElementType.F32, "N", 1, "H", "W")
            .input("like", ElementType.F32, "N", 1, "A", "B")
            .node("Shape", "x", "batch", ExportGraph.integer("end", 2))
            .node("Shape", "like", "space", ExportGraph.integer("start", 2))
            .node("Concat", "batch space", "sizes", ExportGraph.integer("axis", 0))
            .node("Resize", "x - - sizes", "y", ExportGraph.text("mode", "linear"))
            .output("y");
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      OnnxModel read = OnnxModel.read(model.write(folder.resolve("model.onnx")));
      try {
        OnnxImport.of(read).run(context);
        throw new AssertionError("the sizes are not known");
      } catch (UnsupportedOnnxException refusal) {
        assertTrue(refusal.getMessage().contains("give the shapes"), refusal::getMessage);
      }
      Shape shape = Shape.of(2, 1, 6, 5);
      Tensor x = Tensor.of(context, numbers(3, shape), shape.toArray());
      Shape other = Shape.of(2, 1, 9, 4);
      Tensor like = Tensor.of(context, numbers(4, other), other.toArray());
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      inputs.put("x", x);
      inputs.put("like", like);
      check(model, inputs, false);
    }
  }

  /** A function that the model brings, with an attribute and an input that is left out. */
  @Test
  void functions() throws Exception {
    AttributeProto reference =
        AttributeProto.newBuilder()
            .setName("alpha")
            .setType(AttributeProto.AttributeType.FLOAT)
            .setRefAttrName("slope")
            .build();
    FunctionProto function =
        FunctionProto.newBuilder()
            .setDomain("own")
            .setName("Twice")
            .addInput("a")
            .addInput("b")
            .addOutput("c")
            .addAttribute("slope")
            .addNode(Models.call("LeakyRelu", "a", "t", reference))
            .addNode(Models.call("Clip", "t b", "c"))
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .build();
    Models model =
        Models.opset(17)
            .input("x", ElementType.F32, "N")
            .weight("low", Shape.of(), -0.1f)
            .node(
                Models.call("Twice", "x", "t", ExportGraph.number("slope", 0.3)).toBuilder()
                    .setDomain("own")
                    .build())
            .node(
                Models.call("Twice", "t low", "y", ExportGraph.number("slope", 0.5)).toBuilder()
                    .setDomain("own")
                    .build())
            .output("y");
    model
        .proto()
        .addFunctions(function)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1));
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Tensor x = Tensor.of(context, numbers(3, Shape.of(50)), 50);
      check(model, Map.of("x", x), true);
    }
  }
}
