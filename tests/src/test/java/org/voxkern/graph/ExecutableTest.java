package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.network.NnUNet;
import org.voxkern.network.VoxelMorph;
import org.voxkern.op.Activation;
import org.voxkern.op.Concat;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.GroupNorm;
import org.voxkern.op.MaxPool;
import org.voxkern.op.PoolWindow;
import org.voxkern.op.Resize;

class ExecutableTest {
  static float[] random(long count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static Tensor input(Context context, Shape shape) {
    return Tensor.of(context, random(shape.elementCount(), 7), shape.toArray());
  }

  static Graph smallUnet() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(6, 3).as("norm").instanceNorm().leakyRelu(0.01);
    Value coarse = fine.maxPool(2).as("coarse").conv3d(9, 3).relu();
    Value up = coarse.as("up").conv3dTransposed(6, 2);
    Value logits = fine.concat(1, up).as("head").conv3d(2, 1);
    return builder.output("logits", logits).build();
  }

  private static float[] run(
      Graph graph, Context context, Shape shape, Graph.Compilation compilation) {
    try (Scope scope = Scope.open(context)) {
      Weights weights = Weights.initialize(graph, scope.context(), 5);
      Executable executable = graph.compile(context, weights, Map.of("image", shape), compilation);
      return executable.run(input(context, shape)).toFloatArray();
    }
  }

  static Tensor empty(Context context, long... sizes) {
    return Tensor.uninitialized(context, ElementType.F32, Shape.of(sizes));
  }

  @Test
  void equalsItsOperationsOneByOne() {
    try (Context context = Context.create()) {
      Graph graph = smallUnet();
      Weights w = Weights.initialize(graph, context, 5);
      Shape shape = Shape.of(2, 1, 10, 12, 14);
      Tensor image = input(context, shape);
      Conv3d same = Conv3d.builder().padding(1, 1, 1).build();
      Tensor fine = empty(context, 2, 6, 10, 12, 14);
      same.apply(image, w.get("fine.weight"), w.get("fine.bias"), null, fine);
      GroupNorm norm = GroupNorm.builder().groups(6).activation(Activation.leakyRelu(0.01)).build();
      norm.apply(fine, w.get("norm.weight"), w.get("norm.bias"), fine);
      Tensor pooled = empty(context, 2, 6, 5, 6, 7);
      MaxPool.apply(PoolWindow.kernel(2, 2, 2).build(), fine, pooled, null);
      Tensor coarse = empty(context, 2, 9, 5, 6, 7);
      same.toBuilder()
          .activation(Conv3d.Activation.RELU)
          .build()
          .apply(pooled, w.get("coarse.weight"), w.get("coarse.bias"), null, coarse);
      Tensor up = empty(context, 2, 6, 10, 12, 14);
      Conv3dTransposed.builder()
          .stride(2, 2, 2)
          .build()
          .apply(coarse, w.get("up.weight"), w.get("up.bias"), null, up);
      Tensor joined = empty(context, 2, 12, 10, 12, 14);
      Concat.along(1).apply(List.of(fine, up), joined);
      Tensor logits = empty(context, 2, 2, 10, 12, 14);
      Conv3d.builder()
          .build()
          .apply(joined, w.get("head.weight"), w.get("head.bias"), null, logits);
      assertArrayEquals(
          logits.toFloatArray(), run(graph, context, shape, Graph.Compilation.OPTIMISED));
    }
  }

  @Test
  void oneGraphRunsOnManyShapesAndThreads() {
    Graph graph = smallUnet();
    for (Shape shape : List.of(Shape.of(1, 1, 8, 8, 8), Shape.of(2, 1, 6, 20, 18))) {
      try (Context one = Context.builder().threads(1).build();
          Context two = Context.builder().threads(2).build()) {
        float[] alone = run(graph, one, shape, Graph.Compilation.OPTIMISED);
        assertEquals(2 * shape.elementCount(), alone.length);
        assertArrayEquals(alone, run(graph, two, shape, Graph.Compilation.OPTIMISED));
      }
    }
  }

  private static void assertNear(float[] expected, float[] actual, double bound) {
    assertEquals(expected.length, actual.length);
    double largest = 0;
    double off = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      off = Math.max(off, Math.abs((double) expected[i] - actual[i]));
    }
    assertTrue(largest > 0);
    assertTrue(off <= bound * largest, off + " of " + largest);
  }

  @Test
  void fusedEqualsUnfused() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", 1, 4, "D", "H", "W");
    Value x = image.as("a").conv3d(4, 3).as("norm0").batchNorm().relu();
    x = x.as("b").conv3d(4, 3).as("norm1").batchNorm(1e-3, false).add(image).leakyRelu(0.1);
    x = x.as("c").conv3dTransposed(6, 2).as("norm2").batchNorm().dropout().flatten().tanh();
    Graph graph = builder.output("y", x).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 2);
      for (String name : weights.names()) {
        Tensor tensor = weights.get(name);
        if (name.startsWith("norm")) {
          float[] values = random(tensor.elementCount(), name.hashCode());
          for (int i = 0; i < values.length; i++) {
            values[i] = name.endsWith("var") ? 0.5f + Math.abs(values[i]) : values[i];
          }
          tensor.set(Tensor.of(context, values, values.length));
        }
      }
      Map<String, Shape> shapes = Map.of("image", Shape.of(1, 4, 5, 6, 7));
      Tensor input = input(context, shapes.get("image"));
      Executable fused = graph.compile(context, weights, shapes);
      Executable plain = graph.compile(context, weights, shapes, Graph.Compilation.AS_BUILT);
      assertEquals(List.of("a", "b", "c", "tanh0"), fused.steps());
      assertEquals(10, plain.steps().size());
      assertNear(plain.run(input).toFloatArray(), fused.run(input).toFloatArray(), 2e-6);
      assertTrue(fused.peakBytes() <= plain.peakBytes());
    }
  }

  /** A random network of one size; every value is used once or more, some by views. */
  private static Graph randomGraph(Random random) {
    Graph.Builder builder = Graph.builder();
    List<Value> values = new ArrayList<>();
    values.add(builder.input("image", 1, 4, 3, 3, 5));
    for (int step = 0; step < 25; step++) {
      Value x = values.get(random.nextInt(values.size()));
      Value y = values.get(random.nextInt(values.size()));
      values.add(
          switch (random.nextInt(8)) {
            case 0 -> x.tanh();
            case 1 -> x.conv3d(4, 3);
            case 2 -> x.add(y).tanh();
            case 3 -> x.instanceNorm();
            case 4 -> x.concat(1, y).conv3d(4, 1);
            case 5 -> x.flatten().softmax(1).reshape(1, 4, 3, 3, 5);
            case 6 -> x.conv3d(4, 1).add(y).relu();
            default -> x.dropout();
          });
    }
    builder.output("last", values.get(values.size() - 1));
    return builder.output("other", values.get(random.nextInt(values.size()))).build();
  }

  @Test
  void plannedMemoryChangesNothing() {
    Random random = new Random(3);
    Map<String, Shape> shapes = Map.of("image", Shape.of(1, 4, 3, 3, 5));
    for (int round = 0; round < 40; round++) {
      Graph graph = randomGraph(random);
      try (Context context = Context.builder().threads(1).build()) {
        Weights weights = Weights.initialize(graph, context, round);
        Tensor input = input(context, shapes.get("image"));
        Executable executable = graph.compile(context, weights, shapes);
        Map<String, Tensor> first = executable.run(Map.of("image", input));
        Map<String, Tensor> second = executable.run(Map.of("image", input));
        Map<String, Tensor> nodes = nodeByNode(graph, context, weights, input);
        // Without fusion, whose sums are rounded in another order, to the bit.
        graph
            .compile(context, weights, shapes, Graph.Compilation.AS_BUILT)
            .run(Map.of("image", input))
            .forEach(
                (name, result) ->
                    assertArrayEquals(nodes.get(name).toFloatArray(), result.toFloatArray()));
        first.forEach(
            (name, result) -> {
              assertArrayEquals(result.toFloatArray(), second.get(name).toFloatArray());
              assertNear(nodes.get(name).toFloatArray(), result.toFloatArray(), 1e-4);
            });
      }
    }
  }

  /** Every node in memory of its own. */
  private static Map<String, Tensor> nodeByNode(
      Graph graph, Context context, Weights weights, Tensor image) {
    Tensor[] values = new Tensor[graph.nodes().size()];
    for (Node node : graph.nodes()) {
      if (node.operation() == null) {
        values[node.index()] = node.isInput() ? image : weights.get(node.name());
      } else {
        values[node.index()] = Tensor.uninitialized(context, node.type(), node.shape().known());
        List<Tensor> inputs = node.inputs().stream().map(from -> values[from.index()]).toList();
        node.operation().run(inputs, values[node.index()]);
      }
    }
    return Map.of(
        "last", values[graph.outputs().get("last").index()],
        "other", values[graph.outputs().get("other").index()]);
  }

  @Test
  void wholeNetworksRunInLessMemoryThanTheirValues() {
    Graph graph = NnUNet.builder().features(8, 16, 24).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 1);
      Shape shape = Shape.of(1, 1, 16, 16, 16);
      Executable executable = graph.compile(context, weights, Map.of("image", shape));
      long sum = 0;
      Shape[] shapes = Inference.shapes(graph, Map.of("image", shape));
      for (Node node : graph.nodes()) {
        boolean computed = node.operation() != null;
        sum += computed ? 4 * shapes[node.index()].elementCount() : 0;
      }
      assertTrue(executable.peakBytes() < sum / 4, executable.peakBytes() + " of " + sum);
      Map<String, Tensor> outputs = executable.run(Map.of("image", input(context, shape)));
      assertEquals(Shape.of(1, 2, 8, 8, 8), outputs.get("logits1").shape());
      assertEquals(executable.outputShape("logits"), outputs.get("logits").shape());
    }
  }

  @Test
  void concatenationsThatCanBeWrittenInPlaceDoNotRun() {
    Graph graph = smallUnet();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 1);
      Shape one = Shape.of(1, 1, 6, 6, 6);
      Shape two = Shape.of(2, 1, 6, 6, 6);
      Executable single = graph.compile(context, weights, Map.of("image", one));
      Executable batch = graph.compile(context, weights, Map.of("image", two));
      assertFalse(single.steps().contains("concat0"));
      assertTrue(batch.steps().contains("concat0"));
      float[] values = input(context, two).toFloatArray();
      float[] expected = batch.run(Tensor.of(context, values, two.toArray())).toFloatArray();
      float[] first = Arrays.copyOf(values, values.length / 2);
      assertArrayEquals(
          Arrays.copyOf(expected, expected.length / 2),
          single.run(Tensor.of(context, first, one.toArray())).toFloatArray());
    }
  }

  @Test
  void whatIsEnlargedBeforeAConvolutionNeverExists() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Value coarse = image.as("coarse").conv3d(5, 3, 2).relu();
    Value large = coarse.as("large").enlarge(Resize.Mode.NEAREST, 2).concat(1, image);
    Value out = large.as("out").conv3d(7, 3).leakyRelu(0.2);
    Graph graph = builder.output("out", out).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 3);
      Shape shape = Shape.of(2, 2, 6, 8, 20);
      Map<String, Shape> shapes = Map.of("image", shape);
      Tensor input = input(context, shape);
      Executable fused = graph.compile(context, weights, shapes);
      assertEquals(List.of("coarse", "out.enlarged", "out"), fused.steps());
      float[] expected =
          graph
              .compile(context, weights, shapes, Graph.Compilation.AS_BUILT)
              .run(input)
              .toFloatArray();
      assertNear(expected, fused.run(input).toFloatArray(), 1e-5);
    }
  }

  @Test
  void voxelMorphWithoutFlowLeavesTheImage() {
    Graph graph = VoxelMorph.pooled().build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 1);
      weights.get("flow.weight").fillZero();
      weights.get("flow.bias").fillZero();
      Shape shape = Shape.of(2, 1, 16, 16, 32);
      Tensor image = input(context, shape);
      Executable executable =
          graph.compile(context, weights, Map.of("moving", shape, "fixed", shape));
      Tensor fixed = Tensor.zeros(context, ElementType.F32, shape);
      Map<String, Tensor> results = executable.run(Map.of("moving", image, "fixed", fixed));
      assertNear(image.toFloatArray(), results.get("warped").toFloatArray(), 1e-6);
    }
  }

  /** An operation of a user. */
  private record Doubled() implements Operation {
    @Override
    public String type() {
      return "doubled";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      for (int i = 0; i < output.elementCount(); i++) {
        output.buffer().putFloat(4 * i, 2 * inputs.get(0).buffer().getFloat(4 * i));
      }
    }
  }

  @Test
  void takesOperationsOfUsersAndFoldsConstants() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", "N");
    Value scale = builder.parameter("scale", Shape.of(1), Initializer.constant(3));
    Value y = x.apply(new Doubled()).multiply(scale.apply(new Doubled()));
    Graph graph = builder.output("y", y).output("same", x).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 0);
      Executable executable = graph.compile(context, weights, Map.of("x", Shape.of(3)));
      assertEquals(List.of("doubled0", "multiply0", "same"), executable.steps());
      weights.get("scale").fillZero(); // The executable has its own.
      Tensor input = Tensor.of(context, new float[] {1, 2, -3}, 3);
      Map<String, Tensor> results = executable.run(Map.of("x", input));
      assertArrayEquals(new float[] {12, 24, -36}, results.get("y").toFloatArray());
      assertArrayEquals(input.toFloatArray(), results.get("same").toFloatArray());
    }
  }
}
