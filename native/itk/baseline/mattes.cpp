#include "itkAffineTransform.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"
#include "itkPointSet.h"

#include "images.h"
#include "options.h"

namespace baseline {
namespace {

using Metric = itk::MattesMutualInformationImageToImageMetricv4<Image, Image>;
using Affine = itk::AffineTransform<double, 3>;

/** Every stride-th voxel of the fixed image, in memory order. */
Metric::FixedSampledPointSetType::Pointer everyVoxel(const Image* fixed, int stride) {
  const auto points = Metric::FixedSampledPointSetType::New();
  const auto count = fixed->GetLargestPossibleRegion().GetNumberOfPixels();
  itk::SizeValueType id = 0;
  for (itk::SizeValueType offset = 0; offset < count; offset += stride) {
    Image::PointType point;
    fixed->TransformIndexToPhysicalPoint(fixed->ComputeIndex(static_cast<long>(offset)), point);
    Metric::FixedSampledPointSetType::PointType sample;
    for (unsigned axis = 0; axis < 3; axis++) sample[axis] = point[axis];
    points->SetPoint(id++, sample);
  }
  return points;
}

}  // namespace

void mattes(const Options& options) {
  const Image::Pointer fixed = readImage<Image>(options.text("fixed"));
  const Image::Pointer moving = readImage<Image>(options.text("moving"));
  const auto map = options.numbers("map", {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});
  const auto center = options.numbers("center", {0, 0, 0});
  const auto affine = Affine::New();
  Affine::MatrixType matrix;
  Affine::OffsetType offset;
  Affine::InputPointType fixedPoint;
  for (unsigned row = 0; row < 3; row++) {
    for (unsigned column = 0; column < 3; column++) matrix[row][column] = map.at(4 * row + column);
    offset[row] = map.at(4 * row + 3);
    fixedPoint[row] = center.at(row);
  }
  affine->SetCenter(fixedPoint);
  affine->SetMatrix(matrix);
  affine->SetOffset(offset);

  const auto metric = Metric::New();
  metric->SetNumberOfHistogramBins(static_cast<unsigned>(options.integer("bins", 32)));
  metric->SetFixedImage(fixed);
  metric->SetMovingImage(moving);
  metric->SetMovingTransform(affine);
  if (options.has("fixed-mask")) metric->SetFixedImageMask(readMask(options.text("fixed-mask")));
  if (options.has("moving-mask")) {
    metric->SetMovingImageMask(readMask(options.text("moving-mask")));
  }
  metric->SetUseFixedImageGradientFilter(false);
  metric->SetUseMovingImageGradientFilter(options.integer("gradient-filter", 0) != 0);
  metric->SetMaximumNumberOfWorkUnits(static_cast<unsigned>(options.integer("threads", 2)));
  const int stride = options.integer("stride", 1);
  if (stride > 1) {
    metric->SetFixedSampledPointSet(everyVoxel(fixed, stride));
    metric->SetUseSampledPointSet(true);
  }
  metric->Initialize();

  Metric::MeasureType value = 0;
  Metric::DerivativeType derivative;
  std::vector<double> both;
  std::vector<double> alone;
  for (int i = 0; i < options.integer("repeats", 1); i++) {
    const Stopwatch watch;
    metric->GetValueAndDerivative(value, derivative);
    both.push_back(watch.seconds());
  }
  print("value", value);
  print("derivative", std::vector<double>(derivative.begin(), derivative.end()));
  print("points", static_cast<double>(metric->GetNumberOfValidPoints()));
  for (int i = 0; i < options.integer("repeats", 1); i++) {
    const Stopwatch watch;
    value = metric->GetValue();
    alone.push_back(watch.seconds());
  }
  print("value_alone", value);
  print("seconds_value_and_derivative", median(both));
  print("seconds_value", median(alone));
}

}  // namespace baseline
