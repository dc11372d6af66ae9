package org.voxkern.study.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.voxkern.train.Adam;
import org.voxkern.train.Augmentation;
import org.voxkern.train.GradientClipping;
import org.voxkern.train.LearningRate;
import org.voxkern.train.Optimizer;
import org.voxkern.train.Sgd;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Dice;
import org.voxkern.train.loss.Focal;
import org.voxkern.train.loss.Loss;

/** Parts of a recipe as objects. */
final class Choices {
  private static final double POWER = 0.9;

  private Choices() {}

  static Optimizer optimizer(Section recipe) {
    Section section = recipe.section("optimizer");
    String kind = section.word("kind", "adamw", "adam", "sgd");
    if (kind.equals("sgd")) {
      section.requireOnly("kind", "momentum", "dampening", "nesterov", "weight_decay");
      return recipe.made(
          "optimizer",
          () -> {
            Sgd.Builder sgd =
                Sgd.builder()
                    .momentum(section.number("momentum", 0))
                    .dampening(section.number("dampening", 0))
                    .weightDecay(section.number("weight_decay", 0));
            return (section.flag("nesterov") ? sgd.nesterov() : sgd).build();
          });
    }
    section.requireOnly("kind", "beta1", "beta2", "epsilon", "weight_decay");
    return recipe.made(
        "optimizer",
        () -> {
          Adam.Builder adam =
              Adam.builder()
                  .betas(section.number("beta1", 0.9), section.number("beta2", 0.999))
                  .epsilon(section.number("epsilon", 1e-8));
          return kind.equals("adam")
              ? adam.weightDecay(section.number("weight_decay", 0)).build()
              : adam.decoupledWeightDecay(section.number("weight_decay", 0.01)).build();
        });
  }

  /** Over the steps after the warm-up. */
  static LearningRate learningRate(Section recipe, long steps) {
    Section section = recipe.section("learning_rate");
    String kind = section.word("kind", "poly", "constant", "cosine", "step");
    double initial = section.number("initial", 1e-3);
    long warmUp = section.whole("warm_up", 0, 0);
    long rest = Math.max(1, steps - warmUp);
    return recipe.made(
        "learning_rate", () -> schedule(section, kind, initial, rest).afterWarmUp(warmUp));
  }

  private static LearningRate schedule(Section section, String kind, double initial, long steps) {
    switch (kind) {
      case "constant" -> {
        section.requireOnly("kind", "initial", "warm_up");
        return LearningRate.constant(initial);
      }
      case "cosine" -> {
        section.requireOnly("kind", "initial", "warm_up", "least");
        return LearningRate.cosine(initial, section.number("least", 0), steps);
      }
      case "step" -> {
        section.requireOnly("kind", "initial", "warm_up", "every", "factor");
        return LearningRate.step(initial, section.whole("every", 1), section.number("factor", 0.1));
      }
      default -> {
        section.requireOnly("kind", "initial", "warm_up", "power");
        return LearningRate.poly(initial, steps, section.number("power", POWER));
      }
    }
  }

  static GradientClipping clipping(Section recipe) {
    Section section = recipe.section("clip");
    section.requireOnly("norm", "value");
    if (section.has("norm") && section.has("value")) {
      throw recipe.complaint("clip", "has both norm and value, expected one of them");
    }
    return recipe.made(
        "clip",
        () -> {
          if (section.has("norm")) {
            return GradientClipping.byNorm(section.number("norm"));
          }
          return section.has("value")
              ? GradientClipping.byValue(section.number("value"))
              : GradientClipping.none();
        });
  }

  /** What each output's loss weighs, the finest first: falls by half unless the recipe says. */
  static List<Double> levelWeights(Section recipe, int outputs) {
    Section section = recipe.section("loss");
    return section.has("level_weights")
        ? Arrays.stream(section.positives("level_weights", outputs)).boxed().toList()
        : Loss.halving(outputs);
  }

  static Loss loss(Section recipe, int classes) {
    Section section = recipe.section("loss");
    String kind = section.word("kind", "dice_cross_entropy", "dice", "cross_entropy", "focal");
    boolean focal = kind.equals("focal");
    boolean weighted = kind.endsWith("cross_entropy");
    boolean overlap = kind.startsWith("dice");
    List<String> known = new ArrayList<>(List.of("kind", "level_weights"));
    known.addAll(focal ? List.of("gamma") : List.of());
    known.addAll(weighted ? List.of("class_weights") : List.of());
    known.addAll(overlap ? List.of("batch_dice", "background") : List.of());
    section.requireOnly(known.toArray(new String[0]));
    return recipe.made(
        "loss",
        () -> {
          if (focal) {
            return Focal.ofClasses(section.number("gamma", 2));
          }
          CrossEntropy entropy =
              weighted && section.has("class_weights")
                  ? CrossEntropy.weighted(section.positives("class_weights", classes))
                  : CrossEntropy.create();
          Dice dice = Dice.create();
          dice = overlap && section.flag("batch_dice") ? dice.overWholeBatch() : dice;
          dice = overlap && section.flag("background") ? dice : dice.withoutBackground();
          return !overlap ? entropy : weighted ? dice.plus(entropy) : dice;
        });
  }

  static Augmentation augmentation(Section recipe) {
    Section section = recipe.section("augmentation");
    section.requireOnly("flips", "scale", "shift", "noise");
    List<String> flips = section.has("flips") ? section.texts("flips") : List.of();
    int[] axes = new int[flips.size()];
    for (int i = 0; i < axes.length; i++) {
      // Axis 0 of a volume is z.
      axes[i] = List.of("z", "y", "x").indexOf(flips.get(i));
      if (axes[i] < 0) {
        throw section.complaint("flips", "has '" + flips.get(i) + "', expected x, y, z");
      }
    }
    return recipe.made(
        "augmentation",
        () ->
            Augmentation.none()
                .withFlips(axes)
                .withIntensities(
                    section.number("scale", 0),
                    section.number("shift", 0),
                    section.number("noise", 0)));
  }
}
