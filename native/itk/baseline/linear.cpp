#include "itkAffineTransform.h"
#include "itkCenteredTransformInitializer.h"
#include "itkEuler3DTransform.h"
#include "itkImageRegistrationMethodv4.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"
#include "itkRegistrationParameterScalesFromPhysicalShift.h"
#include "itkRegularStepGradientDescentOptimizerv4.h"

#include "images.h"
#include "options.h"

namespace baseline {
namespace {

using Metric = itk::MattesMutualInformationImageToImageMetricv4<Image, Image>;
using Optimizer = itk::RegularStepGradientDescentOptimizerv4<double>;

template <class TransformType, class Start>
typename TransformType::Pointer run(const Options& options, const Image* fixed, const Image* moving,
                                    const Start& start) {
  const auto transform = TransformType::New();
  start(*transform);

  const auto metric = Metric::New();
  metric->SetNumberOfHistogramBins(static_cast<unsigned>(options.integer("bins", 32)));
  metric->SetUseFixedImageGradientFilter(false);
  metric->SetUseMovingImageGradientFilter(false);
  if (options.has("fixed-mask")) metric->SetFixedImageMask(readMask(options.text("fixed-mask")));
  if (options.has("moving-mask")) {
    metric->SetMovingImageMask(readMask(options.text("moving-mask")));
  }

  const auto scales = itk::RegistrationParameterScalesFromPhysicalShift<Metric>::New();
  scales->SetMetric(metric);
  const auto optimizer = Optimizer::New();
  optimizer->SetScalesEstimator(scales);
  optimizer->SetLearningRate(options.number("learning-rate", 1));
  optimizer->SetMinimumStepLength(options.number("minimum-step", 1e-4));
  optimizer->SetRelaxationFactor(0.5);
  optimizer->SetNumberOfIterations(static_cast<unsigned>(options.integer("iterations", 200)));

  using Registration = itk::ImageRegistrationMethodv4<Image, Image, TransformType>;
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
  typename Registration::ShrinkFactorsArrayType shrink(factors.size());
  typename Registration::SmoothingSigmasArrayType smooth(factors.size());
  for (unsigned level = 0; level < factors.size(); level++) {
    shrink[level] = static_cast<unsigned>(factors[level]);
    smooth[level] = sigmas.at(level);
  }
  registration->SetShrinkFactorsPerLevel(shrink);
  registration->SetSmoothingSigmasPerLevel(smooth);
  registration->SetSmoothingSigmasAreSpecifiedInPhysicalUnits(true);
  const double sampling = options.number("sampling", 1);
  if (sampling < 1) {
    registration->SetMetricSamplingStrategy(Registration::MetricSamplingStrategyEnum::RANDOM);
    registration->SetMetricSamplingPercentage(sampling);
    registration->MetricSamplingReinitializeSeed(options.integer("seed", 1));
  }
  registration->Update();
  print("value", optimizer->GetValue());
  return transform;
}

}  // namespace

void registerLinear(const Options& options) {
  const Stopwatch reading;
  const Image::Pointer fixed = readImage<Image>(options.text("fixed"));
  const Image::Pointer moving = readImage<Image>(options.text("moving"));
  print("seconds_read", reading.seconds());

  const Stopwatch watch;
  using Euler = itk::Euler3DTransform<double>;
  using Affine = itk::AffineTransform<double, 3>;
  const bool moments = options.text("init", "moments") == "moments";
  const Euler::Pointer rigid = run<Euler>(options, fixed, moving, [&](Euler& transform) {
    const auto initializer = itk::CenteredTransformInitializer<Euler, Image, Image>::New();
    initializer->SetTransform(&transform);
    initializer->SetFixedImage(fixed);
    initializer->SetMovingImage(moving);
    if (moments) {
      initializer->MomentsOn();
    } else {
      initializer->GeometryOn();
    }
    initializer->InitializeTransform();
  });
  if (options.text("transform", "rigid") == "rigid") {
    print("seconds_registration", watch.seconds());
    writeTransform(rigid.GetPointer(), options.text("out"));
    return;
  }
  const Affine::Pointer affine = run<Affine>(options, fixed, moving, [&](Affine& transform) {
    transform.SetCenter(rigid->GetCenter());
    transform.SetMatrix(rigid->GetMatrix());
    transform.SetTranslation(rigid->GetTranslation());
  });
  print("seconds_registration", watch.seconds());
  writeTransform(affine.GetPointer(), options.text("out"));
}

}  // namespace baseline
