// Every format that ITK reads and we do not: NRRD, MetaImage, DICOM files, TIFF, PNG, JPEG, BMP,
// and NIfTI or Analyze pairs. The readers are named here, in the order in which they are asked,
// so that nothing hangs on factories registered by chance.
#include <algorithm>
#include <memory>
#include <vector>

#include "itkBMPImageIO.h"
#include "itkGDCMImageIO.h"
#include "itkJPEGImageIO.h"
#include "itkMetaImageIO.h"
#include "itkNiftiImageIO.h"
#include "itkNrrdImageIO.h"
#include "itkPNGImageIO.h"
#include "itkTIFFImageIO.h"

#include "itk_types.h"
#include "quiet.h"
#include "formats.h"
#include "status.h"

namespace vki {
namespace {

struct Format {
  const char* name;
  itk::ImageIOBase::Pointer (*create)();
};

template <class Io>
itk::ImageIOBase::Pointer create() {
  return Io::New().GetPointer();
}

constexpr Format kFormats[] = {
    {"NRRD", create<itk::NrrdImageIO>},        {"MetaImage", create<itk::MetaImageIO>},
    {"PNG", create<itk::PNGImageIO>},          {"TIFF", create<itk::TIFFImageIO>},
    {"JPEG", create<itk::JPEGImageIO>},        {"BMP", create<itk::BMPImageIO>},
    {"NIfTI pair", create<itk::NiftiImageIO>}, {"DICOM", create<itk::GDCMImageIO>},
};

class ItkReader : public Reader {
 public:
  ItkReader(const std::string& path, const char* name, itk::ImageIOBase::Pointer io)
      : path_(path), io_(std::move(io)) {
    format = name;
    info = infoFromItk(path, *io_);
  }

  void read(ElementType type, void* voxels) override {
    const ElementType native = static_cast<ElementType>(info.element_type);
    const int64_t count = elementCount(info);
    const size_t wanted = static_cast<size_t>(count) * elementBytes(native);
    // Some readers take more than the image says (a palette, a padded row): only memory of the
    // size that ITK asks for may be given to them.
    const auto asked = static_cast<size_t>(io_->GetImageSizeInBytes());
    const bool inPlace = info.components == 1 && type == native && asked == wanted;
    std::vector<char> own;
    if (!inPlace) own.resize(std::max(asked, wanted));
    void* const target = inPlace ? voxels : own.data();
    withAssertionsCaught(path_, [&] {
      try {
        itk::ImageIORegion region(io_->GetNumberOfDimensions());
        for (unsigned axis = 0; axis < io_->GetNumberOfDimensions(); axis++) {
          region.SetSize(axis, io_->GetDimensions(axis));
        }
        io_->SetIORegion(region);
        io_->Read(target);
      } catch (const itk::ExceptionObject& exception) {
        unreadable(path_, exception.GetDescription());
      } catch (const std::bad_alloc&) {
        throw;
      } catch (const std::exception& exception) {
        unreadable(path_, exception.what());
      }
    });
    if (inPlace) return;
    const int64_t volume = voxelsInVolume(info);
    const int64_t components = info.components;
    for (int64_t frame = 0; frame < info.size[3]; frame++) {
      for (int64_t c = 0; c < components; c++) {
        convert(native, own.data() + (frame * volume * components + c) * elementBytes(native),
                components, Scaling{}, type,
                static_cast<char*>(voxels) + (frame * components + c) * volume * elementBytes(type),
                volume);
      }
    }
  }

 private:
  const std::string path_;
  const itk::ImageIOBase::Pointer io_;
};

}  // namespace

std::unique_ptr<Reader> openWithItk(const std::string& path) {
  std::unique_ptr<Reader> reader;
  withAssertionsCaught(path, [&] {
    for (const Format& candidate : kFormats) {
      try {
        const itk::ImageIOBase::Pointer io = candidate.create();
        if (!io->CanReadFile(path.c_str())) continue;
        io->SetFileName(path);
        io->ReadImageInformation();
        reader = std::make_unique<ItkReader>(path, candidate.name, io);
        return;
      } catch (const itk::ExceptionObject& exception) {
        unreadable(path, exception.GetDescription());
      } catch (const std::bad_alloc&) {
        throw;
      } catch (const std::exception& exception) {
        unreadable(path, exception.what());
      }
    }
  });
  return reader;
}

}  // namespace vki
