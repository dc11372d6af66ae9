package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BatchNorm;
import org.voxkern.op.Unary;

class DifferentiationTest {
  private static final Shape PATCH = Shape.of(2, 1, 8, 8, 8);

  /** A U-Net in training with a loss: everything that a training step has. */
  private static Graph training() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(4, 3).as("norm").batchNorm().relu();
    Value coarse = fine.maxPool(2).as("coarse").conv3d(6, 3).instanceNorm().leakyRelu(0.01);
    coarse = coarse.as("drop").dropout(0.3, false);
    Value up = coarse.as("up").conv3dTransposed(4, 2);
    Value logits = fine.concat(1, up).as("head").conv3d(2, 1);
    Value target = builder.input("target", ElementType.I32, SymbolicShape.of("N", "D", "H", "W"));
    Value likelihood = logits.logSoftmax(1).multiply(target.oneHot(1, 2)).sum(1).mean();
    Value loss = likelihood.unary(Unary.Function.NEGATE);
    return builder.output("loss", loss).output("logits", logits).build().inTraining();
  }

  private static Map<String, Shape> shapes() {
    Shape target = Shape.of(2, 8, 8, 8);
    return Map.of("image", PATCH, "target", target, Graph.SEQUENCE, Shape.of());
  }

  private static Map<String, Tensor> batch(Context context, long sequence) {
    int[] labels = new Random(4).ints(PATCH.elementCount(), 0, 2).toArray();
    return Map.of(
        "image",
        ExecutableTest.input(context, PATCH),
        "target",
        Tensor.of(context, labels, 2, 8, 8, 8),
        Graph.SEQUENCE,
        Tensor.of(context, new long[] {sequence}));
  }

  private static Map<String, float[]> run(
      Graph graph, Context context, long sequence, Graph.Compilation compilation) {
    Map<String, float[]> results = new LinkedHashMap<>();
    try (Scope scope = Scope.open(context)) {
      Weights weights = Weights.initialize(graph, scope.context(), 3);
      graph
          .compile(context, weights, shapes(), compilation)
          .run(batch(context, sequence))
          .forEach((name, tensor) -> results.put(name, tensor.toFloatArray()));
    }
    return results;
  }

  private static Graph gradients(String... checkpoints) {
    return Differentiation.of(training(), "loss")
        .withRespectToParameters()
        .withRespectTo("image")
        .checkpoints(List.of(checkpoints))
        .build();
  }

  private static void assertSame(Map<String, float[]> expected, Map<String, float[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
  }

  @Test
  void aStepHasTheSameBitsWithAnyNumberOfThreadsAndByEveryCompilation() {
    Graph graph = gradients();
    try (Context one = Context.builder().threads(1).build();
        Context three = Context.builder().threads(3).build()) {
      Map<String, float[]> alone = run(graph, one, 7, Graph.Compilation.TRAINING);
      assertTrue(alone.containsKey("gradient.fine.weight"));
      assertTrue(alone.containsKey("gradient.image"));
      assertTrue(alone.containsKey("update.norm.running_var"));
      assertSame(alone, run(graph, three, 7, Graph.Compilation.TRAINING));
      assertSame(alone, run(graph, three, 7, Graph.Compilation.AS_BUILT));
      assertFalse(
          alone.get("loss")[0] == run(graph, one, 8, Graph.Compilation.TRAINING).get("loss")[0]);
    }
  }

  @Test
  void checkpointsSaveMemoryAndChangeNoBit() {
    Graph whole = gradients();
    Graph checked = gradients("fine", "coarse");
    try (Context context = Context.create()) {
      assertSame(
          run(whole, context, 1, Graph.Compilation.AS_BUILT),
          run(checked, context, 1, Graph.Compilation.AS_BUILT));
    }
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("image", 1, 8, 16, 16, 16);
    List<String> kept = new ArrayList<>();
    for (int layer = 0; layer < 16; layer++) {
      x =
          x.as("conv" + layer)
              .conv3d(8, 3)
              .as("act" + layer)
              .activation(org.voxkern.op.Activation.gelu());
      if (layer % 4 == 3) {
        kept.add("act" + layer);
      }
    }
    Graph deep = builder.output("loss", x.multiply(x).mean()).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(deep, context, 1);
      Map<String, Shape> shapes = Map.of("image", Shape.of(1, 8, 16, 16, 16));
      Differentiation.Builder by = Differentiation.of(deep, "loss").withRespectToParameters();
      Executable all = by.build().compile(context, weights, shapes);
      Executable some = by.checkpoints(kept).build().compile(context, weights, shapes);
      assertTrue(
          2 * some.peakBytes() < all.peakBytes(), some.peakBytes() + " of " + all.peakBytes());
      Tensor image = ExecutableTest.input(context, shapes.get("image"));
      Map<String, Tensor> expected = all.run(Map.of("image", image));
      some.run(Map.of("image", image))
          .forEach(
              (name, value) ->
                  assertArrayEquals(expected.get(name).toFloatArray(), value.toFloatArray(), name));
    }
  }

  @Test
  void sharedParametersHaveTheSumOfTheirGradients() {
    Graph.Builder builder = Graph.builder();
    Value a = builder.input("a", 3, 4);
    Value b = builder.input("b", 3, 4);
    Value w = builder.parameter("w", Shape.of(2, 4), Initializer.uniform(1));
    Operation linear = new Products.Linear(false, org.voxkern.op.Activation.none());
    Value distance = a.apply(linear, w).subtract(b.apply(linear, w));
    builder.output("loss", distance.multiply(distance).sum());
    Graph graph = builder.build();
    Graph both = Differentiation.of(graph, "loss").withRespectTo("w", "a").build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 2);
      Map<String, Shape> shapes = Map.of("a", Shape.of(3, 4), "b", Shape.of(3, 4));
      Tensor one = ExecutableTest.input(context, Shape.of(3, 4));
      Tensor two = Tensor.of(context, ExecutableTest.random(12, 9), 3, 4);
      Map<String, Tensor> results =
          both.compile(context, weights, shapes).run(Map.of("a", one, "b", two));
      float[] v = weights.get("w").toFloatArray();
      float[] gradient = results.get("gradient.w").toFloatArray();
      float[] x = one.toFloatArray();
      float[] y = two.toFloatArray();
      for (int out = 0; out < 2; out++) {
        for (int in = 0; in < 4; in++) {
          double sum = 0;
          for (int n = 0; n < 3; n++) {
            double d = 0;
            for (int k = 0; k < 4; k++) {
              d += v[4 * out + k] * ((double) x[4 * n + k] - y[4 * n + k]);
            }
            sum += 2 * d * ((double) x[4 * n + in] - y[4 * n + in]);
          }
          assertEquals(sum, gradient[4 * out + in], 1e-5 * Math.abs(sum) + 1e-5);
        }
      }
    }
  }

  @Test
  void trainingReadsTheWeightsAtEveryRunAndUpdatesRunningStatistics() {
    Graph graph = gradients();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(graph, context, 3);
      Executable executable = graph.compile(context, weights, shapes(), Graph.Compilation.TRAINING);
      Map<String, Tensor> batch = batch(context, 1);
      Map<String, Tensor> first = executable.run(batch);
      Tensor convolved = Tensor.uninitialized(context, ElementType.F32, Shape.of(2, 4, 8, 8, 8));
      org.voxkern.op.Conv3d.builder()
          .padding(1, 1, 1)
          .build()
          .apply(
              batch.get("image"),
              weights.get("fine.weight"),
              weights.get("fine.bias"),
              null,
              convolved);
      Tensor mean = weights.get("norm.running_mean").copy();
      Tensor variance = weights.get("norm.running_var").copy();
      BatchNorm.builder()
          .build()
          .train(convolved, null, null, mean, variance, convolved, null, null);
      assertArrayEquals(mean.toFloatArray(), first.get("update.norm.running_mean").toFloatArray());
      assertArrayEquals(
          variance.toFloatArray(), first.get("update.norm.running_var").toFloatArray());
      weights.get("head.bias").set(Tensor.of(context, new float[] {3, -3}, 2));
      Map<String, Tensor> second = executable.run(batch);
      float before = first.get("loss").toFloatArray()[0];
      float after = second.get("loss").toFloatArray()[0];
      assertTrue(Math.abs(after - before) > 0.5, before + " and " + after);
    }
  }

  /** Without a rule. */
  private record Opaque() implements Operation {
    @Override
    public String type() {
      return "opaque";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      output.set(inputs.get(0));
    }
  }

  private static void assertRefused(
      Class<? extends RuntimeException> type, String says, Runnable wrong) {
    RuntimeException failure = assertThrows(type, wrong::run);
    assertTrue(failure.getMessage().contains(says), failure.getMessage());
  }

  @Test
  void saysWhatCannotBeDifferentiated() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("x", 3);
    Value idle = builder.input("idle", 3);
    Graph graph =
        builder
            .output("loss", x.as("middle").apply(new Opaque()).sum())
            .output("vector", x.add(idle))
            .build();
    Class<IllegalArgumentException> argument = IllegalArgumentException.class;
    Differentiation.Builder by = Differentiation.of(graph, "loss");
    assertRefused(
        UnsupportedOperationException.class,
        "node 'middle': 'opaque' is not differentiable",
        () -> Differentiation.of(graph, "loss").withRespectTo("x").build());
    assertRefused(
        argument, "[idle]", () -> Differentiation.of(graph, "loss").withRespectTo("idle").build());
    assertRefused(argument, "nothing to differentiate by", by::build);
    assertRefused(
        argument, "(3), expected a single number", () -> Differentiation.of(graph, "vector"));
    assertRefused(argument, "no output 'x'", () -> Differentiation.of(graph, "x"));
    assertRefused(argument, "no node 'y'", () -> by.withRespectTo("y"));
    assertRefused(argument, "neither input nor parameter", () -> by.withRespectTo("middle"));
  }
}
