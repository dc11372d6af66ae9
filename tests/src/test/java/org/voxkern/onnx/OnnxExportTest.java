package org.voxkern.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.network.NnUNet;
import org.voxkern.network.UNet3d;
import org.voxkern.network.VoxelMorph;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.GridSample;
import org.voxkern.op.Pad;
import org.voxkern.op.PoolWindow;
import org.voxkern.op.Reduce;
import org.voxkern.op.Resize;
import org.voxkern.op.Unary;
import org.voxkern.op.Warp3d;
import org.voxkern.testing.SplitMix64;

/** Exported graphs, read back and run by ONNX Runtime. */
class OnnxExportTest {
  @TempDir Path folder;

  private interface Layer extends Function<Value, Value> {}

  private static Stream<Map.Entry<String, Layer>> layers() {
    Map<String, Layer> layers = new LinkedHashMap<>();
    layers.put("conv", x -> x.conv3d(3, 3, 2));
    layers.put(
        "conv with everything",
        x ->
            x.conv3d(
                6,
                new long[] {3, 1, 2},
                Conv3d.builder()
                    .groups(2)
                    .dilation(2, 1, 2)
                    .paddingBegin(2, 0, 1)
                    .paddingEnd(1, 1, 0)
                    .activation(Conv3d.Activation.LEAKY_RELU)
                    .negativeSlope(0.2)
                    .build(),
                false));
    layers.put(
        "transposed conv",
        x ->
            x.conv3dTransposed(
                6,
                new long[] {3, 2, 3},
                Conv3dTransposed.builder()
                    .groups(2)
                    .stride(2, 2, 1)
                    .padding(1, 0, 1)
                    .outputPadding(1, 0, 0)
                    .build(),
                true));
    layers.put("dense", x -> x.permute(0, 2, 3, 4, 1).dense(5));
    layers.put("flat dense", x -> x.globalAveragePool().flatten().dense(5, false));
    layers.put("instance norm", Value::instanceNorm);
    layers.put("instance norm alone", x -> x.instanceNorm(false).relu());
    layers.put("group norm", x -> x.groupNorm(2));
    layers.put("batch norm", x -> x.batchNorm(1e-3, true));
    layers.put("batch norm alone", x -> x.batchNorm(1e-5, false));
    layers.put("layer norm", x -> x.permute(0, 2, 3, 4, 1).layerNorm(-1));
    for (Activation activation :
        List.of(
            Activation.relu(),
            Activation.leakyRelu(0.1),
            Activation.thresholdedRelu(0.3),
            Activation.clip(-0.5, 0.7),
            Activation.elu(0.8),
            Activation.selu(),
            Activation.celu(1.3),
            Activation.gelu(),
            Activation.geluTanh(),
            Activation.sigmoid(),
            Activation.logSigmoid(),
            Activation.hardSigmoid(0.3, 0.4),
            Activation.tanh(),
            Activation.swish(1.7),
            Activation.hardSwish(),
            Activation.softplus(1),
            Activation.softplus(2.5),
            Activation.mish(),
            Activation.softsign())) {
      String name = activation.kind() + " " + activation.alpha();
      layers.put(name, x -> x.activation(activation));
    }
    for (Unary.Function function : Unary.Function.values()) {
      if (function.ordinal() < Unary.Function.NOT.ordinal()) {
        // Within every domain: 1.1 to 1.9, for the inverse functions 0.1 to 0.9.
        boolean small =
            switch (function) {
              case ASIN, ACOS, ATANH -> true;
              default -> false;
            };
        layers.put(
            function.name(), x -> x.sigmoid().times(0.8).plus(small ? 0.1 : 1.1).unary(function));
      }
    }
    layers.put("small expm1", x -> x.times(1e-3).unary(Unary.Function.EXPM1));
    layers.put("large expm1", x -> x.times(20).unary(Unary.Function.EXPM1));
    layers.put("small log1p", x -> x.times(1e-3).unary(Unary.Function.LOG1P));
    for (Binary.Function function :
        List.of(
            Binary.Function.ADD,
            Binary.Function.SUBTRACT,
            Binary.Function.MULTIPLY,
            Binary.Function.DIVIDE,
            Binary.Function.MIN,
            Binary.Function.MAX,
            Binary.Function.FMOD)) {
      layers.put(function.name(), x -> x.binary(function, x.reduce(Reduce.Reduction.MAX, true, 2)));
    }
    layers.put("power", x -> x.sigmoid().binary(Binary.Function.POWER, x));
    layers.put("linear", x -> x.times(1.0 / 3).plus(0.1));
    layers.put("softmax", x -> x.softmax(1));
    layers.put("log softmax", x -> x.logSoftmax(-1));
    layers.put("dropout", x -> x.dropout(0.3, false).relu());
    layers.put("channel dropout", x -> x.dropout(0.3, true).relu());
    for (Reduce.Reduction reduction : Reduce.Reduction.values()) {
      layers.put(reduction.name(), x -> x.sigmoid().plus(0.5).reduce(reduction, true, 2, -1));
    }
    layers.put("sum of everything", Value::sum);
    layers.put("max pool", x -> x.maxPool(2));
    layers.put(
        "max pool with everything",
        x ->
            x.maxPool(
                PoolWindow.kernel(3, 2, 2)
                    .stride(2, 1, 2)
                    .dilation(1, 2, 1)
                    .padding(1, 1, 0)
                    .ceilMode(true)
                    .build()));
    for (boolean counts : new boolean[] {false, true}) {
      layers.put(
          "average pool, padding counts " + counts,
          x ->
              x.averagePool(
                  PoolWindow.kernel(3, 2, 2).stride(2, 1, 2).padding(1, 1, 0).build(), counts));
    }
    layers.put("global max pool", x -> x.adaptiveMaxPool(1, 1, 1));
    // Windows that overlap, and windows without.
    layers.put("adaptive average pool", x -> x.adaptiveAveragePool(3, 4, 5));
    layers.put("adaptive max pool", x -> x.adaptiveMaxPool(3, 4, 1));
    layers.put("concat", x -> x.concat(1, x.relu(), x.tanh()));
    layers.put("reshape", x -> x.reshape(0, 2, -1));
    layers.put("flatten", Value::flatten);
    layers.put("unsqueeze, squeeze", x -> x.unsqueeze(1).squeeze(1).relu());
    layers.put("slice", x -> x.slice(2, 1, -1).slice(4, 2, Value.END));
    layers.put("crop", x -> x.centerCrop(x.slice(2, 0, -3).slice(3, 1, Value.END)));
    layers.put("expand", x -> x.mean(2, 3, 4).unsqueeze(2).unsqueeze(2).unsqueeze(2).expandLike(x));
    layers.put("count", x -> x.sum().divide(x.elementCount()));
    for (Pad.Mode mode :
        List.of(Pad.Mode.EDGE, Pad.Mode.REFLECT, Pad.Mode.WRAP, Pad.Mode.SYMMETRIC)) {
      layers.put(
          "pad " + mode,
          x -> x.pad(Pad.of(mode, new long[] {0, 0, 1, 2, 0}, new long[] {0, 0, 2, 0, 1})));
    }
    layers.put(
        "pad",
        x -> x.pad(Pad.constant(0.7, new long[] {0, 1, 1, 2, 0}, new long[] {0, 0, 2, -1, 1})));
    layers.put("enlarge", x -> x.enlarge(Resize.Mode.LINEAR, 2));
    layers.put("enlarge by nearest", x -> x.enlarge(Resize.Mode.NEAREST, 3));
    layers.put(
        "resize like",
        x ->
            x.resizeLike(
                Resize.builder(Resize.Mode.LINEAR)
                    .coordinates(Resize.Coordinates.ALIGN_CORNERS)
                    .build(),
                x.slice(2, 0, 4).slice(3, 1, Value.END)));
    layers.put(
        "grid sample",
        x ->
            x.gridSample(
                GridSample.of(GridSample.Mode.LINEAR, GridSample.Padding.BORDER, true),
                x.concat(1, x).slice(1, 0, 3).tanh().permute(0, 2, 3, 4, 1)));
    for (Warp3d.Border border :
        List.of(Warp3d.Border.CONSTANT, Warp3d.Border.CLAMP, Warp3d.Border.MIRROR)) {
      layers.put("warp " + border, x -> x.warp(x.concat(1, x).slice(1, 1, 4).times(2), border));
    }
    layers.put("scaling and squaring", x -> x.slice(1, 0, 3).times(1.5).scalingAndSquaring(5));
    layers.put("lstm", x -> sequence(x).lstm(3));
    layers.put("last hidden", x -> sequence(x).lstm(3).further(1));
    layers.put("last cell", x -> sequence(x).lstm(3).further(2));
    layers.put(
        "lstm with states",
        x -> {
          Value first = sequence(x).mean(0).slice(1, 0, 3);
          Value all = sequence(x).lstm(3, first, first.times(2));
          return all.add(all.further(1)).multiply(all.further(2));
        });
    layers.put("bidirectional lstm", x -> sequence(x).bidirectionalLstm(3));
    layers.put(
        "bidirectional lstm with states",
        x -> {
          Value states = sequence(x).slice(0, 0, 2).slice(2, 1, 4);
          Value both = sequence(x).as("both").bidirectionalLstm(3, states, states.tanh());
          Value last = x.builder().value("both.forward").further(1);
          return both.add(last.concat(1, x.builder().value("both.reverse").further(2)));
        });
    layers.put("gru", x -> sequence(x).gru(3));
    layers.put(
        "gru with state",
        x -> {
          Value all = sequence(x).gru(3, sequence(x).mean(0).slice(1, 0, 3));
          return all.multiply(all.further(1));
        });
    layers.put("bidirectional gru", x -> sequence(x).bidirectionalGru(3));
    layers.put(
        "bidirectional gru with states",
        x -> {
          Value states = sequence(x).slice(0, 0, 2).slice(2, 1, 4);
          Value both = sequence(x).as("both").bidirectionalGru(3, states);
          return both.slice(2, 0, 3).add(x.builder().value("both.reverse").further(1));
        });
    layers.put("constant", x -> x.add(x.builder().constant(new float[] {1, 2, 3, 4, 5}, 5)));
    return layers.entrySet().stream();
  }

  /** (T, N, 4) of depth as steps. */
  private static Value sequence(Value volume) {
    return volume.mean(3, 4).permute(2, 0, 1);
  }

  @TestFactory
  Stream<DynamicTest> layersAgree() {
    return layers()
        .map(
            layer ->
                DynamicTest.dynamicTest(
                    layer.getKey(),
                    () -> {
                      Graph.Builder builder = Graph.builder();
                      boolean open = !layer.getKey().equals("reshape");
                      Value x =
                          open
                              ? builder.input("x", "N", 4, "D", "H", "W")
                              : builder.input("x", 2, 4, 7, 6, 5);
                      Value y = layer.getValue().apply(x);
                      Graph graph = builder.output("y", y).build();
                      check(graph, Map.of("x", Shape.of(2, 4, 7, 6, 5)));
                    }));
  }

  /** As built, read back and by ONNX Runtime. */
  private void check(Graph graph, Map<String, Shape> shapes) throws Exception {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Weights weights = weights(graph, context);
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      shapes.forEach((name, shape) -> inputs.put(name, random(context, name, shape, -2, 2)));
      Path file = folder.resolve("model.onnx");
      OnnxExport.write(graph, weights, file);
      OnnxNetwork back = OnnxImport.of(OnnxModel.read(file)).run(context);
      assertEquals(graph.inputs().keySet(), back.graph().inputs().keySet());
      assertEquals(weights.names(), back.weights().names());
      assertEquals(graph.parameterCount(), back.graph().parameterCount());
      Map<String, Tensor> expected = graph.compile(context, weights, shapes).run(inputs);
      Map<String, Tensor> read = back.graph().compile(context, back.weights(), shapes).run(inputs);
      Map<String, float[]> oracle = OnnxRuntimeOracle.run(OnnxExport.model(graph, weights), inputs);
      for (String name : expected.keySet()) {
        float[] ours = expected.get(name).toFloatArray();
        assertEquals(expected.get(name).shape(), read.get(name).shape());
        assertArrayEquals(ours, read.get(name).toFloatArray(), "read back: " + name);
        assertAgrees(ours, oracle.get(name), name);
      }
    }
  }

  private static void assertAgrees(float[] ours, float[] theirs, String name) {
    assertEquals(theirs.length, ours.length);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < ours.length; i++) {
      largest = Math.max(largest, Math.abs(theirs[i]));
      difference = Math.max(difference, Math.abs(ours[i] - theirs[i]));
    }
    assertTrue(
        difference <= 1e-4 * largest,
        name + ": differs from ONNX Runtime by " + difference + " of " + largest);
  }

  /** First values, but none that leave something out. */
  private static Weights weights(Graph graph, Context context) {
    Weights weights = Weights.initialize(graph, context, 7);
    for (String name : weights.names()) {
      Shape shape = weights.get(name).shape();
      if (shape.rank() == 1) {
        weights.set(name, random(context, name, shape, 0.5, 1.5));
      }
    }
    return weights;
  }

  private static Tensor random(Context context, String name, Shape shape, double low, double high) {
    SplitMix64 random = new SplitMix64(5, name);
    float[] values = new float[Math.toIntExact(shape.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.uniform(low, high);
    }
    return Tensor.of(context, values, shape.toArray());
  }

  @Test
  void networksAgree() throws Exception {
    check(NnUNet.builder().features(4, 6, 8).build(), Map.of("image", Shape.of(1, 1, 16, 12, 8)));
    Shape pair = Shape.of(1, 1, 32, 16, 16);
    check(
        VoxelMorph.pooled().integrationDownsize(1).build(), Map.of("moving", pair, "fixed", pair));
  }

  @Test
  @Tag("slow")
  void publishedNetworksAgree() throws Exception {
    check(UNet3d.builder().build(), Map.of("image", Shape.of(1, 3, 92, 92, 92)));
    check(NnUNet.builder().build(), Map.of("image", Shape.of(1, 1, 64, 64, 64)));
  }

  private static Set<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void largeParametersLieBesideTheModel() throws Exception {
    Graph graph = NnUNet.builder().features(4, 6, 8).deepSupervision(false).build();
    Map<String, Shape> shapes = Map.of("image", Shape.of(1, 1, 16, 12, 8));
    long all = 4 * graph.parameterCount();
    Path file = folder.resolve("network.onnx");
    Path data = folder.resolve("network.onnx.data");
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Weights weights = weights(graph, context);
      Map<String, Tensor> inputs =
          Map.of("image", random(context, "image", shapes.get("image"), -2, 2));
      float[] expected =
          graph.compile(context, weights, shapes).run(inputs).get("logits").toFloatArray();
      for (long external : new long[] {0, 1000, Long.MAX_VALUE}) {
        Files.deleteIfExists(data);
        OnnxExport.write(graph, weights, file, external);
        boolean beside = external < all;
        assertEquals(
            beside ? Set.of("network.onnx", "network.onnx.data") : Set.of("network.onnx"),
            filesIn(folder));
        assertEquals(beside, Files.size(file) < all / 2, "parameters within the model");
        OnnxNetwork back = OnnxImport.of(OnnxModel.read(file)).run(context);
        for (String name : weights.names()) {
          assertArrayEquals(
              weights.get(name).toFloatArray(), back.weights().get(name).toFloatArray(), name);
        }
        Map<String, Tensor> read =
            back.graph().compile(context, back.weights(), shapes).run(inputs);
        assertArrayEquals(expected, read.get("logits").toFloatArray());
        assertAgrees(expected, OnnxRuntimeOracle.run(file, inputs).get("logits"), "logits");
      }
      OnnxExport.write(graph, weights, file, 0);
      Files.delete(data);
      OnnxModel model = OnnxModel.read(file);
      String message =
          assertThrows(IllegalArgumentException.class, () -> OnnxImport.of(model).run(context))
              .getMessage();
      assertTrue(message.contains("network.onnx.data is missing"), message);
    }
  }

  @Test
  void whatFailsLeavesNothing() throws IOException {
    Graph graph = NnUNet.builder().features(4, 6).build();
    Graph.Builder builder = Graph.builder();
    Graph other = builder.output("y", builder.input("x", 1, 2, 3, 3, 3).conv3d(1, 1)).build();
    Path file = folder.resolve("network.onnx");
    Files.writeString(file, "older");
    try (Context context = Context.create()) {
      Weights others = Weights.initialize(other, context, 1);
      assertThrows(IllegalArgumentException.class, () -> OnnxExport.write(graph, others, file, 0));
    }
    assertEquals("older", Files.readString(file));
    assertEquals(Set.of("network.onnx"), filesIn(folder));
  }

  @Test
  void namesAllThatOnnxCannotExpress() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", "N", 2, "D", "H", "W");
    Value field = x.concat(1, x).slice(1, 0, 3);
    Value y =
        x.as("first")
            .warp(field, Warp3d.Border.PERIODIC)
            .relu()
            .as("second")
            .warp(field, Warp3d.Border.PERIODIC);
    Graph graph = builder.output("y", y).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 1);
      Path file = folder.resolve("none.onnx");
      UnsupportedOperationException failure =
          assertThrows(
              UnsupportedOperationException.class, () -> OnnxExport.write(graph, weights, file));
      List.of("'first' (warp3d)", "'second'")
          .forEach(part -> assertTrue(failure.getMessage().contains(part), failure::getMessage));
      assertFalse(Files.exists(file));
    }
  }
}
