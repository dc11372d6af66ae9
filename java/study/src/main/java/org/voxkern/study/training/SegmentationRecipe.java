package org.voxkern.study.training;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.voxkern.graph.Graph;
import org.voxkern.segmentation.MinMax;
import org.voxkern.segmentation.Preprocessing;
import org.voxkern.segmentation.PreprocessingStep;
import org.voxkern.segmentation.Reorient;
import org.voxkern.segmentation.ResampleToSpacing;
import org.voxkern.segmentation.ZScore;
import org.voxkern.train.Augmentation;
import org.voxkern.train.GradientClipping;
import org.voxkern.train.LearningRate;
import org.voxkern.train.Optimizer;
import org.voxkern.train.loss.Loss;

/**
 * What a training of a segmentation network is told, read from a JSON file.
 *
 * @param classOf the class of each label; others do not count
 * @param geometry steps that move voxels, before those that change values
 * @param intensities steps that change values
 * @param patch voxels along z, y, x
 * @param levelWeights of the losses of the network's outputs, the finest first
 * @param validateEvery steps between validations
 * @param patience validations without a better one that end the training
 */
record SegmentationRecipe(
    List<CaseFiles> training,
    List<CaseFiles> validation,
    List<CaseFiles> test,
    Map<Integer, Integer> classOf,
    int classes,
    Preprocessing geometry,
    Preprocessing intensities,
    Graph network,
    int[] patch,
    int batch,
    double foreground,
    Augmentation augmentation,
    Loss loss,
    List<Double> levelWeights,
    Optimizer optimizer,
    LearningRate learningRate,
    GradientClipping clipping,
    int accumulation,
    long steps,
    long validateEvery,
    long patience,
    long checkpointEvery,
    double overlap,
    long seed) {
  /**
   * A case's files.
   *
   * @param images the channels, on one grid
   */
  record CaseFiles(List<Path> images, Path labels) {}

  /**
   * @throws org.voxkern.study.BadInputException if something is missing, unknown or out of range,
   *     naming the place in the file
   */
  static SegmentationRecipe read(Path file) {
    Section recipe = Section.read(file);
    recipe.requireOnly(
        "cases",
        "validation_cases",
        "test_cases",
        "classes",
        "orientation",
        "spacing",
        "intensities",
        "network",
        "precision",
        "patch",
        "batch",
        "foreground",
        "augmentation",
        "loss",
        "optimizer",
        "learning_rate",
        "clip",
        "accumulation",
        "steps",
        "validate_every",
        "patience",
        "checkpoint_every",
        "overlap",
        "seed");
    Path folder = file.toAbsolutePath().getParent();
    List<CaseFiles> training = cases(recipe, folder, "cases");
    if (training.isEmpty()) {
      throw recipe.complaint("cases", "is missing, expected one case or more");
    }
    int channels = training.get(0).images().size();
    List<CaseFiles> validation = cases(recipe, folder, "validation_cases");
    List<CaseFiles> test = cases(recipe, folder, "test_cases");
    for (CaseFiles other : joined(training, validation, test)) {
      if (other.images().size() != channels) {
        throw recipe.complaint(
            "cases", "have " + channels + " and " + other.images().size() + " images");
      }
    }
    Map<Integer, Integer> classOf = classes(recipe);
    int classes = recipe.wholeLists("classes").size();
    int[] xyz = recipe.wholes("patch", 3, 1);
    long steps = recipe.whole("steps", 1);
    double foreground = recipe.number("foreground", 0.5);
    if (!(foreground >= 0 && foreground <= 1)) {
      throw recipe.complaint("foreground", "is " + foreground + ", expected 0 to 1");
    }
    double overlap = recipe.number("overlap", 0.5);
    if (!(overlap >= 0 && overlap < 1)) {
      throw recipe.complaint("overlap", "is " + overlap + ", expected 0 to below 1");
    }
    Graph network = Networks.unet(recipe, channels, classes, xyz);
    return new SegmentationRecipe(
        training,
        validation,
        test,
        classOf,
        classes,
        geometry(recipe),
        intensities(recipe),
        network,
        new int[] {xyz[2], xyz[1], xyz[0]},
        Math.toIntExact(recipe.whole("batch", 1, 2)),
        foreground,
        Choices.augmentation(recipe),
        Choices.loss(recipe, classes),
        Choices.levelWeights(recipe, network.outputs().size()),
        Choices.optimizer(recipe),
        Choices.learningRate(recipe, steps),
        Choices.clipping(recipe),
        Math.toIntExact(recipe.whole("accumulation", 1, 1)),
        steps,
        recipe.whole("validate_every", 1, 100),
        recipe.whole("patience", 1, Long.MAX_VALUE),
        recipe.whole("checkpoint_every", 1, 100),
        overlap,
        recipe.whole("seed", 0, 0));
  }

  @SafeVarargs
  private static List<CaseFiles> joined(List<CaseFiles>... lists) {
    List<CaseFiles> all = new ArrayList<>();
    for (List<CaseFiles> list : lists) {
      all.addAll(list);
    }
    return all;
  }

  /** Paths are relative to the recipe's folder. */
  private static List<CaseFiles> cases(Section recipe, Path folder, String key) {
    List<CaseFiles> cases = new ArrayList<>();
    for (Section section : recipe.sections(key)) {
      section.requireOnly("images", "labels");
      cases.add(
          new CaseFiles(
              section.texts("images").stream().map(folder::resolve).toList(),
              folder.resolve(section.text("labels"))));
    }
    return cases;
  }

  private static Map<Integer, Integer> classes(Section recipe) {
    List<int[]> classes = recipe.wholeLists("classes");
    if (classes.size() < 2) {
      throw recipe.complaint("classes", "has " + classes.size() + ", expected 2 or more");
    }
    Map<Integer, Integer> classOf = new HashMap<>();
    for (int[] labels : classes) {
      int number = classes.indexOf(labels);
      for (int label : labels) {
        if (classOf.putIfAbsent(label, number) != null) {
          throw recipe.complaint("classes", "has the label " + label + " twice");
        }
      }
    }
    return classOf;
  }

  private static Preprocessing geometry(Section recipe) {
    List<PreprocessingStep> steps = new ArrayList<>();
    if (recipe.has("orientation")) {
      String directions = recipe.text("orientation");
      steps.add(recipe.made("orientation", () -> new Reorient(directions)));
    }
    if (recipe.has("spacing")) {
      double[] mm = recipe.positives("spacing", 3);
      steps.add(recipe.made("spacing", () -> ResampleToSpacing.of(mm[0], mm[1], mm[2])));
    }
    return Preprocessing.of(steps.toArray(new PreprocessingStep[0]));
  }

  private static Preprocessing intensities(Section recipe) {
    return switch (recipe.word("intensities", "z_score", "foreground_z_score", "min_max", "none")) {
      case "foreground_z_score" -> Preprocessing.of(new ZScore(true));
      case "min_max" -> Preprocessing.of(MinMax.ofRange());
      case "none" -> Preprocessing.of();
      default -> Preprocessing.of(new ZScore(false));
    };
  }
}
