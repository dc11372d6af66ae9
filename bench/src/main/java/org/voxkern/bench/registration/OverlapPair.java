package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.bench.peer.MeasuredProcess;
import org.voxkern.itk.ImageIo;
import org.voxkern.metrics.LabelOverlap;
import org.voxkern.study.InputFiles;
import org.voxkern.study.Warping;

/**
 * Two people's label maps with a T1-like scan painted on the fixed and a T2-like one on the moving
 * one; whole processes register them, and the labels say how well.
 *
 * @param scored the labels that count
 */
record OverlapPair(Path fixedLabels, Path movingLabels, Path folder, int[] scored) {
  private static final List<ElastixStage> STAGES =
      List.of(ElastixStage.AFFINE, ElastixStage.B_SPLINE);

  /**
   * @param dice mean over the scored labels
   */
  record Run(double seconds, double peakMb, double dice) {}

  void paint(long seed) throws IOException {
    Files.createDirectories(folder);
    paint(fixedLabels, LabelPainter.T1, seed, fixed());
    paint(movingLabels, LabelPainter.T2, seed + 1, moving());
  }

  /** Mean Dice of the maps as they lie. */
  double diceBefore(Path launcher) throws IOException, InterruptedException {
    Path identity = folder.resolve("identity.tfm");
    Files.writeString(
        identity,
        """
        #Insight Transform File V1.0
        #Transform 0
        Transform: TranslationTransform_double_3_3
        Parameters: 0 0 0
        FixedParameters:
        """);
    return warpedDice(launcher, identity, folder.resolve("before.nii.gz"));
  }

  /** Affine, then deformable, with the default options. */
  Run voxkern(Path launcher) throws IOException, InterruptedException {
    Path out = Folders.empty(folder.resolve("voxkern"));
    VoxkernRegistrar registrar = new VoxkernRegistrar(launcher);
    MeasuredProcess process =
        MeasuredProcess.run(
            registrar.prepare(PairKind.DEFORMABLE, fixed(), moving(), out), Map.of());
    double dice =
        warpedDice(launcher, VoxkernRegistrar.displacement(out), out.resolve("labels.nii.gz"));
    return new Run(process.seconds(), process.peakMb(), dice);
  }

  /** Affine, then B-spline. */
  Run elastix() throws IOException, InterruptedException {
    Path out = Folders.empty(folder.resolve("elastix"));
    MeasuredProcess process =
        MeasuredProcess.run(ElastixRegistrar.command(STAGES, fixed(), moving(), out), Map.of());
    Path found = ElastixRegistrar.found(out, STAGES.size());
    Path nearest = out.resolve("nearest.txt");
    Files.writeString(
        nearest,
        Files.readAllLines(found).stream()
            .map(
                line ->
                    line.startsWith("(FinalBSplineInterpolationOrder ")
                        ? "(FinalBSplineInterpolationOrder 0)"
                        : line)
            .collect(Collectors.joining("\n", "", "\n")));
    MeasuredProcess.run(
        List.of(
            "transformix",
            "-in",
            movingLabels.toString(),
            "-out",
            out.toString(),
            "-tp",
            nearest.toString()),
        Map.of());
    return new Run(process.seconds(), process.peakMb(), dice(out.resolve("result.nii")));
  }

  private double warpedDice(Path launcher, Path transform, Path warped)
      throws IOException, InterruptedException {
    MeasuredProcess.run(
        List.of(
            launcher.toString(),
            "transform",
            movingLabels.toString(),
            "--transform",
            transform.toString(),
            "--reference",
            fixed().toString(),
            "--labels",
            "--out",
            warped.toString()),
        Map.of());
    return dice(warped);
  }

  private double dice(Path warped) throws IOException {
    try (Context context = Context.builder().build()) {
      return LabelOverlap.of(labels(context, fixedLabels), labels(context, warped))
          .meanDice(scored);
    }
  }

  private Path fixed() {
    return folder.resolve("fixed.nii");
  }

  private Path moving() {
    return folder.resolve("moving.nii");
  }

  private static void paint(Path labels, LabelPainter painter, long seed, Path file) {
    try (Context context = Context.builder().build()) {
      Image painted = painter.paint(labels(context, labels), seed);
      ImageIo.write(Warping.as(painted, ElementType.I16), file);
    }
  }

  private static Image labels(Context context, Path file) {
    return InputFiles.attempt(file, () -> ImageIo.read(context, file, ElementType.I32));
  }
}
