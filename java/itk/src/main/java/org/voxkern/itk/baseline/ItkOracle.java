package org.voxkern.itk.baseline;

import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.ImageIoException;
import org.voxkern.itk.ResampleImageFilter.Interpolator;
import org.voxkern.itk.baseline.BaselineProgram.Words;

/**
 * Single answers of ITK, from a process of its own and from files as another program would read
 * them: what Voxkern's values are checked against. Every method throws {@link
 * UnsupportedOperationException} where the program has not been built, saying how to.
 */
public final class ItkOracle {
  private ItkOracle() {}

  /**
   * A mapping of points as files hold it: a point goes through the field first, then through the
   * transform. Either may be null.
   *
   * @param transform a transform file of ITK's
   * @param field a vector image, mm LPS
   */
  public record Mapping(Path transform, Path field) {
    private Words words() {
      return new Words().addIfSet("transform", transform).addIfSet("field", field);
    }
  }

  /**
   * What {@code MattesMutualInformationImageToImageMetricv4} says, every fixed voxel sampled.
   *
   * @param value the negative of mutual information, nats
   * @param derivative with respect to the twelve parameters of an {@code AffineTransform}
   * @param points fixed voxels that met the moving image
   */
  public record Mattes(double value, double[] derivative, long points) {}

  /**
   * @param map from fixed to moving points
   * @param fixedMask non-zero where a voxel counts; null for none, as {@code movingMask}
   */
  public static Mattes mattes(
      Image fixed, Image moving, AffineMap map, int bins, Image fixedMask, Image movingMask) {
    try (Exchange exchange = new Exchange()) {
      Map<String, double[]> printed =
          BaselineProgram.run(
              "mattes",
              new Words()
                  .add("fixed", exchange.image("fixed", fixed))
                  .add("moving", exchange.image("moving", moving))
                  .addIfSet("fixed-mask", exchange.image("fixed-mask", fixedMask))
                  .addIfSet("moving-mask", exchange.image("moving-mask", movingMask))
                  .add("bins", bins)
                  .add("map", map.toArray()));
      return new Mattes(
          printed.get("value")[0], printed.get("derivative"), (long) printed.get("points")[0]);
    }
  }

  /** {@code WarpImageFilter}: the moving image on the field's grid. */
  public static Image warp(
      Image moving, DisplacementField field, Interpolator interpolator, double fill) {
    try (Exchange exchange = new Exchange()) {
      Path out = exchange.file("warped.nrrd");
      BaselineProgram.run(
          "warp",
          new Words()
              .add("moving", exchange.image("moving", moving))
              .add("field", exchange.field("field", field))
              .add("interpolation", word(interpolator))
              .add("fill", fill)
              .add("out", out));
      return read(moving.context(), out);
    }
  }

  /** {@code ResampleImageFilter}: the moving image on a grid, through a mapping. */
  public static Image apply(
      Image moving, Geometry grid, Mapping mapping, Interpolator interpolator, double fill) {
    try (Exchange exchange = new Exchange();
        Tensor empty = Tensor.zeros(moving.context(), ElementType.U8, grid.shape())) {
      Path out = exchange.file("resampled.nrrd");
      BaselineProgram.run(
          "apply",
          mapping
              .words()
              .add("fixed", exchange.image("fixed", new Image(empty, grid)))
              .add("moving", exchange.image("moving", moving))
              .add("interpolation", word(interpolator))
              .add("fill", fill)
              .add("out", out));
      return read(moving.context(), out);
    }
  }

  /** Where ITK takes points, mm LPS. */
  public static double[][] points(Mapping mapping, double[]... points) {
    return points(mapping.words(), points);
  }

  /**
   * Where ITK takes points; it writes what it read of the mapping to other files as well.
   *
   * @param rewritten where to; the same parts as {@code mapping} are there
   */
  public static double[][] points(Mapping mapping, Mapping rewritten, double[]... points) {
    return points(
        mapping
            .words()
            .addIfSet("rewrite", rewritten.transform())
            .addIfSet("rewrite-field", rewritten.field()),
        points);
  }

  private static double[][] points(Words words, double[][] points) {
    double[] flat = new double[3 * points.length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = points[i / 3][i % 3];
    }
    double[] mapped = BaselineProgram.run("points", words.add("points", flat)).get("mapped");
    double[][] result = new double[points.length][3];
    for (int i = 0; i < flat.length; i++) {
      result[i / 3][i % 3] = mapped[i];
    }
    return result;
  }

  private static String word(Interpolator interpolator) {
    return switch (interpolator) {
      case NEAREST_NEIGHBOR -> "nearest";
      case LINEAR -> "linear";
      case B_SPLINE -> "bspline";
    };
  }

  private static Image read(Context context, Path path) {
    try {
      return ImageIo.read(context, path, ElementType.F32);
    } catch (NoSuchFileException exception) {
      throw new ImageIoException(path + " was not written by ITK", exception);
    }
  }
}
