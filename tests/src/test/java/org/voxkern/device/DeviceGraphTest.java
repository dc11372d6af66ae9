package org.voxkern.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Recording;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Differentiation;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.op.Conv3d;
import org.voxkern.testing.Requirement;
import org.voxkern.train.Adam;
import org.voxkern.train.LearningRate;
import org.voxkern.train.Trainer;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Dice;

/** Compiled graphs whose planned memory, packed weights and constants lie on a device. */
class DeviceGraphTest {
  private static float[] random(long count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Tensor input(Context context, Shape shape) {
    return Tensor.of(context, random(shape.elementCount(), 7), shape.toArray());
  }

  /** Convolution, norm, activation, pooling, transposed convolution. */
  private static Graph.Builder chain() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Value norm = image.as("first").conv3d(4, 3).as("norm").batchNorm();
    Value pooled = norm.relu().maxPool(2);
    return builder.output("result", pooled.as("up").conv3dTransposed(3, 2));
  }

  private static final Shape CHAIN = Shape.of(1, 2, 6, 8, 10);

  @Test
  void aChainForward() {
    OnBoth.compare(
        1e-5,
        context -> {
          Graph graph = chain().build();
          Executable executable =
              graph.compile(context, Weights.initialize(graph, context, 3), Map.of("image", CHAIN));
          return OnBoth.arrays(executable.run(Map.of("image", input(context, CHAIN))));
        });
  }

  @Test
  void aChainForwardAndBackward() {
    OnBoth.compare(
        1e-5,
        context -> {
          Graph.Builder builder = chain();
          Value result = builder.value("up");
          Graph loss = builder.output("loss", result.multiply(result).mean()).build();
          Graph graph =
              Differentiation.of(loss.inTraining(), "loss")
                  .withRespectToParameters()
                  .withRespectTo("image")
                  .build();
          return OnBoth.arrays(
              graph
                  .compile(
                      context,
                      Weights.initialize(graph, context, 3),
                      Map.of("image", CHAIN),
                      Graph.Compilation.TRAINING)
                  .run(Map.of("image", input(context, CHAIN))));
        });
  }

  /** Tensor cores multiply bfloat16 there; here whatever is the fastest within that error. */
  @Test
  void mixedPrecision() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 16, "D", "H", "W");
    Value fine = image.as("fine").conv3d(32, 3).leakyRelu(0.01);
    Value coarse = fine.as("coarse").conv3d(32, 3, 2).instanceNorm();
    Graph graph = builder.output("features", coarse.as("last").conv3d(16, 3)).build();
    Graph mixed = graph.withAccuracy(Conv3d.BFLOAT16_ACCURACY);
    Shape shape = Shape.of(1, 16, 8, 8, 16);
    OnBoth.compare(
        3e-2,
        context -> {
          Weights weights = Weights.initialize(mixed, context, 3);
          Map<String, Shape> shapes = Map.of("image", shape);
          Map<String, Tensor> given = Map.of("image", input(context, shape));
          Map<String, float[]> results =
              OnBoth.arrays(mixed.compile(context, weights, shapes).run(given));
          Map<String, float[]> plain =
              OnBoth.arrays(graph.compile(context, weights, shapes).run(given));
          boolean same = Arrays.equals(results.get("features"), plain.get("features"));
          assertFalse(same && !context.device().isHost(), "nothing is bfloat16");
          return results;
        });
  }

  /** The joined features are convolved in two parts, the second over the first's sum. */
  @Test
  void aUnetWhoseConvolutionIsSplit() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(32, 3).instanceNorm().leakyRelu(0.01);
    Value up = fine.as("coarse").conv3d(32, 3, 2).relu().as("up").conv3dTransposed(32, 2);
    Value merged = up.concat(1, fine).as("merged").conv3d(32, 3).instanceNorm().leakyRelu(0.01);
    Graph graph = builder.output("logits", merged.as("head").conv3d(2, 1)).build();
    Shape shape = Shape.of(1, 1, 8, 8, 8);
    OnBoth.compare(
        1e-5,
        context -> {
          Executable executable =
              graph.compile(context, Weights.initialize(graph, context, 3), Map.of("image", shape));
          assertTrue(executable.steps().contains("merged.part1"));
          return OnBoth.arrays(executable.run(Map.of("image", input(context, shape))));
        });
  }

  /** A small U-Net: its outputs, then its weights after one step of Adam. */
  @Test
  void aUnetForwardBackwardAndOneStep() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(4, 3).instanceNorm().leakyRelu(0.01);
    Value coarse = fine.maxPool(2).as("coarse").conv3d(6, 3).instanceNorm().leakyRelu(0.01);
    Value up = coarse.as("up").conv3dTransposed(4, 2);
    Value logits = fine.concat(1, up).as("head").conv3d(2, 1);
    Value labels = builder.input("labels", ElementType.I32, SymbolicShape.of("N", "D", "H", "W"));
    Value loss = CrossEntropy.create().plus(Dice.create()).of(logits, labels);
    Graph graph = builder.output("logits", logits).output("loss", loss).build();
    Shape shape = Shape.of(1, 1, 8, 8, 8);
    Map<String, Shape> shapes = Map.of("image", shape, "labels", Shape.of(1, 8, 8, 8));
    int[] classes = new Random(4).ints(512, 0, 2).toArray();
    // Adam's first step divides gradients by their own size, and this far from 0.
    OnBoth.compare(
        1e-5,
        context -> {
          Weights weights = Weights.initialize(graph, context, 3);
          Map<String, float[]> results = new LinkedHashMap<>();
          Trainer trainer =
              Trainer.builder(graph, "loss")
                  .optimizer(Adam.builder().epsilon(1e-3).build())
                  .learningRate(LearningRate.constant(0.01))
                  .build(weights, shapes);
          double value =
              trainer
                  .step(
                      (target, index) ->
                          Map.of(
                              "image",
                              input(target, shape),
                              "labels",
                              Tensor.of(target, classes, 1, 8, 8, 8)))
                  .loss();
          results.put("loss", new float[] {(float) value});
          weights.names().forEach(name -> results.put(name, weights.get(name).toFloatArray()));
          return results;
        });
  }

  /** One call repeats a whole run, on inputs that have changed. */
  @Test
  void aRecordedRun() {
    try (Context context = Context.builder().device(Requirement.cudaEmulated()).threads(1).build();
        Scope scope = Scope.open(context)) {
      Graph graph = chain().build();
      Executable executable =
          graph.compile(context, Weights.initialize(graph, context, 3), Map.of("image", CHAIN));
      Tensor image = Tensor.zeros(context, ElementType.F32, CHAIN);
      Tensor result =
          Tensor.uninitialized(context, ElementType.F32, executable.outputShape("result"));
      try (Recording recording =
          executable.record(Map.of("image", image), Map.of("result", result))) {
        for (long seed = 1; seed <= 2; seed++) {
          image.set(Tensor.of(context, random(CHAIN.elementCount(), seed), CHAIN.toArray()));
          recording.replay();
          assertArrayEquals(
              executable.run(image).toFloatArray(), result.toFloatArray(), "seed " + seed);
        }
      }
    }
  }

  /** What lies between inputs and outputs, and the constants, are of the device's budget. */
  @Test
  void aGraphThatDoesNotFitSaysSoAndLeavesNothing() {
    try (Context context =
        Context.builder()
            .device(Requirement.cudaEmulated())
            .threads(1)
            .memoryLimit(200_000)
            .build()) {
      Graph graph = chain().build();
      try (Scope scope = Scope.open(context)) {
        Weights weights = Weights.initialize(graph, scope.context(), 3);
        long before = context.memory().inUse();
        for (long edge : List.of(8L, 64L)) {
          Shape shape = Shape.of(1, 2, edge, edge, edge);
          try (Scope inner = Scope.open(context);
              Executable executable =
                  graph.compile(inner.context(), weights, Map.of("image", shape))) {
            assertTrue(context.memory().inUse() >= before + executable.peakBytes());
            assertTrue(edge == 8);
          } catch (org.voxkern.OutOfMemoryException tooLarge) {
            assertTrue(edge == 64);
          }
        }
        assertTrue(context.memory().inUse() == before);
      }
    }
  }
}
