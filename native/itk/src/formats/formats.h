// What the parts of the ITK side call each other.
#pragma once

#include <memory>
#include <string>

#include "reader.h"
#include "resample.h"
#include "writer.h"

namespace vki {

std::unique_ptr<Reader> openWithItk(const std::string& path);
std::unique_ptr<Reader> openDicomSeries(const std::string& folder, const std::string& series);
std::string listDicomSeries(const std::string& folder);
void writeWithItk(const WriteRequest& request, const std::string& suffix);
void resampleWithItk(const ResampleRequest& request);

}  // namespace vki
