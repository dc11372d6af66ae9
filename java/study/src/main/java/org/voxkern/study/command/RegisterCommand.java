package org.voxkern.study.command;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.registration.DeformationModel;
import org.voxkern.registration.Initialization;
import org.voxkern.registration.Registration;
import org.voxkern.registration.SimilarityMeasure;
import org.voxkern.registration.TransformKind;
import org.voxkern.study.BadInputException;
import org.voxkern.study.Outcome;
import org.voxkern.study.ProcessClock;
import org.voxkern.study.ProgressDisplay;
import org.voxkern.study.RegistrationRequest;
import org.voxkern.study.RegistrationRun;
import org.voxkern.study.ResultJson;
import org.voxkern.study.Summary;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code voxkern register}. */
@Command(
    name = "register",
    sortOptions = false,
    description = {
      "Align MOVING to FIXED; measure and report how well.",
      "FIXED and MOVING are image files or folders with a DICOM series. Writes warped.nii.gz,"
          + " transform.tfm, displacement.nii.gz, result.json, report.html and report.png."
    })
final class RegisterCommand implements Callable<Integer> {
  @Spec CommandSpec spec;
  @Mixin CommonOptions common;

  @Parameters(index = "0", paramLabel = "FIXED", description = "The image that stays.")
  Path fixed;

  @Parameters(index = "1", paramLabel = "MOVING", description = "The image that is aligned.")
  Path moving;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results.")
  Path out;

  @Option(
      names = {"-t", "--transform"},
      paramLabel = "KIND",
      defaultValue = "affine",
      converter = Choices.Transform.class,
      completionCandidates = Choices.Transform.class,
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  TransformKind transform;

  @Option(
      names = {"-m", "--metric"},
      paramLabel = "METRIC",
      defaultValue = "mi",
      converter = Choices.Metric.class,
      completionCandidates = Choices.Metric.class,
      description = "Of the linear stages: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  SimilarityMeasure metric;

  @Option(
      names = "--deformable-metric",
      paramLabel = "METRIC",
      converter = Choices.Metric.class,
      completionCandidates = Choices.Metric.class,
      description = "Of the deformable stage (default: that of --metric).")
  SimilarityMeasure deformableMetric;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      defaultValue = "bspline",
      converter = Choices.Model.class,
      completionCandidates = Choices.Model.class,
      description = "Of the deformation: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  DeformationModel model;

  @Option(
      names = "--fixed-mask",
      paramLabel = "F",
      description = "Image on the grid of FIXED; only voxels where it is not 0 count.")
  Path fixedMask;

  @Option(
      names = "--moving-mask",
      paramLabel = "F",
      description = "Image on the grid of MOVING; only voxels where it is not 0 count.")
  Path movingMask;

  @Option(
      names = "--fixed-labels",
      paramLabel = "F",
      description = "Labels of FIXED, to measure the overlap (Dice); with --moving-labels.")
  Path fixedLabels;

  @Option(names = "--moving-labels", paramLabel = "F", description = "Labels of MOVING.")
  Path movingLabels;

  @Option(
      names = "--fixed-points",
      paramLabel = "CSV",
      description = "Points of FIXED, x,y,z in mm LPS, to measure the error; with --moving-points.")
  Path fixedPoints;

  @Option(
      names = "--moving-points",
      paramLabel = "CSV",
      description = "The corresponding points of MOVING.")
  Path movingPoints;

  @Option(
      names = "--init",
      paramLabel = "START",
      converter = Choices.Start.class,
      completionCandidates = Choices.Start.class,
      description =
          "Where to start: ${COMPLETION-CANDIDATES} (default: multi-start, or identity with"
              + " --initial-transform).")
  Initialization initialization;

  @Option(
      names = "--initial-transform",
      paramLabel = "TFM",
      description = "Linear ITK transform to start from.")
  Path initialTransform;

  @Option(
      names = "--levels",
      paramLabel = "N",
      description = "Pyramid levels of the linear stages (default: by size).")
  Integer levels;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description = "Most iterations a level of the linear stages.")
  Integer iterations;

  @Option(
      names = "--deformable-levels",
      paramLabel = "N",
      description = "Pyramid levels of the deformable stage (default: by size).")
  Integer deformableLevels;

  @Option(
      names = "--deformable-iterations",
      paramLabel = "N",
      description = "Most iterations a level of the deformable stage.")
  Integer deformableIterations;

  @Option(names = "--bins", paramLabel = "N", description = "Histogram bins of MI and NMI.")
  Integer bins;

  @Option(names = "--lncc-radius", paramLabel = "N", description = "Window radius of LNCC, voxels.")
  Integer lnccRadius;

  @Option(
      names = "--bias-degree",
      paramLabel = "N",
      description =
          "Degree of the polynomial for MOVING's bias field, 1 to 5; 0 leaves it (default: by size, up to 4).")
  Integer biasDegree;

  @Option(
      names = "--sampling",
      paramLabel = "PART",
      description = "Part of the voxels that linear stages look at, 0 to 1 (default: by size).")
  Double sampling;

  @Option(
      names = "--control-spacing",
      paramLabel = "MM",
      description = "Spacing of the finest control grid.")
  Double controlSpacing;

  @Option(
      names = "--bending",
      paramLabel = "WEIGHT",
      description = "Weight of the bending energy of control grids (default: 30).")
  Double bending;

  @Option(
      names = "--update-smoothing",
      paramLabel = "VOXELS",
      description = "Width (SD) of the Gaussian on updates of dense fields (default: 3).")
  Double updateSmoothing;

  @Option(
      names = "--field-smoothing",
      paramLabel = "VOXELS",
      description = "Width (SD) of the Gaussian on dense fields themselves (default: 0.5).")
  Double fieldSmoothing;

  @Option(
      names = "--step",
      paramLabel = "VOXELS",
      description = "Largest component of an update of a dense field (default: 0.5).")
  Double step;

  @Option(
      names = "--interpolation",
      paramLabel = "KIND",
      defaultValue = "linear",
      converter = Choices.Interpolated.class,
      completionCandidates = Choices.Interpolated.class,
      description = "Of the warped image: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  Interpolation interpolation;

  @Mixin ComputeOptions compute;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "121212",
      description = "Seed of the sampling (default: ${DEFAULT-VALUE}).")
  long seed;

  @Option(names = "--json", description = "Print result.json instead of a summary.")
  boolean json;

  @Option(names = "--no-report", description = "Write no report.html and report.png.")
  boolean noReport;

  @Option(names = "--no-displacement", description = "Write no displacement.nii.gz.")
  boolean noDisplacement;

  @Option(names = "--quiet", description = "Print nothing while running.")
  boolean quiet;

  @Override
  public Integer call() throws Exception {
    double started = ProcessClock.startSeconds();
    RegistrationRequest request = request();
    try (ProgressDisplay display = ProgressDisplay.open(quiet || json)) {
      Outcome outcome = new RegistrationRun(request, display, started).run();
      display.finish();
      System.out.print(json ? ResultJson.of(outcome) : Summary.of(outcome, request));
      System.out.flush();
    }
    return 0;
  }

  /** The command with its options set from words, as from a command line. */
  static RegisterCommand parse(List<String> arguments) {
    RegisterCommand command = new RegisterCommand();
    new CommandLine(command).parseArgs(arguments.toArray(new String[0]));
    return command;
  }

  /** What the options ask for. */
  RegistrationRequest request() {
    return new RegistrationRequest(
        fixed,
        moving,
        out,
        registration(),
        new Choices.Transform().word(transform),
        new Choices.Metric().word(reportedMetric()),
        initialTransform != null
            || (initialization != null && initialization != Initialization.IDENTITY),
        Optional.ofNullable(initialTransform),
        Optional.ofNullable(fixedMask),
        Optional.ofNullable(movingMask),
        pair("labels", fixedLabels, movingLabels),
        pair("points", fixedPoints, movingPoints),
        interpolation,
        compute.threads(),
        compute.device,
        seed,
        !noDisplacement,
        !noReport,
        parameters());
  }

  private SimilarityMeasure reportedMetric() {
    return transform == TransformKind.DEFORMABLE && deformableMetric != null
        ? deformableMetric
        : metric;
  }

  private Registration.Builder registration() {
    Registration.Builder builder =
        Registration.builder()
            .transform(transform)
            .measure(metric)
            .deformableMeasure(deformableMetric)
            .deformationModel(model)
            .seed(seed);
    if (initialization != null) {
      builder.initialization(initialization);
    } else if (initialTransform != null) {
      builder.initialization(Initialization.IDENTITY);
    }
    if (levels != null) {
      builder.linearLevels(levels);
    }
    if (iterations != null) {
      builder.linearIterations(iterations);
    }
    if (deformableLevels != null) {
      builder.deformableLevels(deformableLevels);
    }
    if (deformableIterations != null) {
      builder.deformableIterations(deformableIterations);
    }
    if (bins != null) {
      builder.histogramBins(bins);
    }
    if (lnccRadius != null) {
      builder.lnccRadius(lnccRadius);
    }
    if (biasDegree != null) {
      builder.biasFieldDegree(biasDegree);
    }
    if (sampling != null) {
      builder.samplingFraction(sampling);
    }
    if (controlSpacing != null) {
      builder.controlSpacingMm(controlSpacing);
    }
    if (bending != null) {
      builder.bendingWeight(bending);
    }
    if (updateSmoothing != null) {
      builder.updateSmoothing(updateSmoothing);
    }
    if (fieldSmoothing != null) {
      builder.fieldSmoothing(fieldSmoothing);
    }
    if (step != null) {
      builder.stepVoxels(step);
    }
    return builder;
  }

  private static Optional<RegistrationRequest.Pair> pair(String what, Path fixed, Path moving) {
    if (fixed == null && moving == null) {
      return Optional.empty();
    }
    if (fixed == null || moving == null) {
      throw new BadInputException(
          String.format(
              Locale.ROOT,
              "--%s-%s is given without --%s-%s",
              fixed == null ? "moving" : "fixed",
              what,
              fixed == null ? "fixed" : "moving",
              what));
    }
    return Optional.of(new RegistrationRequest.Pair(fixed, moving));
  }

  /** The options that were given, as they were given. */
  private Map<String, String> parameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("transform", new Choices.Transform().word(transform));
    parameters.put("metric", new Choices.Metric().word(metric));
    ParseResult parsed = spec.commandLine().getParseResult();
    for (OptionSpec option : parsed.matchedOptions()) {
      parameters.put(
          option.longestName().substring(2), String.join(",", option.originalStringValues()));
    }
    return parameters;
  }
}
