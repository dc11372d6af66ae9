#include "itk_types.h"

#include "status.h"

namespace vki {

using Component = itk::IOComponentEnum;
using Pixel = itk::IOPixelEnum;

ElementType fromItk(const std::string& path, Component type) {
  switch (type) {
    case Component::UCHAR:
      return ElementType::U8;
    case Component::CHAR:
      return ElementType::I8;
    case Component::USHORT:
      return ElementType::U16;
    case Component::SHORT:
      return ElementType::I16;
    case Component::UINT:
      return ElementType::U32;
    case Component::INT:
      return ElementType::I32;
    case Component::ULONG:
    case Component::ULONGLONG:
      return ElementType::U64;
    case Component::LONG:
    case Component::LONGLONG:
      return ElementType::I64;
    case Component::FLOAT:
      return ElementType::F32;
    case Component::DOUBLE:
      return ElementType::F64;
    default:
      unreadable(path, "the type of its numbers is not known");
  }
}

Component toItk(ElementType type) {
  switch (type) {
    case ElementType::Bool:
    case ElementType::U8:
      return Component::UCHAR;
    case ElementType::I8:
      return Component::CHAR;
    case ElementType::U16:
      return Component::USHORT;
    case ElementType::I16:
      return Component::SHORT;
    case ElementType::U32:
      return Component::UINT;
    case ElementType::I32:
      return Component::INT;
    case ElementType::U64:
      return Component::ULONG;
    case ElementType::I64:
      return Component::LONG;
    case ElementType::F32:
      return Component::FLOAT;
    case ElementType::F64:
      return Component::DOUBLE;
  }
  return Component::UNKNOWNCOMPONENTTYPE;
}

vki_pixel_kind kindFromItk(Pixel kind, unsigned components) {
  if (components == 1) return VKI_SCALAR;
  switch (kind) {
    case Pixel::RGB:
      return VKI_RGB;
    case Pixel::RGBA:
      return VKI_RGBA;
    case Pixel::COMPLEX:
      return VKI_COMPLEX;
    case Pixel::SYMMETRICSECONDRANKTENSOR:
    case Pixel::DIFFUSIONTENSOR3D:
      return VKI_SYMMETRIC_TENSOR;
    default:
      return VKI_VECTOR;
  }
}

Pixel kindToItk(vki_pixel_kind kind) {
  switch (kind) {
    case VKI_SCALAR:
      return Pixel::SCALAR;
    case VKI_RGB:
      return Pixel::RGB;
    case VKI_RGBA:
      return Pixel::RGBA;
    case VKI_COMPLEX:
      return Pixel::COMPLEX;
    case VKI_SYMMETRIC_TENSOR:
      return Pixel::SYMMETRICSECONDRANKTENSOR;
    default:
      return Pixel::VECTOR;
  }
}

vki_image_info infoFromItk(const std::string& path, const itk::ImageIOBase& io) {
  vki_image_info info = emptyInfo();
  info.element_type = static_cast<int32_t>(fromItk(path, io.GetComponentType()));
  info.components = static_cast<int32_t>(io.GetNumberOfComponents());
  if (info.components < 1) unreadable(path, "has no components");
  info.pixel_kind = kindFromItk(io.GetPixelType(), io.GetNumberOfComponents());
  const unsigned dimensions = io.GetNumberOfDimensions();
  for (unsigned axis = 4; axis < dimensions; axis++) {
    if (io.GetDimensions(axis) != 1) unreadable(path, "more than four axes are not supported");
  }
  info.dimension = static_cast<int32_t>(std::min(dimensions, 4u));
  for (unsigned axis = 0; axis < dimensions && axis < 4; axis++) {
    info.size[axis] = static_cast<int64_t>(io.GetDimensions(axis));
    info.spacing[axis] = io.GetSpacing(axis);
    if (axis == 3) continue;
    info.origin[axis] = io.GetOrigin(axis);
    const std::vector<double> cosines = io.GetDirection(axis);
    for (unsigned row = 0; row < cosines.size() && row < 3; row++) {
      info.direction[3 * row + axis] = cosines[row] + 0.0;
    }
  }
  if (info.dimension == 4 && info.size[3] == 1) info.dimension = 3;
  checkGeometry(path, info);
  return info;
}

}  // namespace vki
