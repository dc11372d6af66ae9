// An open image file: its header is known, its voxels can be read.
#pragma once

#include <memory>
#include <string>

#include "elements.h"
#include "image_info.h"

namespace vki {

class Reader {
 public:
  virtual ~Reader() = default;

  /** Writes every voxel, planar, as elements of `type`. */
  virtual void read(ElementType type, void* voxels) = 0;

  vki_image_info info = emptyInfo();
  std::string format;
};

/** Each gives nothing where the file is not of its format, and throws where it is, but broken. */
std::unique_ptr<Reader> openNifti(const std::string& path);
std::unique_ptr<Reader> openMgh(const std::string& path);

}  // namespace vki
