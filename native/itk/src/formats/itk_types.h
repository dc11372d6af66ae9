// Between ITK's enumerations and ours.
#pragma once

#include <string>

#include "elements.h"
#include "image_info.h"
#include "itkImageIOBase.h"

namespace vki {

/** Throws VKI_UNREADABLE where the component type has no counterpart. */
ElementType fromItk(const std::string& path, itk::IOComponentEnum type);

itk::IOComponentEnum toItk(ElementType type);

vki_pixel_kind kindFromItk(itk::IOPixelEnum kind, unsigned components);

itk::IOPixelEnum kindToItk(vki_pixel_kind kind);

/** Sizes, spacing, origin, direction and element type that an ImageIO has read from a header.
 * Throws VKI_UNREADABLE where they make no sense. */
vki_image_info infoFromItk(const std::string& path, const itk::ImageIOBase& io);

}  // namespace vki
