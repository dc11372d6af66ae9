#include "itkBSplineTransform.h"
#include "itkBSplineTransformInitializer.h"
#include "itkCompositeTransform.h"
#include "itkDiffeomorphicDemonsRegistrationFilter.h"
#include "itkHistogramMatchingImageFilter.h"
#include "itkIdentityTransform.h"
#include "itkImageRegistrationMethodv4.h"
#include "itkLBFGSBOptimizerv4.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"
#include "itkMultiResolutionPDEDeformableRegistration.h"
#include "itkResampleImageFilter.h"

#include "images.h"
#include "options.h"

namespace baseline {
namespace {

using AnyTransform = itk::Transform<double, 3, 3>;

/** The transform to start from, the identity where none is given. */
AnyTransform::Pointer readInitial(const Options& options) {
  const auto initial = itk::CompositeTransform<double, 3>::New();
  initial->AddTransform(itk::IdentityTransform<double, 3>::New());
  if (options.has("initial")) {
    const auto reader = itk::TransformFileReaderTemplate<double>::New();
    reader->SetFileName(options.text("initial"));
    reader->Update();
    for (const auto& each : *reader->GetTransformList()) {
      initial->AddTransform(dynamic_cast<AnyTransform*>(each.GetPointer()));
    }
  }
  return initial.GetPointer();
}

}  // namespace

void registerBSpline(const Options& options) {
  const Stopwatch reading;
  const Image::Pointer fixed = readImage<Image>(options.text("fixed"));
  const Image::Pointer moving = readImage<Image>(options.text("moving"));
  print("seconds_read", reading.seconds());

  const Stopwatch watch;
  using Transform = itk::BSplineTransform<double, 3, 3>;
  using Metric = itk::MattesMutualInformationImageToImageMetricv4<Image, Image>;
  const auto transform = Transform::New();
  const auto initializer = itk::BSplineTransformInitializer<Transform, Image>::New();
  Transform::MeshSizeType mesh;
  const auto size = fixed->GetLargestPossibleRegion().GetSize();
  for (unsigned axis = 0; axis < 3; axis++) {
    const double length = fixed->GetSpacing()[axis] * static_cast<double>(size[axis]);
    mesh[axis] = std::max(1u, static_cast<unsigned>(length / options.number("grid-mm", 20)));
  }
  initializer->SetTransform(transform);
  initializer->SetImage(fixed);
  initializer->SetTransformDomainMeshSize(mesh);
  initializer->InitializeTransform();
  transform->SetIdentity();

  const auto metric = Metric::New();
  metric->SetNumberOfHistogramBins(static_cast<unsigned>(options.integer("bins", 32)));
  metric->SetUseFixedImageGradientFilter(false);
  metric->SetUseMovingImageGradientFilter(false);
  if (options.has("fixed-mask")) metric->SetFixedImageMask(readMask(options.text("fixed-mask")));
  if (options.has("moving-mask")) {
    metric->SetMovingImageMask(readMask(options.text("moving-mask")));
  }

  using Optimizer = itk::LBFGSBOptimizerv4;
  const auto optimizer = Optimizer::New();
  const unsigned count = transform->GetNumberOfParameters();
  Optimizer::BoundSelectionType unbounded(count);
  Optimizer::BoundValueType bound(count);
  unbounded.Fill(Optimizer::UNBOUNDED);
  bound.Fill(0);
  optimizer->SetBoundSelection(unbounded);
  optimizer->SetLowerBound(bound);
  optimizer->SetUpperBound(bound);
  optimizer->SetCostFunctionConvergenceFactor(1e7);
  optimizer->SetGradientConvergenceTolerance(1e-6);
  optimizer->SetNumberOfIterations(static_cast<unsigned>(options.integer("iterations", 60)));
  optimizer->SetMaximumNumberOfFunctionEvaluations(200);
  optimizer->SetMaximumNumberOfCorrections(5);

  using Registration = itk::ImageRegistrationMethodv4<Image, Image, Transform>;
  const auto registration = Registration::New();
  registration->SetFixedImage(fixed);
  registration->SetMovingImage(moving);
  registration->SetMetric(metric);
  registration->SetOptimizer(optimizer);
  registration->SetInitialTransform(transform);
  registration->InPlaceOn();
  const auto factors = options.numbers("shrink", {4, 2, 1});
  const auto sigmas = options.numbers("smooth-mm", {2, 1, 0});
  registration->SetNumberOfLevels(factors.size());
  Registration::ShrinkFactorsArrayType shrink(factors.size());
  Registration::SmoothingSigmasArrayType smooth(factors.size());
  for (unsigned level = 0; level < factors.size(); level++) {
    shrink[level] = static_cast<unsigned>(factors[level]);
    smooth[level] = sigmas.at(level);
  }
  registration->SetShrinkFactorsPerLevel(shrink);
  registration->SetSmoothingSigmasPerLevel(smooth);
  registration->SetSmoothingSigmasAreSpecifiedInPhysicalUnits(true);
  registration->SetMetricSamplingStrategy(Registration::MetricSamplingStrategyEnum::RANDOM);
  registration->SetMetricSamplingPercentage(options.number("sampling", 0.05));
  registration->MetricSamplingReinitializeSeed(options.integer("seed", 1));
  registration->SetMovingInitialTransform(readInitial(options));
  registration->Update();
  print("seconds_registration", watch.seconds());
  print("value", optimizer->GetValue());
  writeTransform(transform.GetPointer(), options.text("out"));
}

void registerDemons(const Options& options) {
  const Stopwatch reading;
  const Image::Pointer fixed = readImage<Image>(options.text("fixed"));
  const Image::Pointer moving = readImage<Image>(options.text("moving"));
  print("seconds_read", reading.seconds());

  const Stopwatch watch;
  const auto matching = itk::HistogramMatchingImageFilter<Image, Image>::New();
  matching->SetInput(moving);
  matching->SetReferenceImage(fixed);
  matching->SetNumberOfHistogramLevels(1024);
  matching->SetNumberOfMatchPoints(7);
  matching->ThresholdAtMeanIntensityOn();

  // Demons compare voxel with voxel, so the moving image comes onto the fixed image's grid first.
  const auto onto = itk::ResampleImageFilter<Image, Image>::New();
  onto->SetInput(matching->GetOutput());
  onto->SetTransform(readInitial(options));
  onto->SetReferenceImage(fixed);
  onto->UseReferenceImageOn();
  onto->Update();

  const auto demons = itk::DiffeomorphicDemonsRegistrationFilter<Image, Image, Field>::New();
  demons->SmoothDisplacementFieldOn();
  demons->SetStandardDeviations(options.number("sigma-voxels", 1.5));
  const auto levels = itk::MultiResolutionPDEDeformableRegistration<Image, Image, Field>::New();
  levels->SetRegistrationFilter(demons);
  const auto iterations = options.numbers("iterations", {60, 40, 20});
  levels->SetNumberOfLevels(iterations.size());
  itk::Array<unsigned> each(iterations.size());
  for (unsigned level = 0; level < iterations.size(); level++) {
    each[level] = static_cast<unsigned>(iterations[level]);
  }
  levels->SetNumberOfIterations(each);
  levels->SetFixedImage(fixed);
  levels->SetMovingImage(onto->GetOutput());
  levels->Update();
  print("seconds_registration", watch.seconds());
  writeImage(levels->GetOutput(), options.text("out"));
}

}  // namespace baseline
