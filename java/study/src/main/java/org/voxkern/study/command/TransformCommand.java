package org.voxkern.study.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.itk.ImageIo;
import org.voxkern.metrics.PointSet;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.study.BadInputException;
import org.voxkern.study.InputFiles;
import org.voxkern.study.OutputFolder;
import org.voxkern.study.Warping;
import org.voxkern.transform.Transform;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern transform}. */
@Command(
    name = "transform",
    sortOptions = false,
    description = {
      "Apply a transform to images and to point lists (.csv, x,y,z in mm LPS).",
      "A transform maps points of the fixed space to points of the moving space; images go the other"
          + " way, from the moving onto the fixed grid. --inverse turns both round."
    })
final class TransformCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "1..*", paramLabel = "INPUT", description = "Images or .csv point lists.")
  List<Path> inputs;

  @Option(
      names = {"-t", "--transform"},
      required = true,
      paramLabel = "FILE",
      description = "transform.tfm or displacement.nii.gz.")
  Path transformFile;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "OUT",
      description = "File to write; a folder when there are several inputs.")
  Path out;

  @Option(
      names = {"-r", "--reference"},
      paramLabel = "IMAGE",
      description = "Image whose grid the output has (default: that of the displacement field).")
  Path reference;

  @Option(names = "--labels", description = "The images are labels: take the nearest.")
  boolean labels;

  @Option(
      names = "--interpolation",
      paramLabel = "KIND",
      defaultValue = "linear",
      converter = Choices.Interpolated.class,
      completionCandidates = Choices.Interpolated.class,
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  Interpolation interpolation;

  @Option(names = "--inverse", description = "Apply the inverse transform.")
  boolean inverse;

  @Mixin ThreadOptions compute;

  @Override
  public Integer call() throws Exception {
    inputs.forEach(InputFiles::requirePresent);
    boolean toFolder = inputs.size() > 1 || Files.isDirectory(out);
    Path target = toFolder ? out : out.toAbsolutePath().getParent();
    try (Context context = Context.builder().threads(compute.threads()).build();
        OutputFolder folder = OutputFolder.open(target)) {
      Transform transform = TransformFiles.read(context, transformFile);
      ImageMapping mapping = ImageMapping.of(transform, inverse, grid());
      for (Path input : inputs) {
        String name = (toFolder ? input : out).getFileName().toString();
        try (Scope scope = Scope.open(context)) {
          if (isPoints(input)) {
            points(mapping, input, folder.staged(name));
          } else {
            image(context, mapping, input, folder.staged(name));
          }
        }
      }
      folder.publish();
    }
    return 0;
  }

  private Geometry grid() {
    if (reference == null) {
      return null;
    }
    InputFiles.requirePresent(reference);
    return InputFiles.attempt(reference, () -> ImageIo.info(reference)).geometry();
  }

  private static boolean isPoints(Path input) {
    return input.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".csv");
  }

  private static void points(ImageMapping mapping, Path input, Path output) throws Exception {
    PointSet points = InputFiles.attempt(input, () -> PointSet.readCsv(input));
    mapping.points(points).writeCsv(output);
  }

  private void image(Context context, ImageMapping mapping, Path input, Path output) {
    Image image = InputFiles.attempt(input, () -> ImageIo.read(context, input));
    if (image.frames() > 1) {
      throw new BadInputException(input + ": " + image.frames() + " time points; give one image");
    }
    Image values = Warping.as(image, ElementType.F32);
    Image warped = mapping.image(values, labels ? Interpolation.NEAREST : interpolation);
    ImageIo.write(Warping.as(warped, image.type()), output);
  }
}
