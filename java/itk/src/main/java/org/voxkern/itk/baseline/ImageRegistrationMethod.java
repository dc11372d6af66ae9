package org.voxkern.itk.baseline;

import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.voxkern.Image;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.ImageIoException;
import org.voxkern.itk.TransformIo;
import org.voxkern.itk.baseline.BaselineProgram.Words;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/**
 * ITK's own registration, named as in SimpleITK: what Voxkern is measured against.
 *
 * <p>Rigid, affine and B-spline transforms by Mattes mutual information in ITK's v4 framework
 * (regular-step gradient descent for the linear ones, L-BFGS-B for the B-spline), and diffeomorphic
 * demons after histogram matching. Rigid and affine runs start from the images' moments. Immutable.
 */
public final class ImageRegistrationMethod {
  /** What ITK optimises. */
  public enum Method {
    RIGID,
    AFFINE,
    B_SPLINE,
    DEMONS
  }

  /**
   * What ITK found.
   *
   * @param transform from fixed to moving points, mm LPS, the initial transform included. A field
   *     that it holds belongs to the scope that was open
   * @param metricValue ITK's metric at the end, the negative of mutual information in nats; empty
   *     for demons
   * @param secondsReading wall time of reading both images in ITK's process
   * @param secondsRegistration wall time of the registration alone
   */
  public record Result(
      Transform transform,
      OptionalDouble metricValue,
      double secondsReading,
      double secondsRegistration) {}

  private final Method method;
  private int histogramBins = 32;
  private double samplingPercentage = Double.NaN;
  private long samplingSeed = 1;
  private double[] shrinkFactors = {4, 2, 1};
  private double[] smoothingSigmasMm = {2, 1, 0};
  private double[] iterations = {};
  private double gridSpacingMm = 20;
  private LinearTransform initialTransform;
  private Image fixedMask;
  private Image movingMask;
  private int threads = Runtime.getRuntime().availableProcessors();

  private ImageRegistrationMethod(Method method) {
    this.method = Objects.requireNonNull(method, "method");
  }

  private ImageRegistrationMethod(ImageRegistrationMethod other) {
    this(other.method);
    histogramBins = other.histogramBins;
    samplingPercentage = other.samplingPercentage;
    samplingSeed = other.samplingSeed;
    shrinkFactors = other.shrinkFactors;
    smoothingSigmasMm = other.smoothingSigmasMm;
    iterations = other.iterations;
    gridSpacingMm = other.gridSpacingMm;
    initialTransform = other.initialTransform;
    fixedMask = other.fixedMask;
    movingMask = other.movingMask;
    threads = other.threads;
  }

  public static ImageRegistrationMethod of(Method method) {
    return new ImageRegistrationMethod(method);
  }

  /** Bins of the joint histogram; 32 unless set. */
  public ImageRegistrationMethod metricAsMattesMutualInformation(int bins) {
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.histogramBins = bins;
    return copy;
  }

  /**
   * Part of the voxels that are sampled at random, in (0, 1], and the seed; unless set, every voxel
   * for rigid and affine, 5 % for the B-spline. Demons look at every voxel.
   */
  public ImageRegistrationMethod metricSamplingPercentage(double part, long seed) {
    if (!(part > 0 && part <= 1)) {
      throw new IllegalArgumentException("sampling percentage " + part + ": expected 0 to 1");
    }
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.samplingPercentage = part;
    copy.samplingSeed = seed;
    return copy;
  }

  /** Shrink factor and smoothing of each level, coarsest first; 4, 2, 1 and 2, 1, 0 mm. */
  public ImageRegistrationMethod levels(double[] factors, double[] sigmasMm) {
    if (factors.length == 0 || factors.length != sigmasMm.length) {
      throw new IllegalArgumentException(
          factors.length
              + " shrink factors and "
              + sigmasMm.length
              + " smoothing sigmas: expected as many of each, at least one");
    }
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.shrinkFactors = factors.clone();
    copy.smoothingSigmasMm = sigmasMm.clone();
    return copy;
  }

  /** Most iterations: of every level, or for demons one number a level, coarsest first. */
  public ImageRegistrationMethod iterations(int... value) {
    if (value.length == 0 || method != Method.DEMONS && value.length != 1) {
      throw new IllegalArgumentException(
          value.length + " iteration counts: expected one; for demons, one a level");
    }
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.iterations = new double[value.length];
    for (int i = 0; i < value.length; i++) {
      copy.iterations[i] = value[i];
    }
    return copy;
  }

  /** Spacing of the B-spline's control points; 20 mm unless set. */
  public ImageRegistrationMethod gridSpacingMm(double value) {
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.gridSpacingMm = value;
    return copy;
  }

  /**
   * Applied after what is optimised; for the B-spline and demons.
   *
   * @throws IllegalArgumentException for rigid and affine, which start from the moments
   */
  public ImageRegistrationMethod movingInitialTransform(LinearTransform value) {
    if (method == Method.RIGID || method == Method.AFFINE) {
      throw new IllegalArgumentException(
          "an initial transform for " + method + ": expected B_SPLINE or DEMONS");
    }
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.initialTransform = value;
    return copy;
  }

  /** Masks, non-zero where a voxel counts, null for none; demons take none. */
  public ImageRegistrationMethod masks(Image fixed, Image moving) {
    if (method == Method.DEMONS && (fixed != null || moving != null)) {
      throw new IllegalArgumentException("masks for DEMONS: ITK's take none");
    }
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.fixedMask = fixed;
    copy.movingMask = moving;
    return copy;
  }

  public ImageRegistrationMethod numberOfThreads(int value) {
    ImageRegistrationMethod copy = new ImageRegistrationMethod(this);
    copy.threads = value;
    return copy;
  }

  /**
   * Runs the registration in ITK's process.
   *
   * @throws UnsupportedOperationException if the program has not been built, saying how to
   * @throws IllegalArgumentException with ITK's words, if ITK refuses
   */
  public Result execute(Image fixed, Image moving) {
    BaselineProgram.require();
    try (Exchange exchange = new Exchange()) {
      Path out = exchange.file(method == Method.DEMONS ? "found.nrrd" : "found.tfm");
      Words words =
          new Words()
              .add("fixed", exchange.image("fixed", fixed))
              .add("moving", exchange.image("moving", moving))
              .add("threads", threads)
              .add("out", out)
              .addIfSet("fixed-mask", exchange.image("fixed-mask", fixedMask))
              .addIfSet("moving-mask", exchange.image("moving-mask", movingMask));
      if (method != Method.DEMONS) {
        words.add("bins", histogramBins).add("seed", samplingSeed);
        words.add("shrink", shrinkFactors).add("smooth-mm", smoothingSigmasMm);
        if (!Double.isNaN(samplingPercentage)) {
          words.add("sampling", samplingPercentage);
        }
      }
      if (iterations.length > 0) {
        words.add("iterations", iterations);
      }
      if (initialTransform != null) {
        Path initial = exchange.file("initial.tfm");
        TransformIo.write(initialTransform, initial);
        words.add("initial", initial);
      }
      Map<String, double[]> printed =
          switch (method) {
            case RIGID -> BaselineProgram.run("linear", words.add("transform", "rigid"));
            case AFFINE -> BaselineProgram.run("linear", words.add("transform", "affine"));
            case B_SPLINE -> BaselineProgram.run("bspline", words.add("grid-mm", gridSpacingMm));
            case DEMONS -> BaselineProgram.run("demons", words);
          };
      Transform found = found(fixed, out);
      return new Result(
          initialTransform == null ? found : CompositeTransform.of(initialTransform, found),
          printed.containsKey("value")
              ? OptionalDouble.of(printed.get("value")[0])
              : OptionalDouble.empty(),
          printed.get("seconds_read")[0],
          printed.get("seconds_registration")[0]);
    }
  }

  private Transform found(Image fixed, Path out) {
    try {
      return method == Method.DEMONS
          ? new DisplacementFieldTransform(ImageIo.readDisplacementField(fixed.context(), out))
          : TransformIo.read(out);
    } catch (NoSuchFileException exception) {
      throw new ImageIoException(out + " was not written by ITK", exception);
    }
  }
}
