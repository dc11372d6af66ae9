package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;
import org.voxkern.train.Adam;
import org.voxkern.train.LearningRate;
import org.voxkern.train.Trainer;
import org.voxkern.train.loss.CrossEntropy;

/** Graphs whose convolutions may multiply bfloat16. */
class MixedPrecisionTest {
  private static final Shape IMAGE = Shape.of(1, 1, 16, 16, 32);

  /** With strides, where bfloat16 is the fastest. */
  private static Graph network() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(32, 3).instanceNorm().leakyRelu(0.01);
    Value coarse = fine.as("coarse").conv3d(32, 3, 2).instanceNorm().leakyRelu(0.01);
    Value up = coarse.as("up").conv3dTransposed(16, 2).leakyRelu(0.01);
    Value logits = up.as("head").conv3d(2, 1);
    Value labels = builder.input("labels", ElementType.I32, SymbolicShape.of("N", "D", "H", "W"));
    Value loss = CrossEntropy.create().of(logits, labels);
    return builder.output("logits", logits).output("loss", loss).build();
  }

  private static Map<String, Tensor> batch(Context context) {
    float[] values = new float[(int) IMAGE.elementCount()];
    int[] labels = new int[values.length];
    Random random = new Random(6);
    for (int i = 0; i < values.length; i++) {
      labels[i] = i % 32 / 8 % 2;
      values[i] = labels[i] + (float) random.nextGaussian();
    }
    return Map.of(
        "image", Tensor.of(context, values, IMAGE.toArray()),
        "labels", Tensor.of(context, labels, 1, 16, 16, 32));
  }

  private static Map<String, Shape> shapes() {
    return Map.of("image", IMAGE, "labels", Shape.of(1, 16, 16, 32));
  }

  private static boolean multipliesBfloat16(Context context) {
    return Conv3d.builder()
        .stride(2, 2, 2)
        .padding(1, 1, 1)
        .accuracy(Conv3d.BFLOAT16_ACCURACY)
        .build()
        .implementation(
            context, ElementType.F32, Shape.of(1, 32, 16, 16, 32), Shape.of(32, 32, 3, 3, 3))
        .contains("bf16");
  }

  /** Difference and norm of the second, both squared and summed. */
  private static double relative(float[] actual, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  private static Map<String, float[]> gradients(Graph graph, Context context) {
    try (Scope scope = Scope.open(context)) {
      Graph both = Differentiation.of(graph, "loss").withRespectToParameters().build();
      Map<String, float[]> results = new LinkedHashMap<>();
      both.compile(
              context,
              Weights.initialize(both, scope.context(), 3),
              shapes(),
              Graph.Compilation.TRAINING)
          .run(batch(context))
          .forEach((name, tensor) -> results.put(name, tensor.toFloatArray()));
      return results;
    }
  }

  @Test
  void resultsAndGradientsAreNearThoseOfF32() {
    Graph graph = network();
    Graph mixed = graph.withAccuracy(Conv3d.BFLOAT16_ACCURACY);
    assertEquals(graph.parameters().toString(), mixed.parameters().toString());
    try (Context context = Context.create()) {
      Map<String, float[]> expected = gradients(graph, context);
      Map<String, float[]> actual = gradients(mixed, context);
      double most = 0;
      assertEquals(expected.keySet(), actual.keySet());
      for (String name : expected.keySet()) {
        // What a norm takes out has gradients of rounding alone.
        boolean rounding = name.contains("fine.bias") || name.contains("coarse.bias");
        double off = rounding ? 0 : relative(actual.get(name), expected.get(name));
        assertTrue(off < 5e-2, name + " differs by " + off);
        most = Math.max(most, off);
      }
      assertTrue(most > 1e-4 || !multipliesBfloat16(context), "no bfloat16: " + most);
      // As accurate as ever again.
      Map<String, float[]> again = gradients(mixed.withAccuracy(Conv3d.USUAL_ACCURACY), context);
      expected.forEach((name, values) -> assertArrayEquals(values, again.get(name), name));
    }
    assertThrows(IllegalArgumentException.class, () -> graph.withAccuracy(0));
  }

  private static double[] losses(Graph graph) {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Trainer trainer =
          Trainer.builder(graph, "loss")
              .optimizer(Adam.create())
              .learningRate(LearningRate.constant(0.01))
              .build(Weights.initialize(graph, scope.context(), 3), shapes());
      double[] losses = new double[25];
      for (int step = 0; step < losses.length; step++) {
        losses[step] = trainer.step((target, index) -> batch(target)).loss();
      }
      return losses;
    }
  }

  @Test
  void trainsAsF32Does() {
    double[] expected = losses(network());
    double[] actual = losses(network().withAccuracy(Conv3d.BFLOAT16_ACCURACY));
    int last = expected.length - 1;
    assertTrue(actual[last] < 0.7 * actual[0], actual[0] + " to " + actual[last]);
    assertEquals(expected[last], actual[last], 0.1 * expected[last]);
  }
}
