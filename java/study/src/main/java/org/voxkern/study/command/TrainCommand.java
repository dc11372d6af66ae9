package org.voxkern.study.command;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.voxkern.study.training.SegmentationTraining;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern train}. */
@Command(
    name = "train",
    sortOptions = false,
    description = {
      "Train a segmentation network as RECIPE, a JSON file, says.",
      "Writes weights.safetensors, checkpoint.safetensors, log.jsonl, result.json and recipe.json."
    })
final class TrainCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(
      index = "0",
      paramLabel = "RECIPE",
      description = {
        "cases: [{images: F or [F, ...], labels: F}, ...], classes: [[label, ...], ...], the"
            + " background first, patch: [x, y, z] and steps; optional:",
        "validation_cases, test_cases, orientation, spacing, intensities, network {features,"
            + " deep_supervision}, precision f32 or bf16, batch, foreground, augmentation {flips, scale, shift, noise},"
            + " loss {kind, level_weights}, optimizer {kind}, learning_rate {kind, initial, warm_up}, clip {norm or value}, accumulation,"
            + " validate_every, patience, checkpoint_every, overlap, seed.",
        "Files are relative to the recipe's folder."
      })
  Path recipe;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results.")
  Path out;

  @Option(
      names = "--resume",
      description = "Go on from the checkpoint in DIR; the result is that of no stop.")
  boolean resume;

  @Mixin ComputeOptions compute;

  @Option(names = "--quiet", description = "Print nothing while running.")
  boolean quiet;

  @Override
  public Integer call() throws Exception {
    SegmentationTraining training =
        new SegmentationTraining(
            recipe,
            out,
            compute.device,
            compute.threads(),
            quiet ? line -> {} : System.err::println);
    SegmentationTraining.Result result = training.run(resume);
    System.out.printf(
        Locale.ROOT,
        "%d steps%s in %.1f s, loss %.4f%s; results in %s%n",
        result.steps(),
        result.stoppedEarly() ? ", stopped early," : "",
        result.seconds(),
        result.loss(),
        Double.isNaN(result.bestScore())
            ? ""
            : String.format(Locale.ROOT, ", best mean Dice %.4f", 1 - result.bestScore()),
        out);
    return 0;
  }
}
