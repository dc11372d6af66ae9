package org.voxkern.study.command;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.voxkern.ElementType;
import org.voxkern.study.BadInputException;
import org.voxkern.study.segmentation.NetworkLayout;
import org.voxkern.study.segmentation.PartProgress;
import org.voxkern.study.segmentation.Preset;
import org.voxkern.study.segmentation.SegmentationOutcome;
import org.voxkern.study.segmentation.SegmentationRequest;
import org.voxkern.study.segmentation.SegmentationRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern segment}. */
@Command(
    name = "segment",
    sortOptions = false,
    description = {
      "Label the voxels of an image by a trained network.",
      "Labels lie on the grid of IMAGE. MODEL is a TensorFlow.js model.json or its folder, HDF5 of"
          + " Keras, ONNX, or safetensors with --network."
    })
final class SegmentCommand implements Callable<Integer> {
  private static final List<String> FORMATS =
      List.of(".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgh", ".mgz");

  @Mixin CommonOptions common;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "One image for each channel of the network, on one grid.")
  List<Path> images;

  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "MODEL",
      description = "The trained network.")
  Path model;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "LABELS",
      description = "Image of the labels, .nii.gz for instance.")
  Path out;

  @Option(
      names = {"-p", "--preset"},
      paramLabel = "PRESET",
      defaultValue = "raw",
      converter = Presets.class,
      completionCandidates = Presets.class,
      description = {
        "What the network takes: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
        "meshnet: FreeSurfer's conformed 256^3 grid, 0 to 1. meshnet-quantile: the same between"
            + " percentiles 2 and 98. nnunet: z-scores, in windows. raw: the image as it is."
      })
  Preset preset;

  @Option(
      names = "--network",
      paramLabel = "LAYOUT",
      converter = Layouts.class,
      completionCandidates = Layouts.class,
      description = "Of weights in safetensors: ${COMPLETION-CANDIDATES}.")
  NetworkLayout layout;

  @Option(
      names = "--output",
      paramLabel = "NAME",
      description = "Of the network, where it has several (default: logits).")
  String output;

  @Option(
      names = "--window",
      paramLabel = "Z,Y,X",
      split = ",",
      description =
          "Run in windows of so many voxels (default: 128,128,128 with --preset nnunet, else the"
              + " whole volume).")
  long[] window;

  @Option(
      names = "--overlap",
      paramLabel = "PART",
      defaultValue = "0.5",
      description = "Of windows with their neighbours, 0 to below 1 (default: ${DEFAULT-VALUE}).")
  double overlap;

  @Option(
      names = "--mirror",
      description = "Mean of the network's answers with all axes flipped, too; in windows.")
  boolean mirror;

  @Option(
      names = "--memory",
      paramLabel = "BYTES",
      converter = ByteCount.class,
      description =
          "Most memory for images, weights and network, such as 600M or 1.5G; what does not fit is"
              + " said before the network runs (default: what the machine has).")
  Long memory;

  @Mixin ComputeOptions compute;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "f32",
      converter = Precisions.class,
      completionCandidates = Precisions.class,
      description =
          "That convolutions multiply: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). bf16,"
              + " with f32 sums, where that is faster.")
  ElementType precision;

  @Option(names = "--json", description = "Print the result as JSON.")
  boolean json;

  @Option(names = "--quiet", description = "Print nothing while running.")
  boolean quiet;

  /** {@code --preset}. */
  static final class Presets extends Choices<Preset> {
    Presets() {
      Arrays.stream(Preset.values()).forEach(each -> add(wordOf(each), each));
    }
  }

  /** {@code --precision}. */
  static final class Precisions extends Choices<ElementType> {
    Precisions() {
      add("f32", ElementType.F32);
      add("bf16", ElementType.BF16);
    }
  }

  /** {@code --network}. */
  static final class Layouts extends Choices<NetworkLayout> {
    Layouts() {
      Arrays.stream(NetworkLayout.values()).forEach(each -> add(wordOf(each), each));
    }
  }

  private static String wordOf(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public Integer call() throws Exception {
    SegmentationRequest request = request();
    try (PartProgress progress = PartProgress.open(quiet || json)) {
      SegmentationOutcome outcome = new SegmentationRun(request, progress).run();
      progress.close();
      System.out.print(json ? outcome.json() : outcome.summary());
      System.out.flush();
    }
    return 0;
  }

  private SegmentationRequest request() {
    String name = out.toString().toLowerCase(Locale.ROOT);
    require(
        FORMATS.stream().anyMatch(name::endsWith),
        "--out " + out + ": expected a name that ends in one of " + String.join(", ", FORMATS));
    require(
        window == null || window.length == 3,
        "--window takes three sizes, along z, y and x, such as 128,128,128");
    boolean windowed = window != null || preset.windows();
    require(windowed || !mirror, "--mirror is for windows: give --window");
    return new SegmentationRequest(
        images,
        model,
        Optional.ofNullable(layout),
        Optional.ofNullable(output),
        preset,
        windowed
            ? Optional.of(
                new SegmentationRequest.Windows(
                    window == null ? preset.window() : window, overlap, mirror))
            : Optional.empty(),
        out,
        memory == null ? 0 : memory,
        compute.threads(),
        compute.device,
        precision == ElementType.BF16);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new BadInputException(message);
    }
  }
}
