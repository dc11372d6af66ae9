package org.voxkern.bench.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.bench.report.TextTable;
import org.voxkern.itk.ImageIo;
import org.voxkern.study.InputFiles;
import org.voxkern.study.report.Numbers;
import org.voxkern.study.training.SegmentationTraining;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench tumour}. */
@Command(
    name = "tumour",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Train a U-Net on one glioma patient, and segment another's whole tumour.",
      "Beside it the threshold on FLAIR that is best for the first patient."
    })
public final class TumourCommand implements Callable<Integer> {
  private static final String TRAINED = "brats_2013_pat0006_1";
  private static final String OTHER = "brats_2013_pat0001_1";
  private static final String FLAIR = "Flair_subtrMeanDivStd.nii.gz";
  private static final String T1C = "T1c_subtrMeanDivStd.nii.gz";
  private static final String LABELS = "OTMultiClass.nii.gz";

  /** Thresholds on a z-scored image that are tried. */
  private static final int THRESHOLDS = 121;

  private static final double STEP = 0.05;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with brats/" + TRAINED + " and brats/" + OTHER + ".")
  Path data;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "240",
      description = "Steps of training (default: ${DEFAULT-VALUE}).")
  long steps;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/tumour",
      description = "Folder for recipe and results, a new one (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads (default: every core).")
  int threads;

  @Override
  public Integer call() throws Exception {
    Path patients = data.toAbsolutePath().resolve("brats");
    Path trained = patients.resolve(TRAINED);
    Path other = patients.resolve(OTHER);
    Threshold threshold = Threshold.best(trained);
    double baseline = threshold.dice(other);
    Files.createDirectories(out);
    Path recipe = out.resolve("tumour.json");
    Files.writeString(recipe, recipe(trained, other));
    SegmentationTraining training =
        new SegmentationTraining(recipe, out, Device.cpu(), threads, System.err::println);
    SegmentationTraining.Result result = training.run(false);
    SortedMap<Integer, Double> dice = result.dice().values().iterator().next();
    System.out.printf(
        "%nwhole tumour of %s, trained on patches of %s alone, %s s%n%s",
        OTHER,
        TRAINED,
        Numbers.fixed(result.seconds(), 0),
        new TextTable("method", "Dice")
            .row("U-Net", Numbers.fixed(dice.getOrDefault(1, 0.0), 4))
            .row(
                "FLAIR above "
                    + Numbers.fixed(threshold.value, 2)
                    + " (Dice "
                    + Numbers.fixed(threshold.training, 4)
                    + " where it was chosen)",
                Numbers.fixed(baseline, 4)));
    return 0;
  }

  private String recipe(Path trained, Path other) {
    return """
        {
          "cases": [%s],
          "test_cases": [%s],
          "classes": [[0], [1, 2, 3, 4]],
          "intensities": "none",
          "network": {"features": [8, 16, 32, 64]},
          "spacing": [2, 2, 2],
          "patch": [80, 96, 72],
          "batch": 1,
          "augmentation": {"flips": ["x", "y", "z"], "scale": 0.3, "shift": 0.5, "noise": 0.1},
          "optimizer": {"kind": "adamw"},
          "learning_rate": {"kind": "poly", "initial": 0.003, "warm_up": 10},
          "clip": {"norm": 12},
          "steps": %d,
          "seed": 1
        }
        """
        .formatted(files(trained), files(other), steps);
  }

  private static String files(Path patient) {
    return """
        {"images": ["%1$s/%2$s", "%1$s/%3$s"], "labels": "%1$s/%4$s"}"""
        .formatted(patient, FLAIR, T1C, LABELS);
  }

  /**
   * Tumour where FLAIR is above a value.
   *
   * @param training Dice on the patient that it was chosen for
   */
  private record Threshold(double value, double training) {
    static Threshold best(Path patient) throws IOException {
      Threshold best = new Threshold(0, -1);
      try (Context context = Context.create()) {
        float[] flair = flair(context, patient);
        int[] labels = labels(context, patient);
        for (int i = 0; i < THRESHOLDS; i++) {
          double dice = dice(flair, labels, i * STEP);
          best = dice > best.training ? new Threshold(i * STEP, dice) : best;
        }
      }
      return best;
    }

    double dice(Path patient) throws IOException {
      try (Context context = Context.create()) {
        return dice(flair(context, patient), labels(context, patient), value);
      }
    }

    private static float[] flair(Context context, Path patient) {
      Path path = patient.resolve(FLAIR);
      return InputFiles.attempt(path, () -> ImageIo.read(context, path, ElementType.F32))
          .data()
          .toFloatArray();
    }

    private static int[] labels(Context context, Path patient) {
      Path path = patient.resolve(LABELS);
      return InputFiles.attempt(path, () -> ImageIo.read(context, path, ElementType.I32))
          .data()
          .toIntArray();
    }

    private static double dice(float[] flair, int[] labels, double threshold) {
      long both = 0;
      long either = 0;
      for (int voxel = 0; voxel < flair.length; voxel++) {
        int said = flair[voxel] > threshold ? 1 : 0;
        int truth = labels[voxel] > 0 ? 1 : 0;
        both += said & truth;
        either += said + truth;
      }
      return 2.0 * both / either;
    }
  }
}
