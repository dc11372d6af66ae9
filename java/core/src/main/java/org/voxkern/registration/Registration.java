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
    private int histogramBins = 32;
    private int lnccRadius = 3;
    private double samplingFraction;
    private int linearLevels;
    private int linearIterations = 60;
    private int deformableLevels;
    private int deformableIterations = 30;
    private double controlSpacingMm;
    private double bendingWeight = Double.NaN;
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

    /** Bins of the joint histogram, 8 to 256; 32 by default. */
    public Builder histogramBins(int value) {
      histogramBins = range("histogramBins", value, 8, 256);
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

    /** Most iterations a level of the deformable stage. */
    public Builder deformableIterations(int value) {
      deformableIterations = range("deformableIterations", value, 1, 100_000);
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
     * Weight of the bending energy, the mean squared second derivative of the displacement in
     * mm^-2, against the measure; 30 by default. Squared differences count in units of the fixed
     * image's intensity range.
     */
    public Builder bendingWeight(double value) {
      if (!(value >= 0) || Double.isInfinite(value)) {
        throw new IllegalArgumentException("bendingWeight " + value + ": expected 0 or more");
      }
      bendingWeight = value;
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

    private static int range(String name, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            name + " " + value + ": expected " + least + " to " + most);
      }
      return value;
    }
  }
}
