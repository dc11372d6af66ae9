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
import org.voxkern.itk.DicomSeries;
import org.voxkern.itk.ImageInfo;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.TransformIo;
import org.voxkern.op.Statistics;
import org.voxkern.study.BadInputException;
import org.voxkern.study.Devices;
import org.voxkern.study.InputFiles;
import org.voxkern.study.report.Orientation;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern info}. */
@Command(
    name = "info",
    description = "Show what image files, DICOM folders and transform files hold.")
final class InfoCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files, or DICOM folders.")
  List<Path> files;

  @Option(names = "--header", description = "Read headers only, not the range of the voxels.")
  boolean headerOnly;

  @Override
  public Integer call() {
    try (Context context = Context.create()) {
      for (Path file : files) {
        System.out.print(describe(context, file));
      }
    }
    return 0;
  }

  private String describe(Context context, Path file) {
    if (TransformFiles.isTransformFile(file)) {
      return file + "\n" + transform(InputFiles.attempt(file, () -> TransformIo.read(file)));
    }
    StringBuilder text = new StringBuilder(file + "\n");
    if (Files.isDirectory(file)) {
      List<DicomSeries> series = InputFiles.attempt(file, () -> DicomSeries.list(file));
      if (series.isEmpty()) {
        throw new BadInputException(file + ": a folder without DICOM images");
      }
      for (DicomSeries one : series) {
        line(
            text,
            "series",
            one.identifier() + ", " + one.fileCount() + " files, " + one.description());
        text.append(
            image(
                InputFiles.attempt(file, one::info),
                headerOnly
                    ? null
                    : InputFiles.attempt(file, () -> one.read(context, ElementType.F32))));
      }
      return text.toString();
    }
    ImageInfo info = InputFiles.attempt(file, () -> ImageIo.info(file));
    Image voxels =
        headerOnly
            ? null
            : InputFiles.attempt(file, () -> ImageIo.read(context, file, ElementType.F32));
    return text.append(image(info, voxels)).toString();
  }

  private static String image(ImageInfo info, Image voxels) {
    StringBuilder text = new StringBuilder();
    Geometry geometry = info.geometry();
    line(text, "format", info.format());
    line(
        text,
        "type",
        Devices.word(info.type())
            + (info.components() > 1
                ? " x " + info.components() + " (" + Devices.word(info.pixelKind()) + ")"
                : ""));
    line(
        text,
        "size",
        geometry.size(0)
            + " x "
            + geometry.size(1)
            + (info.dimension() > 2 ? " x " + geometry.size(2) : "")
            + (info.frames() > 1 ? ", " + info.frames() + " time points" : ""));
    line(text, "spacing", numbers(geometry.spacing()) + " mm");
    line(text, "origin", numbers(geometry.origin()) + " mm (LPS)");
    line(text, "direction", numbers(geometry.direction()));
    double oblique = Orientation.obliqueDegrees(geometry);
    line(
        text,
        "axes run to",
        Orientation.letters(geometry)
            + (oblique > 0.05
                ? String.format(Locale.ROOT, ", oblique by %.1f degrees", oblique)
                : ""));
    if (voxels != null) {
      Statistics.Result values = Statistics.of(voxels.data(), null);
      line(
          text,
          "range",
          String.format(
              Locale.ROOT, "%.6g to %.6g, mean %.6g", values.min(), values.max(), values.mean()));
      if (values.nanCount() + values.infiniteCount() > 0) {
        line(
            text,
            "not finite",
            values.nanCount() + " NaN, " + values.infiniteCount() + " infinite voxels");
      }
      voxels.data().close();
    }
    return text.toString();
  }

  private static String transform(Transform transform) {
    StringBuilder text = new StringBuilder();
    if (!(transform instanceof LinearTransform linear)) {
      line(text, "type", transform.toString());
      return text.toString();
    }
    line(text, "type", linear.itkName());
    line(text, "center", numbers(linear.center()) + " mm (LPS)");
    double[] m = linear.toAffineMap().toArray();
    for (int row = 0; row < 3; row++) {
      line(
          text,
          row == 0 ? "matrix" : "",
          String.format(
              Locale.ROOT,
              "%10.6f %10.6f %10.6f  %10.4f",
              m[4 * row],
              m[4 * row + 1],
              m[4 * row + 2],
              m[4 * row + 3]));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format(Locale.ROOT, "  %-12s %s%n", name, value));
  }

  private static String numbers(double[] values) {
    StringBuilder text = new StringBuilder();
    for (double value : values) {
      text.append(text.length() == 0 ? "" : ", ").append(String.format(Locale.ROOT, "%.6g", value));
    }
    return text.toString();
  }
}
