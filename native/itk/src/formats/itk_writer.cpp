// Every format that ITK writes and we do not.
#include <algorithm>
#include <vector>

#include "itkBMPImageIO.h"
#include "itkJPEGImageIO.h"
#include "itkMetaImageIO.h"
#include "itkNrrdImageIO.h"
#include "itkPNGImageIO.h"
#include "itkTIFFImageIO.h"

#include "itk_types.h"
#include "quiet.h"
#include "status.h"
#include "formats.h"

namespace vki {
namespace {

bool flat(const std::string& suffix) {
  return suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg" || suffix == ".bmp";
}

itk::ImageIOBase::Pointer createIo(const std::string& suffix) {
  if (suffix == ".nrrd" || suffix == ".nhdr") return itk::NrrdImageIO::New().GetPointer();
  if (suffix == ".mha" || suffix == ".mhd") return itk::MetaImageIO::New().GetPointer();
  if (suffix == ".tif" || suffix == ".tiff") return itk::TIFFImageIO::New().GetPointer();
  if (suffix == ".png") return itk::PNGImageIO::New().GetPointer();
  if (suffix == ".jpg" || suffix == ".jpeg") return itk::JPEGImageIO::New().GetPointer();
  if (suffix == ".bmp") return itk::BMPImageIO::New().GetPointer();
  return nullptr;
}

/** ITK drops to its own limits silently in places; what a format cannot hold is said here. */
void checkFits(const WriteRequest& request, const std::string& suffix) {
  const vki_image_info& info = request.info;
  const ElementType type = static_cast<ElementType>(info.element_type);
  const bool tiff = suffix == ".tif" || suffix == ".tiff";
  if (flat(suffix) && (info.size[2] != 1 || info.size[3] != 1)) {
    notWritten(request.path, suffix + " files are 2D, but the image has " +
                                 std::to_string(info.size[2]) + " slices and " +
                                 std::to_string(info.size[3]) + " time points");
  }
  if (tiff && info.size[3] != 1) {
    notWritten(request.path, "TIFF files have no time axis here");
  }
  const bool byte = type == ElementType::U8 || type == ElementType::Bool;
  const bool fits =
      byte || (type == ElementType::U16 && (suffix == ".png" || tiff)) ||
      (tiff && (type == ElementType::F32 || type == ElementType::I16 || type == ElementType::I8));
  if ((flat(suffix) || tiff) && !fits) {
    notWritten(request.path, suffix + " files do not hold " + elementTypeName(type) +
                                 "; convert the image first");
  }
  const int most = suffix == ".jpg" || suffix == ".jpeg" || suffix == ".bmp" ? 3 : 4;
  if ((flat(suffix) || tiff) && (info.components == 2 || info.components > most)) {
    notWritten(request.path,
               suffix + " files do not hold " + std::to_string(info.components) + " components");
  }
}

}  // namespace

void writeWithItk(const WriteRequest& request, const std::string& suffix) {
  const itk::ImageIOBase::Pointer io = createIo(suffix);
  if (io == nullptr) {
    invalidArgument(request.path + ": \"" + suffix +
                    "\" is not the suffix of a format that can be written; .nii, .nii.gz, .nrrd, "
                    ".nhdr, .mha, .mhd, .mgh, .mgz, .tif, .png, .jpg and .bmp are");
  }
  checkFits(request, suffix);
  const vki_image_info& info = request.info;
  const ElementType type = static_cast<ElementType>(info.element_type);
  const bool byPlane = flat(suffix) || (info.size[2] == 1 && suffix.rfind(".tif", 0) == 0);
  const unsigned dimensions = info.size[3] > 1 ? 4 : byPlane ? 2 : 3;
  vki_pixel_kind kind = info.pixel_kind;
  if (kind == VKI_VECTOR && flat(suffix)) kind = info.components == 3 ? VKI_RGB : VKI_RGBA;
  if (info.components == 1) kind = VKI_SCALAR;

  const size_t bytes = elementBytes(type);
  const int64_t volume = voxelsInVolume(info);
  std::vector<char> mixed;
  const void* voxels = request.voxels;
  if (info.components > 1) {
    mixed.resize(static_cast<size_t>(elementCount(info)) * bytes);
    for (int64_t frame = 0; frame < info.size[3]; frame++) {
      for (int64_t c = 0; c < info.components; c++) {
        const int64_t plane = frame * info.components + c;
        scatter(bytes, static_cast<const char*>(request.voxels) + plane * volume * bytes,
                mixed.data() + (frame * volume * info.components + c) * bytes, info.components,
                volume);
      }
    }
    voxels = mixed.data();
  }

  withAssertionsCaught(request.path, [&] {
    try {
      itk::ImageIORegion region(dimensions);
      io->SetFileName(request.path);
      io->SetNumberOfDimensions(dimensions);
      for (unsigned axis = 0; axis < dimensions; axis++) {
        io->SetDimensions(axis, static_cast<unsigned>(info.size[axis]));
        region.SetSize(axis, info.size[axis]);
        const bool step = axis == 3 && info.spacing[3] <= 0;
        io->SetSpacing(axis, step ? 1 : info.spacing[axis]);
        io->SetOrigin(axis, axis < 3 ? info.origin[axis] : 0);
        std::vector<double> cosines(dimensions, 0.0);
        for (unsigned row = 0; row < dimensions; row++) {
          if (axis < 3 && row < 3) cosines[row] = info.direction[3 * row + axis];
          if (axis == 3 || row == 3) cosines[row] = axis == row ? 1 : 0;
        }
        io->SetDirection(axis, cosines);
      }
      io->SetIORegion(region);
      io->SetNumberOfComponents(static_cast<unsigned>(info.components));
      io->SetComponentType(toItk(type));
      io->SetPixelType(kindToItk(kind));
      io->SetFileType(itk::IOFileEnum::Binary);
      if (suffix == ".png") io->SetUseCompression(true);
      io->Write(voxels);
    } catch (const itk::ExceptionObject& exception) {
      notWritten(request.path, exception.GetDescription());
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& exception) {
      notWritten(request.path, exception.what());
    }
  });
}

}  // namespace vki
