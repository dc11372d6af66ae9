// Writers of image files, chosen by suffix.
#pragma once

#include <string>

#include "image_info.h"

namespace vki {

/** Planar voxels of `info` in the caller's memory. */
struct WriteRequest {
  std::string path;
  vki_image_info info;
  const void* voxels;
  int threads;
};

void writeNifti(const WriteRequest& request, bool gzip);
void writeMgh(const WriteRequest& request, bool gzip);

/** The path's image suffix in lower case, ".nii.gz" as one; empty where it has none. */
std::string suffixOf(const std::string& path);

}  // namespace vki
