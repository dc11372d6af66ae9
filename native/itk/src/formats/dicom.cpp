// DICOM series: the files of a folder grouped by series, slices sorted along their normal by GDCM,
// stacked into one volume.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "itkGDCMImageIO.h"
#include "itkGDCMSeriesFileNames.h"
#include "itkMetaDataObject.h"

#include "itk_types.h"
#include "quiet.h"
#include "formats.h"
#include "status.h"

namespace vki {
namespace {

struct Series {
  std::string identifier;
  std::vector<std::string> files;
};

void requireFolder(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    throw Error(VKI_NOT_FOUND, folder + ": No such file or directory");
  }
  if (!std::filesystem::is_directory(folder, error)) unreadable(folder, "is not a folder");
}

std::vector<Series> findSeries(const std::string& folder) {
  requireFolder(folder);
  std::vector<Series> found;
  withAssertionsCaught(folder, [&] {
    const auto names = itk::GDCMSeriesFileNames::New();
    names->SetUseSeriesDetails(true);
    names->SetGlobalWarningDisplay(false);
    names->SetRecursive(true);
    names->SetDirectory(folder);
    for (const std::string& identifier : names->GetSeriesUIDs()) {
      Series series{identifier, names->GetFileNames(identifier)};
      if (!series.files.empty()) found.push_back(std::move(series));
    }
  });
  // Most files first; the order of the identifiers settles a tie.
  std::stable_sort(found.begin(), found.end(), [](const Series& a, const Series& b) {
    return a.files.size() > b.files.size();
  });
  return found;
}

struct Slice {
  itk::GDCMImageIO::Pointer io;
  vki_image_info info;
};

Slice openSlice(const std::string& file) {
  Slice slice;
  withAssertionsCaught(file, [&] {
    try {
      slice.io = itk::GDCMImageIO::New();
      slice.io->SetFileName(file);
      slice.io->ReadImageInformation();
      slice.info = infoFromItk(file, *slice.io);
    } catch (const itk::ExceptionObject& exception) {
      unreadable(file, exception.GetDescription());
    }
  });
  return slice;
}

std::string describe(const std::string& file) {
  std::string text;
  try {
    const Slice slice = openSlice(file);
    itk::ExposeMetaData<std::string>(slice.io->GetMetaDataDictionary(), "0008|103e", text);
  } catch (const Error&) {
    // A series without a readable description still is a series.
  }
  return oneLine(text);
}

std::string listOf(const std::vector<Series>& all) {
  std::string list;
  for (const Series& series : all) {
    list += (list.empty() ? "" : ", ") + series.identifier + " (" +
            std::to_string(series.files.size()) + " files)";
  }
  return list;
}

class DicomSeriesReader : public Reader {
 public:
  DicomSeriesReader(const std::string& folder, Series series)
      : folder_(folder), series_(std::move(series)) {
    format = "DICOM series";
    slices_.reserve(series_.files.size());
    for (const std::string& file : series_.files) slices_.push_back(openSlice(file));
    info = slices_.front().info;
    if (slices_.size() > 1) stack();
    checkGeometry(folder, info);
  }

  void read(ElementType type, void* voxels) override {
    const int64_t slice = voxelsInVolume(info) / static_cast<int64_t>(slices_.size());
    const int64_t volume = voxelsInVolume(info);
    const int64_t components = info.components;
    std::vector<char> stored;
    for (size_t index = 0; index < slices_.size(); index++) {
      const Slice& each = slices_[index];
      const std::string& file = series_.files[index];
      const ElementType native = static_cast<ElementType>(each.info.element_type);
      const size_t wanted = static_cast<size_t>(slice) * components * elementBytes(native);
      stored.resize(std::max(wanted, static_cast<size_t>(each.io->GetImageSizeInBytes())));
      withAssertionsCaught(file, [&] {
        try {
          itk::ImageIORegion region(each.io->GetNumberOfDimensions());
          for (unsigned axis = 0; axis < each.io->GetNumberOfDimensions(); axis++) {
            region.SetSize(axis, each.io->GetDimensions(axis));
          }
          each.io->SetIORegion(region);
          each.io->Read(stored.data());
        } catch (const itk::ExceptionObject& exception) {
          unreadable(file, exception.GetDescription());
        }
      });
      for (int64_t c = 0; c < components; c++) {
        convert(native, stored.data() + c * elementBytes(native), components, Scaling{}, type,
                static_cast<char*>(voxels) +
                    (c * volume + static_cast<int64_t>(index) * slice) * elementBytes(type),
                slice);
      }
    }
  }

 private:
  /** One volume from sorted slices: the third axis runs from the first slice to the last, as ITK's
   * series reader has it, so that a tilted gantry is kept. */
  void stack() {
    const size_t count = slices_.size();
    ElementType widest = static_cast<ElementType>(info.element_type);
    for (size_t i = 0; i < count; i++) {
      const vki_image_info& each = slices_[i].info;
      const bool same = each.size[0] == info.size[0] && each.size[1] == info.size[1] &&
                        each.size[2] == 1 && each.components == info.components;
      if (!same) {
        unreadable(series_.files[i], "its size differs from the first slice of the series");
      }
      for (int entry = 0; entry < 9; entry++) {
        if (std::abs(each.direction[entry] - info.direction[entry]) > 1e-3) {
          unreadable(series_.files[i], "its orientation differs from the first slice's");
        }
      }
      // Slices may carry different rescaling and so different types.
      const ElementType type = static_cast<ElementType>(each.element_type);
      if (type != widest) widest = ElementType::F32;
    }
    info.element_type = static_cast<int32_t>(widest);
    double step[3];
    double length = 0;
    for (int row = 0; row < 3; row++) {
      step[row] =
          (slices_.back().info.origin[row] - info.origin[row]) / static_cast<double>(count - 1);
      length += step[row] * step[row];
    }
    length = std::sqrt(length);
    if (length < 1e-6) {
      unreadable(folder_,
                 "the slices of series " + series_.identifier + " all lie at the same position");
    }
    for (size_t i = 1; i < count; i++) {
      double gap = 0;
      for (int row = 0; row < 3; row++) {
        const double part = slices_[i].info.origin[row] - slices_[i - 1].info.origin[row];
        gap += part * part;
      }
      gap = std::sqrt(gap);
      // Positions are decimal text: a twentieth of the distance is beyond rounding.
      if (std::abs(gap - length) > 0.05 * length) {
        unreadable(folder_, "the slices are not evenly spaced: " + std::to_string(gap) +
                                " mm after slice " + std::to_string(i) + " of " +
                                std::to_string(count) + ", " + std::to_string(length) +
                                " mm on average; one may be missing or there twice");
      }
    }
    info.dimension = 3;
    info.size[2] = static_cast<int64_t>(count);
    info.spacing[2] = length;
    for (int row = 0; row < 3; row++) info.direction[3 * row + 2] = step[row] / length;
  }

  const std::string folder_;
  const Series series_;
  std::vector<Slice> slices_;
};

}  // namespace

std::unique_ptr<Reader> openDicomSeries(const std::string& folder, const std::string& series) {
  std::vector<Series> all = findSeries(folder);
  if (all.empty()) unreadable(folder, "has no DICOM images");
  if (series.empty()) {
    const bool tie = all.size() > 1 && all[0].files.size() == all[1].files.size();
    if (tie) {
      unreadable(folder, "has several series as large as each other; choose one of " + listOf(all));
    }
    return std::make_unique<DicomSeriesReader>(folder, std::move(all.front()));
  }
  for (Series& candidate : all) {
    // GDCM appends details to the identifier where one series holds several volumes.
    const std::string& own = candidate.identifier;
    if (own == series || own.rfind(series + ".", 0) == 0 || own.rfind(series, 0) == 0) {
      return std::make_unique<DicomSeriesReader>(folder, std::move(candidate));
    }
  }
  unreadable(folder, "has no series " + series + ", only " + listOf(all));
}

std::string listDicomSeries(const std::string& folder) {
  std::string lines;
  for (const Series& series : findSeries(folder)) {
    lines += series.identifier + "\t" + std::to_string(series.files.size()) + "\t" +
             describe(series.files.front()) + "\n";
  }
  return lines;
}

}  // namespace vki
