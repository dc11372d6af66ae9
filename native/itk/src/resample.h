// Arguments of ITK's resampling; see vki_resample.
#pragma once

#include "image_info.h"

namespace vki {

struct ResampleRequest {
  vki_image_info image;
  const float* imageVoxels;
  vki_image_info result;
  const double* map;
  vki_image_info displacement;
  /** NULL for none. */
  const float* displacementMm;
  vki_interpolator interpolator;
  double fill;
  int threads;
  float* resultVoxels;
};

}  // namespace vki
