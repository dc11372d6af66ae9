package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Initializer;
import org.voxkern.graph.SafeTensors;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Dice;

class TrainerTest {
  private static final long EDGE = 8;
  private static final Map<String, Shape> SHAPES =
      Map.of("image", Shape.of(2, 1, EDGE, EDGE, EDGE), "labels", Shape.of(2, EDGE, EDGE, EDGE));

  @TempDir Path folder;

  /** With a batch norm and a dropout, so that all that a training changes is there. */
  private static Graph network() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value fine = image.as("fine").conv3d(4, 3).as("norm").batchNorm().relu();
    Value coarse = fine.maxPool(2).as("coarse").conv3d(6, 3).instanceNorm().leakyRelu(0.01);
    Value up = coarse.dropout(0.2, false).as("up").conv3dTransposed(4, 2);
    Value logits = fine.concat(1, up).as("head").conv3d(2, 1);
    Value labels = builder.input("labels", ElementType.I32, SymbolicShape.of("N", "D", "H", "W"));
    Value loss = CrossEntropy.create().plus(Dice.create()).of(logits, labels);
    return builder.output("logits", logits).output("loss", loss).build();
  }

  /** Noise with a brighter box, which is what the labels mark. */
  private static Map<String, Tensor> batch(Context context, long index) {
    Random random = new Random(100 + index);
    int count = (int) (EDGE * EDGE * EDGE);
    float[] image = new float[2 * count];
    int[] labels = new int[2 * count];
    for (int n = 0; n < 2; n++) {
      int[] low = random.ints(3, 0, 5).toArray();
      for (int voxel = 0; voxel < count; voxel++) {
        int[] at = {voxel % 8, voxel / 8 % 8, voxel / 64};
        boolean inside = true;
        for (int axis = 0; axis < 3; axis++) {
          inside &= at[axis] >= low[axis] && at[axis] < low[axis] + 4;
        }
        labels[n * count + voxel] = inside ? 1 : 0;
        image[n * count + voxel] = (float) ((inside ? 1 : 0) + 0.3 * random.nextGaussian());
      }
    }
    return Map.of(
        "image",
        Tensor.of(context, image, 2, 1, EDGE, EDGE, EDGE),
        "labels",
        Tensor.of(context, labels, 2, EDGE, EDGE, EDGE));
  }

  private static Trainer.Builder builder() {
    return Trainer.builder(network(), "loss")
        .optimizer(Adam.decoupled(0.01))
        .learningRate(LearningRate.poly(0.02, 60, 0.9).afterWarmUp(2))
        .clipping(GradientClipping.byNorm(5))
        .seed(3);
  }

  private static Map<String, float[]> values(Weights weights) {
    Map<String, float[]> values = new LinkedHashMap<>();
    weights.names().forEach(name -> values.put(name, weights.get(name).toFloatArray()));
    return values;
  }

  private static void assertSame(Map<String, float[]> expected, Map<String, float[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
  }

  private interface Work {
    void run(Trainer trainer) throws IOException;
  }

  /** The weights after some work with a new trainer. */
  private static Map<String, float[]> trained(int threads, Trainer.Builder builder, Work work)
      throws IOException {
    try (Context context = Context.builder().threads(threads).build();
        Scope scope = Scope.open(context)) {
      Weights weights = Weights.initialize(network(), scope.context(), 11);
      work.run(builder.build(weights, SHAPES));
      return values(weights);
    }
  }

  @Test
  void theLossFallsAndTheSameBitsComeOutWithAnyNumberOfThreads() throws IOException {
    List<TrainingStep> steps = new ArrayList<>();
    Map<String, float[]> one =
        trained(1, builder().listener(steps::add), trainer -> trainer.run(TrainerTest::batch, 40));
    assertEquals(40, steps.size());
    assertEquals(40, steps.get(39).step());
    assertEquals(0.01, steps.get(0).learningRate(), 1e-12);
    double first = steps.subList(0, 5).stream().mapToDouble(TrainingStep::loss).sum() / 5;
    double last = steps.subList(35, 40).stream().mapToDouble(TrainingStep::loss).sum() / 5;
    assertTrue(last < 0.5 * first, first + " to " + last);
    assertSame(one, trained(3, builder(), trainer -> trainer.run(TrainerTest::batch, 40)));
    assertTrue(one.get("norm.running_mean")[0] != 0);
  }

  @Test
  void goingOnFromACheckpointEqualsNoStop() throws IOException {
    Validation validation = Validation.ofLoss(network(), "loss", TrainerTest::batch, 1);
    Path file = folder.resolve("deep/run.checkpoint");
    double[] best = new double[2];
    Map<String, float[]> whole =
        trained(
            2,
            builder().validation(validation, 1, 10),
            trainer -> {
              trainer.run(TrainerTest::batch, 6);
              best[0] = trainer.bestScore();
            });
    trained(
        1,
        builder().validation(validation, 1, 10).checkpoint(file, 2),
        trainer -> trainer.run(TrainerTest::batch, 3));
    Map<String, float[]> resumed =
        trained(
            2,
            builder().validation(validation, 1, 10).checkpoint(file, 100),
            trainer -> {
              trainer.resume(file);
              assertEquals(3, trainer.step());
              trainer.run(TrainerTest::batch, 6);
              best[1] = trainer.bestScore();
            });
    assertSame(whole, resumed);
    assertEquals(best[0], best[1]);
    try (SafeTensors stored = SafeTensors.open(file)) {
      assertEquals("6", stored.metadata().get("step"));
      assertTrue(stored.entries().containsKey("optimizer.square.fine.weight"));
      assertTrue(stored.entries().containsKey("best.norm.running_var"));
    }
    try (var files = Files.list(file.getParent())) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void accumulatedBatchesAreOneLargeBatch() throws IOException {
    Graph.Builder graph = Graph.builder();
    Value x = graph.input("x", "N", 3);
    Value w = graph.parameter("w", Shape.of(1, 3), Initializer.constant(0.5));
    Value y = x.multiply(w);
    Graph linear = graph.output("loss", y.multiply(y).mean()).build();
    BatchSource rows =
        (context, index) ->
            Map.of("x", Tensor.of(context, new float[] {index, 1, 2 - index}, 1, 3));
    BatchSource both =
        (context, index) ->
            Map.of(
                "x",
                Tensor.of(
                    context,
                    new float[] {2 * index, 1, 2 - 2 * index, 2 * index + 1, 1, 1 - 2 * index},
                    2,
                    3));
    Trainer.Builder builder =
        Trainer.builder(linear, "loss")
            .optimizer(Sgd.create())
            .learningRate(LearningRate.constant(0.05));
    try (Context context = Context.create()) {
      Weights small = Weights.initialize(linear, context, 0);
      Weights large = Weights.initialize(linear, context, 0);
      List<TrainingStep> steps = new ArrayList<>();
      builder
          .accumulation(2)
          .listener(steps::add)
          .build(small, Map.of("x", Shape.of(1, 3)))
          .run(rows, 4);
      builder.accumulation(1).build(large, Map.of("x", Shape.of(2, 3))).run(both, 4);
      assertArrayEquals(large.get("w").toFloatArray(), small.get("w").toFloatArray(), 1e-6f);
      for (int step = 0; step < 4; step++) {
        assertEquals(steps.get(4 + step).loss(), steps.get(step).loss(), 1e-6);
        assertEquals(steps.get(4 + step).gradientNorm(), steps.get(step).gradientNorm(), 1e-6);
      }
    }
  }

  @Test
  void stopsWhereValidationGetsNoBetterAndKnowsTheBest() throws IOException {
    double[] scores = {5, 4, 4.5, 3, 3, 7, 8};
    List<Boolean> best = new ArrayList<>();
    List<Map<String, float[]>> seen = new ArrayList<>();
    Validation given =
        weights -> {
          seen.add(values(weights));
          return scores[seen.size() - 1];
        };
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onStep(TrainingStep step) {}

          @Override
          public void onValidation(long step, double score, boolean isBest) {
            assertEquals(2L * seen.size(), step);
            best.add(isBest);
          }
        };
    Map<String, float[]> restored =
        trained(
            2,
            builder().validation(given, 2, 2).listener(listener),
            trainer -> {
              assertThrows(IllegalStateException.class, trainer::restoreBest);
              assertTrue(trainer.run(TrainerTest::batch, 100));
              assertEquals(12, trainer.step());
              assertEquals(3, trainer.bestScore());
              trainer.restoreBest();
            });
    assertEquals(List.of(true, true, false, true, false, false), best);
    assertSame(seen.get(3), restored);
  }

  @Test
  void saysAtWhichStepTheLossIsNoNumberAndLeavesTheWeights() throws IOException {
    BatchSource broken =
        (context, index) -> {
          Map<String, Tensor> batch = batch(context, index);
          if (index == 2) {
            batch.get("image").buffer().putFloat(0, Float.NaN);
          }
          return batch;
        };
    Map<String, float[]> two = trained(2, builder(), trainer -> trainer.run(TrainerTest::batch, 2));
    Map<String, float[]> stopped =
        trained(
            2,
            builder(),
            trainer -> {
              DivergenceException failure =
                  assertThrows(DivergenceException.class, () -> trainer.run(broken, 10));
              assertEquals("step 3: the loss is NaN", failure.getMessage());
              assertEquals(3, failure.step());
              assertEquals(2, trainer.step());
            });
    assertSame(two, stopped);
  }

  @Test
  void namesTheParameterWhoseGradientIsNoNumber() {
    Graph.Builder graph = Graph.builder();
    Value x = graph.input("x", 2);
    Value fine = x.multiply(graph.parameter("fine", Shape.of(2), Initializer.constant(1)));
    Value steep = x.multiply(graph.parameter("steep", Shape.of(2), Initializer.constant(0)));
    Value root = steep.multiply(steep).unary(org.voxkern.op.Unary.Function.SQRT);
    Graph both = graph.output("loss", fine.add(root).sum()).build();
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(both, context, 0);
      Trainer trainer = Trainer.builder(both, "loss").build(weights, Map.of("x", Shape.of(2)));
      BatchSource ones = (own, index) -> Map.of("x", Tensor.of(own, new float[] {1, 1}, 2));
      String message =
          assertThrows(DivergenceException.class, () -> trainer.step(ones)).getMessage();
      assertEquals("step 1: the gradients' norm is NaN, of 'steep'", message);
    }
  }

  @Test
  void refusesCheckpointsOfOtherTrainingsAndBrokenOnes() throws IOException {
    Path file = folder.resolve("run.safetensors");
    trained(1, builder().checkpoint(file, 1), trainer -> trainer.run(TrainerTest::batch, 1));
    Map<String, float[]> fresh = trained(1, builder(), trainer -> {});
    Map<String, float[]> untouched =
        trained(
            1,
            builder().seed(4),
            trainer -> assertRefused(trainer, file, "its seed is 3, expected 4"));
    assertSame(fresh, untouched);
    trained(
        1,
        builder().optimizer(Sgd.create()),
        trainer -> assertRefused(trainer, file, "its optimizer is adam"));
    trained(
        1,
        builder().validation(weights -> 0, 1, 1),
        trainer -> assertRefused(trainer, file, "missing [best.coarse.bias"));
    Path plain = folder.resolve("weights.safetensors");
    Path cut = folder.resolve("cut.safetensors");
    Files.write(cut, java.util.Arrays.copyOf(Files.readAllBytes(file), 5000));
    trained(
        1,
        builder(),
        trainer -> {
          trainer.weights().write(plain);
          assertRefused(trainer, plain, "no checkpoint of a training");
          assertRefused(trainer, cut, "cut.safetensors");
          assertThrows(
              java.nio.file.NoSuchFileException.class, () -> trainer.resume(folder.resolve("no")));
        });
    Path edited = folder.resolve("edited.safetensors");
    try (Context context = Context.create();
        SafeTensors stored = SafeTensors.open(file)) {
      Map<String, String> settings = new LinkedHashMap<>(stored.metadata());
      settings.put("step", "-3");
      SafeTensors.write(edited, stored.readAll(context), settings);
    }
    trained(1, builder(), trainer -> assertRefused(trainer, edited, "its step is -3"));
  }

  private static void assertRefused(Trainer trainer, Path file, String says) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> trainer.resume(file)).getMessage();
    assertTrue(message.contains(says), message);
    assertTrue(message.contains(file.toString()), message);
  }

  @Test
  void saysWhatDoesNotFit() {
    try (Context context = Context.create()) {
      Weights weights = Weights.initialize(network(), context, 1);
      Trainer.Builder of = Trainer.builder(network(), "los");
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> of.build(weights, SHAPES))
              .getMessage()
              .contains("no output 'los' among [logits, loss]"));
      Trainer trainer = builder().build(weights, SHAPES);
      BatchSource wrong =
          (own, index) -> {
            Map<String, Tensor> batch = new LinkedHashMap<>(batch(own, index));
            batch.put("image", Tensor.zeros(own, ElementType.F32, Shape.of(1, 1, 8, 8, 8)));
            return batch;
          };
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> trainer.step(wrong))
              .getMessage()
              .contains("input 'image'"));
      assertFalse(trainer.step(TrainerTest::batch).loss() < 0);
      assertTrue(trainer.peakBytes() > 0);
    }
  }
}
