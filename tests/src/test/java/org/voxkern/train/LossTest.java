package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.op.BoxIou;
import org.voxkern.op.MutualInformation;
import org.voxkern.testing.GradientCheck;
import org.voxkern.testing.GradientCheck.Input;
import org.voxkern.train.loss.BinaryCrossEntropy;
import org.voxkern.train.loss.BoxOverlap;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Dice;
import org.voxkern.train.loss.Embeddings;
import org.voxkern.train.loss.FieldRegularity;
import org.voxkern.train.loss.Focal;
import org.voxkern.train.loss.ImageSimilarity;
import org.voxkern.train.loss.Loss;
import org.voxkern.train.loss.Regression;

/** Losses: their gradients against differences, their values where they are known. */
class LossTest {
  private static final double EXACT = 1e-9;

  private final GradientCheck gradients = new GradientCheck(17);

  private static Function<List<Value>, Value> network(Loss loss) {
    return x -> loss.of(x.get(0), x.get(1));
  }

  private static double value(Loss loss, Input... inputs) {
    return GradientCheck.value(network(loss), inputs);
  }

  /** Class 3 of 3 does not exist: such voxels do not count. */
  private final Input logits = gradients.normal(2, 3, 3, 2, 4);

  private final Input classes = gradients.classes(4, 2, 3, 2, 4);

  private double crossEntropyByHand(double... weights) {
    double sum = 0;
    double count = 0;
    for (int n = 0; n < 2; n++) {
      for (int voxel = 0; voxel < 24; voxel++) {
        int truth = (int) classes.values()[24 * n + voxel];
        if (truth == 3) {
          continue;
        }
        double[] z = new double[3];
        for (int c = 0; c < 3; c++) {
          z[c] = logits.values()[72 * n + 24 * c + voxel];
        }
        double all = Arrays.stream(z).map(Math::exp).sum();
        sum -= weights[truth] * (z[truth] - Math.log(all));
        count += weights[truth];
      }
    }
    return sum / count;
  }

  @Test
  void crossEntropy() {
    gradients.check(network(CrossEntropy.create()), logits, classes);
    gradients.check(network(CrossEntropy.weighted(1, 0.2, 3)), logits, classes);
    assertEquals(crossEntropyByHand(1, 1, 1), value(CrossEntropy.create(), logits, classes), EXACT);
    Loss weighted = CrossEntropy.weighted(1, 0.5, 3);
    assertEquals(crossEntropyByHand(1, 0.5, 3), value(weighted, logits, classes), EXACT);
    Input none = GradientCheck.classes(filled(48, 7), 2, 3, 2, 4);
    assertEquals(0, value(CrossEntropy.create(), logits, none), EXACT);
  }

  private static double[] filled(int count, double value) {
    double[] values = new double[count];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void focal() {
    gradients.check(network(Focal.ofClasses(2)), logits, classes);
    double crossEntropy = value(CrossEntropy.create(), logits, classes);
    assertEquals(crossEntropy, value(Focal.ofClasses(0), logits, classes), EXACT);
    assertTrue(value(Focal.ofClasses(2), logits, classes) < crossEntropy);
    Input z = gradients.normal(3, 5);
    Input t = GradientCheck.constant(halves(15), 3, 5);
    gradients.check(network(Focal.binary(2, 0.25)), z, t);
    double binary = value(BinaryCrossEntropy.ofLogits(), z, t);
    assertEquals(binary / 2, value(Focal.binary(0, 0.5), z, t), EXACT);
  }

  /** 0 and 1 in turn. */
  private static double[] halves(int count) {
    return IntStream.range(0, count).mapToDouble(i -> i % 2).toArray();
  }

  @Test
  void binaryCrossEntropy() {
    Input z = gradients.normal(3, 5);
    Input t = GradientCheck.constant(halves(15), 3, 5);
    gradients.check(network(BinaryCrossEntropy.ofLogits()), z, t);
    gradients.check(network(BinaryCrossEntropy.ofLogits().withPositiveWeight(3)), z, t);
    double[] p = Arrays.stream(z.values()).map(x -> 1 / (1 + Math.exp(-x))).toArray();
    Input probabilities = GradientCheck.of(p, 3, 5);
    Loss ofProbabilities = BinaryCrossEntropy.ofProbabilities().withPositiveWeight(3);
    gradients.check(network(ofProbabilities), probabilities, t);
    assertEquals(
        value(BinaryCrossEntropy.ofLogits().withPositiveWeight(3), z, t),
        value(ofProbabilities, probabilities, t),
        EXACT);
    Input far = GradientCheck.of(new double[] {1000, -1000}, 2);
    Input yes = GradientCheck.constant(new double[] {1, 1}, 2);
    assertEquals(500, value(BinaryCrossEntropy.ofLogits(), far, yes), EXACT);
    Input sure = GradientCheck.of(new double[] {1, 0}, 2);
    assertEquals(50, value(BinaryCrossEntropy.ofProbabilities(), sure, yes), EXACT);
  }

  @Test
  void dice() {
    Dice dice = Dice.create();
    for (Dice each :
        List.of(
            dice,
            dice.overWholeBatch(),
            dice.withoutBackground().withSmoothing(1),
            dice.squared().withoutBackground().overWholeBatch())) {
      gradients.check(network(each), logits, classes);
      double loss = value(each, logits, classes);
      assertTrue(loss > 0 && loss < 1, "loss " + loss);
    }
    // Logits that are sure: right everywhere, and wrong everywhere.
    double[] truth = classes.values();
    assertEquals(0, value(dice, sure(truth, 0), classes), 1e-6);
    assertEquals(1, value(dice, sure(truth, 1), classes), 1e-3);
    gradients.check(network(dice.plus(CrossEntropy.create().times(0.5))), logits, classes);
    assertEquals(
        value(dice, logits, classes) + 0.5 * value(CrossEntropy.create(), logits, classes),
        value(dice.plus(CrossEntropy.create().times(0.5)), logits, classes),
        EXACT);
  }

  private static Input sure(double[] truth, int shift) {
    double[] logits = new double[3 * truth.length];
    for (int i = 0; i < truth.length; i++) {
      int chosen = ((int) truth[i] + shift) % 3;
      logits[i / 24 * 72 + 24 * chosen + i % 24] = 100;
    }
    return GradientCheck.of(logits, 2, 3, 3, 2, 4);
  }

  @Test
  void regression() {
    Input a = gradients.normal(4, 3);
    Input b = gradients.normal(4, 3);
    for (Loss loss :
        List.of(
            Regression.meanSquare(),
            Regression.meanAbsolute(),
            Regression.smoothAbsolute(1),
            Regression.smoothAbsolute(0.3))) {
      gradients.check(network(loss), a, b);
      assertEquals(0, value(loss, a, a));
    }
    Input x = GradientCheck.of(new double[] {0.5, -3}, 2);
    Input zero = GradientCheck.of(new double[2], 2);
    assertEquals((0.25 + 9) / 2, value(Regression.meanSquare(), x, zero), EXACT);
    assertEquals(3.5 / 2, value(Regression.meanAbsolute(), x, zero), EXACT);
    assertEquals((0.125 + 2.5) / 2, value(Regression.smoothAbsolute(1), x, zero), EXACT);
  }

  @Test
  void imageSimilarity() {
    Input warped = GradientCheck.of(smooth(0.3), 2, 1, 6, 7, 8);
    Input fixed = GradientCheck.constant(smooth(0.1), 2, 1, 6, 7, 8);
    MutualInformation.Parameters parameters =
        new MutualInformation.Parameters(MutualInformation.Measure.MATTES, 12, -1.5, 1.5, -2, 2);
    MutualInformation.Parameters normalized =
        new MutualInformation.Parameters(
            MutualInformation.Measure.NORMALIZED, 12, -1.5, 1.5, -2, 2);
    for (Loss loss :
        List.of(
            ImageSimilarity.ncc(),
            ImageSimilarity.lncc(2, 2, 2),
            ImageSimilarity.mutualInformation(parameters),
            ImageSimilarity.mutualInformation(normalized))) {
      gradients.check(network(loss), warped, fixed);
      assertTrue(value(loss, fixed, fixed) < value(loss, warped, fixed));
    }
    double[] line = Arrays.stream(fixed.values()).map(v -> 3 * v + 2).toArray();
    assertEquals(
        -1, value(ImageSimilarity.ncc(), GradientCheck.of(line, 2, 1, 6, 7, 8), fixed), 1e-9);
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", 1, 2, 4, 4, 4);
    assertThrows(IllegalArgumentException.class, () -> ImageSimilarity.ncc().of(image, image));
  }

  private static double[] smooth(double phase) {
    return IntStream.range(0, 2 * 336)
        .mapToDouble(
            i ->
                Math.sin(0.9 * (i % 8) + phase)
                    + 0.4 * Math.cos(0.7 * (i / 8 % 7) + 2 * phase)
                    + 0.3 * Math.sin(0.8 * (i / 56) - phase))
        .map(v -> 0.8 * v)
        .toArray();
  }

  @Test
  void fieldRegularity() {
    Input field = gradients.normal(2, 3, 3, 4, 5);
    gradients.check(x -> FieldRegularity.diffusion(x.get(0)), field);
    gradients.check(x -> FieldRegularity.bendingEnergy(x.get(0)), field);
    gradients.check(x -> FieldRegularity.folding(x.get(0), 0.2), field);
    double[] affine = new double[2 * 3 * 60];
    for (int i = 0; i < affine.length; i++) {
      affine[i] = 0.01 * (i % 5) - 0.02 * (i / 5 % 4) + 0.03 * (i / 20 % 3) + i / 60;
    }
    Input linear = GradientCheck.of(affine, 2, 3, 3, 4, 5);
    assertEquals(
        0, GradientCheck.value(x -> FieldRegularity.bendingEnergy(x.get(0)), linear), EXACT);
    assertEquals(
        0, GradientCheck.value(x -> FieldRegularity.folding(x.get(0), 0.2), linear), EXACT);
    double steps = (0.0001 * 4 * 4 * 3 + 0.0004 * 5 * 3 * 3 + 0.0009 * 5 * 4 * 2) / 60;
    assertEquals(
        steps, GradientCheck.value(x -> FieldRegularity.diffusion(x.get(0)), linear), EXACT);
    Input flat = gradients.normal(1, 3, 1, 2, 3);
    assertTrue(GradientCheck.value(x -> FieldRegularity.bendingEnergy(x.get(0)), flat) > 0);
    gradients.check(x -> FieldRegularity.diffusion(x.get(0)), flat);
  }

  @Test
  void boxOverlap() {
    double[] boxes = {0, 0, 0, 2, 3, 4, 1, 1, 1, 5, 4, 3, 0, 0, 0, 1, 1, 1};
    double[] others = {1, 0.5, 1, 3, 3.5, 3, 2, 0.5, 1.5, 4, 5, 3.5, 5, 6, 7, 8, 8, 8};
    Input a = GradientCheck.of(boxes, 3, 6);
    Input b = GradientCheck.of(others, 3, 6);
    gradients.check(network(BoxOverlap.giou()), a, b);
    gradients.check(network(BoxOverlap.loss(BoxIou.Kind.DIOU)), a, b);
    assertEquals(0, value(BoxOverlap.giou(), a, a), EXACT);
    double loss = value(BoxOverlap.giou(), a, b);
    assertTrue(loss > 0 && loss < 2, "loss " + loss);
  }

  private final Input embeddings = gradients.normal(7, 4);
  private final Input labels = GradientCheck.classes(new double[] {0, 0, 1, 1, 1, 2, 0}, 7);

  private double distance(int i, int j) {
    double[] e = embeddings.values();
    double sum = 0;
    for (int f = 0; f < 4; f++) {
      sum += Math.pow(e[4 * i + f] - e[4 * j + f], 2);
    }
    return Math.sqrt(sum);
  }

  private double label(int i) {
    return labels.values()[i];
  }

  @Test
  void triplets() {
    gradients.check(x -> Embeddings.hardTriplet(x.get(0), x.get(1), 0.7), embeddings, labels);
    gradients.check(x -> Embeddings.semiHardTriplet(x.get(0), x.get(1), 0.7), embeddings, labels);
    double hard = 0;
    double semiHard = 0;
    int pairs = 0;
    for (int a = 0; a < 7; a++) {
      double farthest = 0;
      double nearest = Double.MAX_VALUE;
      for (int other = 0; other < 7; other++) {
        if (label(other) != label(a)) {
          nearest = Math.min(nearest, distance(a, other));
        } else if (other != a) {
          farthest = Math.max(farthest, distance(a, other));
          double next = Double.MAX_VALUE;
          double most = 0;
          for (int n = 0; n < 7; n++) {
            if (label(n) != label(a)) {
              most = Math.max(most, distance(a, n));
              next = distance(a, n) > distance(a, other) ? Math.min(next, distance(a, n)) : next;
            }
          }
          double negative = next == Double.MAX_VALUE ? most : next;
          semiHard += Math.max(0, 0.7 + distance(a, other) - negative);
          pairs++;
        }
      }
      hard += farthest == 0 ? 0 : Math.max(0, 0.7 + farthest - nearest);
    }
    // Case 5 has no other of its class.
    assertEquals(
        hard / 6,
        GradientCheck.value(
            x -> Embeddings.hardTriplet(x.get(0), x.get(1), 0.7), embeddings, labels),
        1e-7);
    assertEquals(
        semiHard / pairs,
        GradientCheck.value(
            x -> Embeddings.semiHardTriplet(x.get(0), x.get(1), 0.7), embeddings, labels),
        1e-7);
    Input alone = GradientCheck.classes(new double[] {0, 1, 2, 3, 4, 5, 6}, 7);
    assertEquals(
        0,
        GradientCheck.value(
            x -> Embeddings.hardTriplet(x.get(0), x.get(1), 0.7), embeddings, alone));
  }

  @Test
  void contrastive() {
    Input other = gradients.normal(7, 4);
    Input same = GradientCheck.constant(halves(7), 7);
    gradients.check(
        x -> Embeddings.contrastive(x.get(0), x.get(1), x.get(2), 4), embeddings, other, same);
    Input all = GradientCheck.constant(filled(7, 1), 7);
    Input none = GradientCheck.constant(filled(7, 0), 7);
    assertEquals(
        0,
        GradientCheck.value(
            x -> Embeddings.contrastive(x.get(0), x.get(0), x.get(1), 2), embeddings, all));
    assertEquals(
        2,
        GradientCheck.value(
            x -> Embeddings.contrastive(x.get(0), x.get(0), x.get(1), 2), embeddings, none),
        1e-5);
  }

  @Test
  void grading() {
    Input scores = gradients.normal(7);
    gradients.check(x -> Embeddings.grading(x.get(0), x.get(1), 0.5), scores, labels);
    double[] ordered = Arrays.stream(labels.values()).map(grade -> 0.5 * grade + 9).toArray();
    assertEquals(
        0,
        GradientCheck.value(
            x -> Embeddings.grading(x.get(0), x.get(1), 0.5),
            GradientCheck.of(ordered, 7),
            labels));
    double[] equal = filled(7, 1);
    // Nine pairs of grades 0 and 1, three of 1 and 2, three of 0 and 2.
    assertEquals(
        0.5 * (9 + 3 + 2 * 3) / 15,
        GradientCheck.value(
            x -> Embeddings.grading(x.get(0), x.get(1), 0.5), GradientCheck.of(equal, 7), labels),
        1e-6);
  }

  @Test
  void deepSupervision() {
    Input coarse = gradients.normal(2, 3, 2);
    Input fine = gradients.normal(2, 3, 4);
    Input coarseClasses = gradients.classes(3, 2, 2);
    Input fineClasses = gradients.classes(3, 2, 4);
    Loss loss = CrossEntropy.create();
    Function<List<Value>, Value> both =
        x -> loss.supervise(List.of(x.get(0), x.get(1)), List.of(x.get(2), x.get(3)));
    gradients.check(both, fine, coarse, fineClasses, coarseClasses);
    assertEquals(
        (2 * value(loss, fine, fineClasses) + value(loss, coarse, coarseClasses)) / 3,
        GradientCheck.value(both, fine, coarse, fineClasses, coarseClasses),
        EXACT);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Graph.Builder builder = Graph.builder();
    Value logits = builder.input("logits", "N", 3, "D");
    Value wrong = builder.input("wrong", "N", 4, 4, "D");
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> CrossEntropy.create().of(logits, wrong));
    assertTrue(failure.getMessage().contains("(N, 3, D)"), failure.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Regression.meanSquare().of(logits, wrong));
    assertThrows(IllegalArgumentException.class, () -> CrossEntropy.weighted(1, -1));
    assertThrows(IllegalArgumentException.class, () -> Focal.ofClasses(0.5));
    assertThrows(IllegalArgumentException.class, () -> Dice.create().withSmoothing(0));
  }
}
