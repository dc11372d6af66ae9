package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.segmentation.SlidingWindow;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Dice;

class SegmentationScoreTest {
  private static final int EDGE = 20;
  private static final int COUNT = EDGE * EDGE * EDGE;

  /** A bright ball in noise; those voxels of a slab do not count. */
  private static LabelledVolume ball(Context context, long seed, int slab) {
    Random random = new Random(seed);
    double[] center = random.doubles(3, 6, 14).toArray();
    float[] image = new float[COUNT];
    int[] classes = new int[COUNT];
    for (int voxel = 0; voxel < COUNT; voxel++) {
      int[] at = {voxel / EDGE / EDGE, voxel / EDGE % EDGE, voxel % EDGE};
      double square = 0;
      for (int axis = 0; axis < 3; axis++) {
        square += (at[axis] - center[axis]) * (at[axis] - center[axis]);
      }
      classes[voxel] = square < 25 ? 1 : 0;
      image[voxel] = (float) (classes[voxel] + 0.4 * random.nextGaussian());
      classes[voxel] = at[0] < slab ? -1 : classes[voxel];
    }
    return new LabelledVolume(
        Tensor.of(context, image, 1, EDGE, EDGE, EDGE),
        Tensor.of(context, classes, EDGE, EDGE, EDGE));
  }

  private static Graph network() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    Value hidden = image.as("first").conv3d(6, 3).instanceNorm().relu();
    return builder.output("logits", hidden.as("head").conv3d(2, 3)).build();
  }

  private static SlidingWindow windows() {
    return SlidingWindow.builder(12, 12, 12).build();
  }

  @Test
  void aNetworkTrainedOnPatchesFindsTheBallsOfOtherVolumes() throws IOException {
    Graph network = network();
    Graph withLoss =
        PatchSource.withLoss(network, "logits", CrossEntropy.create().plus(Dice.create()));
    try (Context context = Context.create()) {
      PatchSource patches =
          PatchSource.builder(12, 12, 12)
              .batch(2)
              .seed(1)
              .augmentation(Augmentation.none().withFlips(0, 1, 2).withIntensities(0.1, 0.1, 0))
              .build(List.of(ball(context, 1, 2), ball(context, 2, 0)));
      SegmentationScore score =
          SegmentationScore.of(
              network, "logits", windows(), List.of(ball(context, 3, 0), ball(context, 4, 3)));
      Weights weights = Weights.initialize(network, context, 5);
      List<Double> scores = new ArrayList<>(List.of(score.measure(weights)));
      Trainer trainer =
          Trainer.builder(withLoss, PatchSource.LOSS)
              .learningRate(LearningRate.constant(0.02))
              .build(weights, patches.shapes());
      trainer.run(patches, 100);
      scores.add(score.measure(weights));
      assertTrue(scores.get(0) > 0.4 && scores.get(1) < 0.12, scores.toString());
    }
  }

  @Test
  void isOneLessTheMeanDice() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 1, "D", "H", "W");
    // Class 1 where a value is above a half.
    Graph threshold = builder.output("logits", image.times(0).plus(0.5).concat(1, image)).build();
    try (Context context = Context.create()) {
      LabelledVolume volume = ball(context, 9, 4);
      int[] truth = volume.classes().toIntArray();
      float[] values = volume.image().toFloatArray();
      double both = 0;
      double either = 0;
      for (int voxel = 0; voxel < COUNT; voxel++) {
        if (truth[voxel] >= 0) {
          int said = values[voxel] > 0.5 ? 1 : 0;
          both += said * truth[voxel];
          either += said + truth[voxel];
        }
      }
      Weights none = Weights.of(threshold, Map.of());
      SegmentationScore score =
          SegmentationScore.of(threshold, "logits", windows(), List.of(volume));
      SortedMap<Integer, Double> dice = score.dice(none, volume);
      assertEquals(1, dice.size());
      assertEquals(2 * both / either, dice.get(1), 1e-12);
      assertEquals(1 - 2 * both / either, score.measure(none), 1e-12);
      assertThrows(
          IllegalArgumentException.class,
          () -> SegmentationScore.of(threshold, "logits", windows(), List.of()));
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> PatchSource.withLoss(threshold, "labels", Dice.create()))
              .getMessage();
      assertTrue(message.contains("no output 'labels' among [logits]"), message);
    }
  }
}
