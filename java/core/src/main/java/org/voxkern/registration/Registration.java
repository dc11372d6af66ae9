package org.voxkern.registration;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.voxkern.Image;
import org.voxkern.transform.LinearTransform;

/**
 * Aligns a moving image to a fixed one.
 *
 * <pre>{@code
 * RegistrationResult result =
 *     Registration.builder().transform(TransformKind.AFFINE).build().run(fixed, moving);
 * }</pre>
 *
 * <p>Both images are on one context; masks are u8, non-zero where a voxel counts, on the grid of
 * their image. Results are the same bits for any number of threads. An instance is immutable and
 * may be used by several threads on contexts of their own.
 */
public final class Registration {
  final TransformKind transform;
  final SimilarityMeasure measure;
  final SimilarityMeasure deformableMeasure;
  final Initialization initialization;
  final boolean overlapRequired;
  final LinearTransform initialTransform;
  final DeformationModel deformationModel;
  final Image fixedMask;
  final Image movingMask;
  final int histogramBins;
  final int lnccRadius;
  final double samplingFraction;
  final int linearLevels;
  final int linearIterations;
  final int deformableLevels;
  final int deformableIterations;
  final double controlSpacingMm;
  final double bendingWeight;
  final double updateSmoothing;
  final double fieldSmoothing;
  final double stepVoxels;
  final int biasFieldDegree;
  final long seed;
  final ProgressListener listener;

  private Registration(Builder b) {
    transform = b.transform;
    measure = b.measure;
    deformableMeasure = b.deformableMeasure == null ? b.measure : b.deformableMeasure;
    initialization =
        b.initialization != null
            ? b.initialization
            : b.initialTransform != null ? Initialization.IDENTITY : Initialization.MULTI_START;
    overlapRequired = b.initialization == null && b.initialTransform == null;
    initialTransform = b.initialTransform;
    deformationModel = b.deformationModel;
    fixedMask = b.fixedMask;
    movingMask = b.movingMask;
    histogramBins = b.histogramBins;
    lnccRadius = b.lnccRadius;
    samplingFraction = b.samplingFraction;
    linearLevels = b.linearLevels;
    linearIterations = b.linearIterations;
    deformableLevels = b.deformableLevels;
    deformableIterations = b.deformableIterations;
    controlSpacingMm = b.controlSpacingMm;
    bendingWeight = b.bendingWeight;
    updateSmoothing = b.updateSmoothing;
    fieldSmoothing = b.fieldSmoothing;
    stepVoxels = b.stepVoxels;
    biasFieldDegree = b.biasFieldDegree;
    seed = b.seed;
    listener = b.listener;
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs the registration. Tensors that it makes and does not return are released before it ends.
   *
   * @throws IllegalArgumentException if an image or mask cannot be registered, saying why
   * @throws CancellationException if the images' context was cancelled; nothing stays behind
   */
  public RegistrationResult run(Image fixed, Image moving) {
    return new Pipeline(this, fixed, moving).run();
  }

  /** Options of a registration; every one has a default that suits head and body scans. */
  public static final class Builder {
    private TransformKind transform = TransformKind.AFFINE;
    private SimilarityMeasure measure = SimilarityMeasure.MATTES_MI;
    private SimilarityMeasure deformableMeasure;
    private Initialization initialization;
    private LinearTransform initialTransform;
    private DeformationModel deformationModel = DeformationModel.B_SPLINE;
    private Image fixedMask;
    private Image movingMask;
    private int histogramBins;
    private int lnccRadius = 3;
    private double samplingFraction;
    private int linearLevels;
    private int linearIterations = 60;
    private int deformableLevels;
    private int deformableIterations;
    private double controlSpacingMm;
    private double bendingWeight = Double.NaN;
    private double updateSmoothing = 3;
    private double fieldSmoothing = 0.5;
    private double stepVoxels = 0.5;
    private int biasFieldDegree = -1;
    private long seed = 121212;
    private ProgressListener listener = (stage, level, iteration, value) -> {};

    private Builder() {}

    public Builder transform(TransformKind value) {
      transform = Objects.requireNonNull(value, "transform");
      return this;
    }

    /** The measure of the linear stages, and of the deformable one unless that is given too. */
    public Builder measure(SimilarityMeasure value) {
      measure = Objects.requireNonNull(value, "measure");
      return this;
    }

    public Builder deformableMeasure(SimilarityMeasure value) {
      deformableMeasure = value;
      return this;
    }

    /**
     * By default {@link Initialization#MULTI_START} on images that overlap in physical space; one
     * that is named is used on images that do not overlap as well.
     */
    public Builder initialization(Initialization value) {
      initialization = Objects.requireNonNull(value, "initialization");
      return this;
    }

    /** Where to start; without another initialization named, the search begins right here. */
    public Builder initialTransform(LinearTransform value) {
      initialTransform = value;
      return this;
    }

    public Builder deformationModel(DeformationModel value) {
      deformationModel = Objects.requireNonNull(value, "deformationModel");
      return this;
    }

    public Builder fixedMask(Image value) {
      fixedMask = value;
      return this;
    }

    public Builder movingMask(Image value) {
      movingMask = value;
      return this;
    }

    /**
     * Bins of the joint histogram, 8 to 256. 0, the default, takes 64 for linear stages, whose few
     * parameters many samples determine, and 32 for the deformable one.
     */
    public Builder histogramBins(int value) {
      histogramBins = value == 0 ? 0 : range("histogramBins", value, 8, 256);
      return this;
    }

    /** Radius of the local correlation window in voxels, 1 to 16. */
    public Builder lnccRadius(int value) {
      lnccRadius = range("lnccRadius", value, 1, 16);
      return this;
    }

    /**
     * Part of the fixed voxels that the linear stages look at, in (0, 1]; 0, the default, chooses
     * by the image's size. 1 takes every voxel.
     */
    public Builder samplingFraction(double value) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("samplingFraction " + value + ": expected 0 to 1");
      }
      samplingFraction = value;
      return this;
    }

    /** Pyramid levels of the linear stages, 1 to 8; 0 chooses by the image's size. */
    public Builder linearLevels(int value) {
      linearLevels = range("linearLevels", value, 0, 8);
      return this;
    }

    /** Most iterations a level of the linear stages. */
    public Builder linearIterations(int value) {
      linearIterations = range("linearIterations", value, 1, 100_000);
      return this;
    }

    /** Pyramid levels of the deformable stage, 1 to 8; 0 chooses by the image's size. */
    public Builder deformableLevels(int value) {
      deformableLevels = range("deformableLevels", value, 0, 8);
      return this;
    }

    /**
     * Most iterations a level of the deformable stage; 0, the default, takes 40 for control grids
     * and 100 for dense fields.
     */
    public Builder deformableIterations(int value) {
      deformableIterations = range("deformableIterations", value, 0, 100_000);
      return this;
    }

    /** Spacing of the finest control grid in mm; 0, the default, takes 10 mm. */
    public Builder controlSpacingMm(double value) {
      if (!(value >= 0) || value > 1000) {
        throw new IllegalArgumentException("controlSpacingMm " + value + ": expected 0 to 1000");
      }
      controlSpacingMm = value;
      return this;
    }

    /**
     * Weight of the bending energy of control grids, the mean squared second derivative of the
     * displacement or velocity in mm^-2, against the measure in nats a voxel; 30 by default. The
     * measures count as they are, but squared differences as ln(SSD) / 2 and the global correlation
     * as -ln(1 - NCC&sup2;) / 2, the likelihoods of Gaussian noise.
     */
    public Builder bendingWeight(double value) {
      bendingWeight = range("bendingWeight", value, 0, Double.MAX_VALUE);
      return this;
    }

    /**
     * Standard deviation of the Gaussian that smooths every update of a dense field (fluid
     * regularisation), in units of the level's smallest voxel spacing, 0 to 20; 3 by default.
     */
    public Builder updateSmoothing(double value) {
      updateSmoothing = range("updateSmoothing", value, 0, 20);
      return this;
    }

    /**
     * Standard deviation of the Gaussian that smooths a dense field after every update (diffusion
     * or elastic regularisation), in units of the level's smallest voxel spacing, 0 to 20; 0.5 by
     * default.
     */
    public Builder fieldSmoothing(double value) {
      fieldSmoothing = range("fieldSmoothing", value, 0, 20);
      return this;
    }

    /**
     * Largest component of an update of a dense field, in units of the level's smallest voxel
     * spacing, 0.01 to 2; 0.5 by default. The search shortens it where the loss would grow.
     */
    public Builder stepVoxels(double value) {
      stepVoxels = range("stepVoxels", value, 0.01, 2);
      return this;
    }

    /**
     * Degree of the polynomial that describes the moving image's bias field, a slow multiplicative
     * change of brightness, 1 to 5; 0 takes the image as it is. -1, the default, allows one degree
     * for 50 mm of the image's longest side, 4 at most. The field is estimated against the fixed
     * image before the finest linear level and after every deformable level but the finest, where
     * there are 10 000 samples to go by, and taken out for mutual information and the global
     * correlation.
     */
    public Builder biasFieldDegree(int value) {
      biasFieldDegree = range("biasFieldDegree", value, -1, 5);
      return this;
    }

    /** Seed of the stratified sampling. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    public Builder listener(ProgressListener value) {
      listener = Objects.requireNonNull(value, "listener");
      return this;
    }

    public Registration build() {
      return new Registration(this);
    }

    private static double range(String name, double value, double least, double most) {
      if (!(value >= least && value <= most)) {
        throw new IllegalArgumentException(
            name + " " + value + ": expected " + least + " to " + most);
      }
      return value;
    }

    private static int range(String name, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            name + " " + value + ": expected " + least + " to " + most);
      }
      return value;
    }
  }
}
