package org.voxkern.bench.registration;

/** A stage of an elastix run: mutual information by stochastic gradient descent, four levels. */
enum ElastixStage {
  RIGID(Texts.linear("EulerTransform")),
  AFFINE(Texts.linear("AffineTransform")),
  B_SPLINE(
      """
      (Transform "BSplineTransform")
      (MaximumNumberOfIterations 1000)
      (FinalGridSpacingInPhysicalUnits 10)
      (GridSpacingSchedule 8.0 4.0 2.0 1.0)
      """);

  private final String own;

  ElastixStage(String own) {
    this.own = own;
  }

  /** The parameter file. */
  String parameters() {
    return Texts.COMMON + own;
  }

  private static final class Texts {
    static final String COMMON =
        """
        (FixedInternalImagePixelType "float")
        (MovingInternalImagePixelType "float")
        (FixedImageDimension 3)
        (MovingImageDimension 3)
        (UseDirectionCosines "true")
        (Registration "MultiResolutionRegistration")
        (ResampleInterpolator "FinalBSplineInterpolator")
        (Resampler "DefaultResampler")
        (FixedImagePyramid "FixedSmoothingImagePyramid")
        (MovingImagePyramid "MovingSmoothingImagePyramid")
        (Optimizer "AdaptiveStochasticGradientDescent")
        (Metric "AdvancedMattesMutualInformation")
        (AutomaticParameterEstimation "true")
        (ASGDParameterEstimationMethod "Original")
        (HowToCombineTransforms "Compose")
        (NumberOfHistogramBins 32)
        (ErodeMask "false")
        (NumberOfResolutions 4)
        (RandomSeed 121212)
        (DefaultPixelValue 0)
        (WriteResultImage "false")
        (WriteTransformParametersEachIteration "false")
        (ResultImageFormat "nii")
        (ImageSampler "RandomCoordinate")
        (NumberOfSpatialSamples 2048)
        (NewSamplesEveryIteration "true")
        (Interpolator "LinearInterpolator")
        (FinalBSplineInterpolationOrder 3)
        """;

    static String linear(String transform) {
      return """
      (Transform "%s")
      (MaximumNumberOfIterations 500)
      (AutomaticScalesEstimation "true")
      (AutomaticTransformInitialization "true")
      (AutomaticTransformInitializationMethod "GeometricalCenter")
      """
          .formatted(transform);
    }
  }
}
