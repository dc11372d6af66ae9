// Images and transforms from files, by ITK's own readers.
#pragma once

#include <string>

#include "itkImage.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkImageMaskSpatialObject.h"
#include "itkTransformFileReader.h"
#include "itkTransformFileWriter.h"
#include "itkVector.h"

namespace baseline {

using Image = itk::Image<float, 3>;
using Mask = itk::ImageMaskSpatialObject<3>;
using Field = itk::Image<itk::Vector<float, 3>, 3>;

template <class ImageType>
typename ImageType::Pointer readImage(const std::string& path) {
  const auto reader = itk::ImageFileReader<ImageType>::New();
  reader->SetFileName(path);
  reader->Update();
  const typename ImageType::Pointer image = reader->GetOutput();
  image->DisconnectPipeline();
  return image;
}

inline Mask::Pointer readMask(const std::string& path) {
  const auto mask = Mask::New();
  mask->SetImage(readImage<Mask::ImageType>(path));
  mask->Update();
  return mask;
}

template <class ImageType>
void writeImage(const ImageType* image, const std::string& path) {
  const auto writer = itk::ImageFileWriter<ImageType>::New();
  writer->SetFileName(path);
  writer->SetInput(image);
  writer->Update();
}

template <class TransformType>
void writeTransform(const TransformType* transform, const std::string& path) {
  const auto writer = itk::TransformFileWriterTemplate<double>::New();
  writer->SetFileName(path);
  writer->SetInput(transform);
  writer->Update();
}

}  // namespace baseline
