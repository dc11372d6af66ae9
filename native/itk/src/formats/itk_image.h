// ITK images over memory that somebody else owns.
#pragma once

#include "image_info.h"
#include "itkImage.h"
#include "itkImportImageContainer.h"
#include "itkVector.h"

namespace vki {

using ScalarImage = itk::Image<float, 3>;
using FieldImage = itk::Image<itk::Vector<double, 3>, 3>;

/** Size, spacing, origin and direction. */
template <class ImageType>
void setGeometry(ImageType& image, const vki_image_info& info) {
  typename ImageType::SizeType size;
  typename ImageType::SpacingType spacing;
  typename ImageType::PointType origin;
  typename ImageType::DirectionType direction;
  for (unsigned axis = 0; axis < 3; axis++) {
    size[axis] = static_cast<itk::SizeValueType>(info.size[axis]);
    spacing[axis] = info.spacing[axis];
    origin[axis] = info.origin[axis];
    for (unsigned column = 0; column < 3; column++) {
      direction[axis][column] = info.direction[3 * axis + column];
    }
  }
  image.SetRegions(size);
  image.SetSpacing(spacing);
  image.SetOrigin(origin);
  image.SetDirection(direction);
}

/** A view of the voxels; they must outlive it. */
inline ScalarImage::Pointer wrap(const vki_image_info& info, const float* voxels) {
  const auto image = ScalarImage::New();
  setGeometry(*image, info);
  const auto container = itk::ImportImageContainer<itk::SizeValueType, float>::New();
  container->SetImportPointer(const_cast<float*>(voxels),
                              static_cast<itk::SizeValueType>(voxelsInVolume(info)), false);
  image->SetPixelContainer(container);
  return image;
}

/** A copy with the components side by side, as ITK has vectors. */
inline FieldImage::Pointer interleave(const vki_image_info& info, const float* planar) {
  const auto image = FieldImage::New();
  setGeometry(*image, info);
  image->Allocate();
  const int64_t count = voxelsInVolume(info);
  auto* vectors = image->GetBufferPointer();
  for (int64_t i = 0; i < count; i++) {
    for (unsigned c = 0; c < 3; c++) vectors[i][c] = planar[c * count + i];
  }
  return image;
}

}  // namespace vki
