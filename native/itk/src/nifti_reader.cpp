// Single-file NIfTI-1 and NIfTI-2. ITK 5.2 lacks NIfTI-2, forgets where a lone slice lies, and
// reads compressed files at a third of the speed; header and image pairs are left to it.
#include "nifti_header.h"
#include "reader.h"
#include "status.h"
#include "voxel_stream.h"

#include <algorithm>
#include <cmath>

namespace vki {
namespace {

struct Stored {
  ElementType type;
  int side;  // components of a voxel that lie side by side
  vki_pixel_kind kind;
};

bool storedAs(int dataType, Stored& stored) {
  switch (dataType) {
    case nifti::kU8:
      stored = {ElementType::U8, 1, VKI_SCALAR};
      return true;
    case nifti::kI8:
      stored = {ElementType::I8, 1, VKI_SCALAR};
      return true;
    case nifti::kI16:
      stored = {ElementType::I16, 1, VKI_SCALAR};
      return true;
    case nifti::kU16:
      stored = {ElementType::U16, 1, VKI_SCALAR};
      return true;
    case nifti::kI32:
      stored = {ElementType::I32, 1, VKI_SCALAR};
      return true;
    case nifti::kU32:
      stored = {ElementType::U32, 1, VKI_SCALAR};
      return true;
    case nifti::kI64:
      stored = {ElementType::I64, 1, VKI_SCALAR};
      return true;
    case nifti::kU64:
      stored = {ElementType::U64, 1, VKI_SCALAR};
      return true;
    case nifti::kF32:
      stored = {ElementType::F32, 1, VKI_SCALAR};
      return true;
    case nifti::kF64:
      stored = {ElementType::F64, 1, VKI_SCALAR};
      return true;
    case nifti::kRgb24:
      stored = {ElementType::U8, 3, VKI_RGB};
      return true;
    case nifti::kRgba32:
      stored = {ElementType::U8, 4, VKI_RGBA};
      return true;
    case nifti::kComplex64:
      stored = {ElementType::F32, 2, VKI_COMPLEX};
      return true;
    case nifti::kComplex128:
      stored = {ElementType::F64, 2, VKI_COMPLEX};
      return true;
    default:
      return false;
  }
}

class NiftiReader : public Reader {
 public:
  NiftiReader(const std::string& path, const NiftiHeader& header) : path_(path), header_(header) {
    format = header.version == 1 ? "NIfTI-1" : "NIfTI-2";
    Stored stored;
    if (!storedAs(header.dataType, stored)) {
      unreadable(path, "NIfTI data type " + std::to_string(header.dataType) + " is not supported");
    }
    if (header.dim[0] < 1 || header.dim[0] > 7) {
      unreadable(path, "a NIfTI file has 1 to 7 axes, not " + std::to_string(header.dim[0]));
    }
    int64_t size[8] = {0, 1, 1, 1, 1, 1, 1, 1};
    for (int axis = 1; axis <= header.dim[0]; axis++) {
      // Some writers leave zeros on axes that they do not use.
      const bool unused = axis > 3 && header.dim[axis] == 0;
      size[axis] = unused ? 1 : header.dim[axis];
    }
    if (size[6] != 1 || size[7] != 1) unreadable(path, "more than five axes are not supported");
    if (size[5] > 1 && stored.side > 1) {
      unreadable(path, "vectors of colours or of complex numbers are not supported");
    }
    for (int axis = 0; axis < 4; axis++) info.size[axis] = size[axis + 1];
    info.dimension = size[4] > 1 ? 4 : header.dim[0] >= 3 ? 3 : 2;
    voxels_.interleaved = stored.side > 1;
    info.components = static_cast<int32_t>(voxels_.interleaved ? stored.side : size[5]);
    info.pixel_kind = stored.kind;
    if (size[5] > 1) {
      const bool tensor = header.intentCode == nifti::kIntentSymmetricMatrix && size[5] == 6;
      info.pixel_kind = tensor ? VKI_SYMMETRIC_TENSOR : VKI_VECTOR;
      // NIfTI walks the lower triangle, ITK and we the upper one.
      if (tensor) voxels_.componentOrder = {0, 1, 3, 2, 4, 5};
    }
    if (size[5] < 1 || size[5] > 1 << 20) {
      unreadable(path, "claims " + std::to_string(size[5]) + " components a voxel");
    }
    niftiGeometry(path, header, info);
    checkGeometry(path, info);
    voxels_.type = stored.type;
    voxels_.swapped = header.swapped;
    voxels_.voxelsInVolume = voxelsInVolume(info);
    voxels_.frames = info.size[3];
    voxels_.components = info.components;
    const bool scaled = stored.side == 1 && std::isfinite(header.slope) && header.slope != 0 &&
                        std::isfinite(header.intercept);
    if (scaled) voxels_.scaling = {header.slope, header.intercept};
    ElementType type = stored.type;
    if (!voxels_.scaling.identity() && type != ElementType::F64) type = ElementType::F32;
    info.element_type = static_cast<int32_t>(type);
  }

  void read(ElementType type, void* voxels) override {
    const std::unique_ptr<ByteSource> source = ByteSource::open(path_);
    const int64_t smallest = header_.version == 1 ? nifti::kBytes1 : nifti::kBytes2;
    source->skip(std::max(header_.voxelOffset, smallest + 4));
    readVoxels(*source, voxels_, type, voxels);
  }

 private:
  const std::string path_;
  const NiftiHeader header_;
  StoredVoxels voxels_;
};

}  // namespace

std::unique_ptr<Reader> openNifti(const std::string& path) {
  const std::unique_ptr<ByteSource> source = ByteSource::open(path);
  NiftiHeader header;
  if (!readNiftiHeader(*source, header)) return nullptr;
  return std::make_unique<NiftiReader>(path, header);
}

}  // namespace vki
