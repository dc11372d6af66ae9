// ITK's side of the bridge: a library of its own, loaded when a file is met that needs it, because
// ITK brings some forty shared libraries and NIfTI and MGH need none of them.
#pragma once

#include <memory>
#include <string>

#include "reader.h"
#include "resample.h"
#include "writer.h"

namespace vki {

/** What libvoxkern_itk_formats.so offers; its one exported symbol, vki_itk_formats, gives it. */
struct ItkFormats {
  /** Nothing where the file is of no format that ITK knows. */
  std::unique_ptr<Reader> (*open)(const std::string& path);
  std::unique_ptr<Reader> (*openDicomSeries)(const std::string& folder, const std::string& series);
  /** Lines of vki_dicom_series. */
  std::string (*listDicomSeries)(const std::string& folder);
  void (*write)(const WriteRequest& request, const std::string& suffix);
  void (*resample)(const ResampleRequest& request);
};

/** Loads the library on first use. Throws VKI_INTERNAL_ERROR with the loader's reason. */
const ItkFormats& itkFormats();

}  // namespace vki
