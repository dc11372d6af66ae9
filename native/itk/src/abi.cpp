// The C entries: arguments in, the work behind a guard, a status out.
#include <memory>
#include <string>

#include "byte_source.h"
#include "image_info.h"
#include "itk_formats.h"
#include "reader.h"
#include "status.h"
#include "voxkern_itk.h"
#include "writer.h"

struct vki_reader {
  std::string path;
  std::unique_ptr<vki::Reader> reader;
};

namespace {

thread_local std::string text;

}  // namespace

using vki::guarded;
using vki::invalidArgument;

extern "C" {

uint32_t vki_abi_version(void) { return VKI_ABI_VERSION; }

vki_status vki_reader_open(const char* path, vki_reader** reader) {
  return guarded([&] {
    if (path == nullptr || reader == nullptr) invalidArgument("path and reader are needed");
    *reader = nullptr;
    vki::ByteSource::open(path);  // missing and unreadable files are told alike for every format
    std::unique_ptr<vki::Reader> opened = vki::openNifti(path);
    if (!opened) opened = vki::openMgh(path);
    if (!opened) opened = vki::itkFormats().open(path);
    if (!opened) vki::unreadable(path, "is not an image of a known format");
    *reader = new vki_reader{path, std::move(opened)};
  });
}

vki_status vki_reader_open_series(const char* folder, const char* series, vki_reader** reader) {
  return guarded([&] {
    if (folder == nullptr || reader == nullptr) invalidArgument("folder and reader are needed");
    *reader = nullptr;
    *reader =
        new vki_reader{folder, vki::itkFormats().openDicomSeries(folder, series ? series : "")};
  });
}

vki_status vki_reader_info(const vki_reader* reader, vki_image_info* info) {
  return guarded([&] {
    if (reader == nullptr || info == nullptr) invalidArgument("reader and info are needed");
    *info = reader->reader->info;
  });
}

const char* vki_reader_format(const vki_reader* reader) {
  return reader == nullptr ? "" : reader->reader->format.c_str();
}

vki_status vki_reader_read(vki_reader* reader, int32_t element_type, void* voxels, int64_t bytes) {
  return guarded([&] {
    if (reader == nullptr || voxels == nullptr) invalidArgument("reader and voxels are needed");
    const vki::ElementType type = vki::elementTypeOf(element_type);
    const int64_t wanted =
        vki::elementCount(reader->reader->info) * static_cast<int64_t>(vki::elementBytes(type));
    if (bytes != wanted) {
      invalidArgument(reader->path + ": " + std::to_string(wanted) +
                      " bytes are needed for its voxels, not " + std::to_string(bytes));
    }
    reader->reader->read(type, voxels);
  });
}

void vki_reader_close(vki_reader* reader) {
  guarded([&] { delete reader; });
}

vki_status vki_dicom_series(const char* folder) {
  return guarded([&] {
    if (folder == nullptr) invalidArgument("a folder is needed");
    text.clear();
    text = vki::itkFormats().listDicomSeries(folder);
  });
}

const char* vki_text(void) { return text.c_str(); }

vki_status vki_write_image(const char* path, const vki_image_info* info, const void* voxels,
                           int64_t bytes, int32_t threads) {
  return guarded([&] {
    if (path == nullptr || info == nullptr || voxels == nullptr) {
      invalidArgument("path, info and voxels are needed");
    }
    vki::WriteRequest request{path, *info, voxels, threads};
    vki::checkGeometry(path, request.info);
    const vki::ElementType type = vki::elementTypeOf(info->element_type);
    const int64_t wanted = vki::elementCount(*info) * static_cast<int64_t>(vki::elementBytes(type));
    if (bytes != wanted) {
      invalidArgument(std::string(path) + ": the image has " + std::to_string(wanted) +
                      " bytes of voxels, not " + std::to_string(bytes));
    }
    const std::string suffix = vki::suffixOf(path);
    if (suffix == ".nii" || suffix == ".nii.gz") {
      vki::writeNifti(request, suffix == ".nii.gz");
    } else if (suffix == ".mgh" || suffix == ".mgz" || suffix == ".mgh.gz") {
      vki::writeMgh(request, suffix != ".mgh");
    } else {
      vki::itkFormats().write(request, suffix);
    }
  });
}

vki_status vki_resample(const vki_image_info* image_info, const void* image,
                        const vki_image_info* result_info, const double* map,
                        const vki_image_info* displacement_info, const void* displacement_mm,
                        vki_interpolator interpolator, double fill, int32_t threads, void* result) {
  return guarded([&] {
    if (!image_info || !image || !result_info || !map || !result ||
        (displacement_mm && !displacement_info)) {
      invalidArgument("resampling needs an image, a map and a result, with their geometry");
    }
    vki::ResampleRequest request{*image_info,
                                 static_cast<const float*>(image),
                                 *result_info,
                                 map,
                                 displacement_mm ? *displacement_info : vki::emptyInfo(),
                                 static_cast<const float*>(displacement_mm),
                                 interpolator,
                                 fill,
                                 threads,
                                 static_cast<float*>(result)};
    vki::checkGeometry("image", request.image);
    vki::checkGeometry("result", request.result);
    vki::checkGeometry("displacement", request.displacement);
    vki::itkFormats().resample(request);
  });
}

}  // extern "C"
