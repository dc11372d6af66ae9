// The NIfTI-1 and NIfTI-2 headers as one struct, and their orientation as ITK understands it.
#pragma once

#include <cstdint>
#include <string>

#include "byte_source.h"
#include "image_info.h"

namespace vki {

namespace nifti {

constexpr int kIntentSymmetricMatrix = 1005;
constexpr int kIntentVector = 1007;
constexpr int kBytes1 = 348;
constexpr int kBytes2 = 540;

enum DataType : int {
  kU8 = 2,
  kI16 = 4,
  kI32 = 8,
  kF32 = 16,
  kComplex64 = 32,
  kF64 = 64,
  kRgb24 = 128,
  kI8 = 256,
  kU16 = 512,
  kU32 = 768,
  kI64 = 1024,
  kU64 = 1280,
  kComplex128 = 1792,
  kRgba32 = 2304
};

}  // namespace nifti

struct NiftiHeader {
  int version = 1;
  bool swapped = false;
  int64_t dim[8] = {};
  double pixdim[8] = {};
  int dataType = 0;
  int intentCode = 0;
  int64_t voxelOffset = 0;
  double slope = 0;
  double intercept = 0;
  int units = 0;
  int qformCode = 0;
  int sformCode = 0;
  double quaternion[3] = {};
  double qoffset[3] = {};
  double srow[12] = {};
};

/** Reads a single-file NIfTI header, 348 or 540 bytes; false where the bytes are no such header (as
 * many of them have been consumed as were needed to see that). */
bool readNiftiHeader(ByteSource& source, NiftiHeader& header);

/** Spacing, origin and direction (LPS, mm) of the header. As in ITK, the sform counts where it is a
 * rotation and a scaling and either agrees with the qform, or is a scanner position, or stands
 * alone; the qform counts otherwise. */
void niftiGeometry(const std::string& path, const NiftiHeader& header, vki_image_info& info);

}  // namespace vki
