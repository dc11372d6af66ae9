#include <stdexcept>

#include "itkBSplineInterpolateImageFunction.h"
#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkLinearInterpolateImageFunction.h"
#include "itkNearestNeighborInterpolateImageFunction.h"
#include "itkResampleImageFilter.h"
#include "itkWarpImageFilter.h"

#include "images.h"
#include "options.h"

namespace baseline {
namespace {

using Composite = itk::CompositeTransform<double, 3>;

/** The transforms of a file, then a field: a point goes through the field first. */
Composite::Pointer readMapping(const Options& options) {
  const auto mapping = Composite::New();
  if (options.has("transform")) {
    const auto reader = itk::TransformFileReaderTemplate<double>::New();
    reader->SetFileName(options.text("transform"));
    reader->Update();
    for (const auto& each : *reader->GetTransformList()) {
      mapping->AddTransform(dynamic_cast<itk::Transform<double, 3, 3>*>(each.GetPointer()));
    }
    if (options.has("rewrite")) {
      const auto writer = itk::TransformFileWriterTemplate<double>::New();
      writer->SetFileName(options.text("rewrite"));
      for (const auto& each : *reader->GetTransformList()) writer->AddTransform(each);
      writer->Update();
    }
  }
  if (options.has("field")) {
    using Transform = itk::DisplacementFieldTransform<double, 3>;
    const auto displacement = readImage<Transform::DisplacementFieldType>(options.text("field"));
    const auto field = Transform::New();
    field->SetDisplacementField(displacement);
    mapping->AddTransform(field);
    if (options.has("rewrite-field")) {
      writeImage(displacement.GetPointer(), options.text("rewrite-field"));
    }
  }
  return mapping;
}

using Interpolator = itk::InterpolateImageFunction<Image, double>;

Interpolator::Pointer createInterpolator(const Options& options) {
  const std::string name = options.text("interpolation", "linear");
  if (name == "nearest") {
    return itk::NearestNeighborInterpolateImageFunction<Image, double>::New().GetPointer();
  }
  if (name == "bspline") {
    return itk::BSplineInterpolateImageFunction<Image, double>::New().GetPointer();
  }
  if (name == "linear")
    return itk::LinearInterpolateImageFunction<Image, double>::New().GetPointer();
  throw std::runtime_error(name + ": expected nearest, linear or bspline");
}

}  // namespace

void mapPoints(const Options& options) {
  const Composite::Pointer mapping = readMapping(options);
  const auto points = options.numbers("points", {});
  std::vector<double> mapped;
  for (size_t i = 0; i + 2 < points.size(); i += 3) {
    itk::Point<double, 3> point;
    for (unsigned axis = 0; axis < 3; axis++) point[axis] = points[i + axis];
    const auto result = mapping->TransformPoint(point);
    for (unsigned axis = 0; axis < 3; axis++) mapped.push_back(result[axis]);
  }
  print("mapped", mapped);
}

void apply(const Options& options) {
  const Image::Pointer fixed = readImage<Image>(options.text("fixed"));
  const Image::Pointer moving = readImage<Image>(options.text("moving"));
  const auto filter = itk::ResampleImageFilter<Image, Image>::New();
  filter->SetInput(moving);
  filter->SetReferenceImage(fixed);
  filter->UseReferenceImageOn();
  filter->SetTransform(readMapping(options));
  filter->SetDefaultPixelValue(static_cast<float>(options.number("fill", 0)));
  filter->SetInterpolator(createInterpolator(options));
  const Stopwatch watch;
  filter->Update();
  print("seconds", watch.seconds());
  writeImage(filter->GetOutput(), options.text("out"));
}

void warp(const Options& options) {
  const Image::Pointer moving = readImage<Image>(options.text("moving"));
  const Field::Pointer field = readImage<Field>(options.text("field"));
  using Filter = itk::WarpImageFilter<Image, Image, Field>;
  const auto filter = Filter::New();
  filter->SetInput(moving);
  filter->SetDisplacementField(field);
  filter->SetOutputParametersFromImage(field);
  filter->SetInterpolator(createInterpolator(options));
  filter->SetEdgePaddingValue(static_cast<float>(options.number("fill", 0)));
  std::vector<double> seconds;
  for (int i = 0; i < options.integer("repeats", 1); i++) {
    filter->Modified();
    const Stopwatch watch;
    filter->Update();
    seconds.push_back(watch.seconds());
  }
  print("seconds", median(seconds));
  if (options.has("out")) writeImage(filter->GetOutput(), options.text("out"));
}

}  // namespace baseline
