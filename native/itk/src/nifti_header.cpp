#include "nifti_header.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "elements.h"
#include "status.h"

namespace vki {
namespace {

/** Fields of a header in memory, in either byte order. */
class Fields {
 public:
  Fields(const unsigned char* bytes, bool swapped) : bytes_(bytes), swapped_(swapped) {}

  template <class T>
  T get(size_t offset, size_t index = 0) const {
    T value;
    std::memcpy(&value, bytes_ + offset + index * sizeof(T), sizeof(T));
    if (swapped_) swapBytes(&value, sizeof(T), 1);
    return value;
  }

 private:
  const unsigned char* bytes_;
  const bool swapped_;
};

void parse1(const Fields& f, NiftiHeader& h) {
  for (int i = 0; i < 8; i++) {
    h.dim[i] = f.get<int16_t>(40, i);
    h.pixdim[i] = f.get<float>(76, i);
  }
  h.intentCode = f.get<int16_t>(68);
  h.dataType = f.get<int16_t>(70);
  const float offset = f.get<float>(108);
  h.voxelOffset = offset >= 0 && offset < 1e9f ? static_cast<int64_t>(offset) : 0;
  h.slope = f.get<float>(112);
  h.intercept = f.get<float>(116);
  h.units = f.get<uint8_t>(123);
  h.qformCode = f.get<int16_t>(252);
  h.sformCode = f.get<int16_t>(254);
  for (int i = 0; i < 3; i++) {
    h.quaternion[i] = f.get<float>(256, i);
    h.qoffset[i] = f.get<float>(268, i);
  }
  for (int i = 0; i < 12; i++) h.srow[i] = f.get<float>(280, i);
}

void parse2(const Fields& f, NiftiHeader& h) {
  h.dataType = f.get<int16_t>(12);
  for (int i = 0; i < 8; i++) {
    h.dim[i] = f.get<int64_t>(16, i);
    h.pixdim[i] = f.get<double>(104, i);
  }
  h.voxelOffset = f.get<int64_t>(168);
  h.slope = f.get<double>(176);
  h.intercept = f.get<double>(184);
  h.qformCode = f.get<int32_t>(344);
  h.sformCode = f.get<int32_t>(348);
  for (int i = 0; i < 3; i++) {
    h.quaternion[i] = f.get<double>(352, i);
    h.qoffset[i] = f.get<double>(376, i);
  }
  for (int i = 0; i < 12; i++) h.srow[i] = f.get<double>(400, i);
  h.units = f.get<int32_t>(500) & 0xff;
  h.intentCode = f.get<int32_t>(504);
}

/** Direction cosines (RAS) of the qform: its quaternion, with the third axis turned round where
 * the header says so. */
Matrix3 quaternionRotation(const NiftiHeader& h) {
  double b = h.quaternion[0];
  double c = h.quaternion[1];
  double d = h.quaternion[2];
  double a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {
    const double scale = 1 / std::sqrt(b * b + c * c + d * d);
    b *= scale;
    c *= scale;
    d *= scale;
    a = 0;
  } else {
    a = std::sqrt(a);
  }
  const double third = h.pixdim[0] < 0 ? -1 : 1;
  return {a * a + b * b - c * c - d * d,
          2 * (b * c - a * d),
          2 * (b * d + a * c) * third,
          2 * (b * c + a * d),
          a * a + c * c - b * b - d * d,
          2 * (c * d - a * b) * third,
          2 * (b * d - a * c),
          2 * (c * d + a * b),
          (a * a + d * d - c * c - b * b) * third};
}

struct Orientation {
  bool valid = false;
  Matrix3 direction;
  double spacing[3];
  double origin[3];
};

Orientation fromQform(const NiftiHeader& h, const double* spacing) {
  Orientation q;
  q.valid = h.qformCode > 0;
  for (int axis = 0; axis < 3; axis++) {
    q.spacing[axis] = spacing[axis];
    q.origin[axis] = h.qoffset[axis];
    q.valid = q.valid && std::isfinite(h.quaternion[axis]) && std::isfinite(h.qoffset[axis]);
  }
  if (q.valid) q.direction = quaternionRotation(h);
  return q;
}

/** Valid where the sform is a rotation and a scaling, to single precision. */
Orientation fromSform(const NiftiHeader& h) {
  Orientation s;
  if (h.sformCode <= 0) return s;
  for (int axis = 0; axis < 3; axis++) {
    const double norm = std::hypot(h.srow[axis], h.srow[4 + axis], h.srow[8 + axis]);
    if (!(norm > 0) || !std::isfinite(norm)) return s;
    for (int row = 0; row < 3; row++) {
      s.direction[3 * row + axis] = h.srow[4 * row + axis] / norm;
    }
    s.spacing[axis] = norm;
    s.origin[axis] = h.srow[4 * axis + 3];
  }
  constexpr double kTolerance = 1e-3;
  s.valid = std::abs(determinant(s.direction)) > 0.5 && shear(s.direction) < kTolerance;
  if (s.valid) s.direction = nearestOrthonormal(s.direction);
  return s;
}

bool similar(const Orientation& a, const Orientation& b) {
  for (int i = 0; i < 9; i++) {
    if (std::abs(a.direction[i] - b.direction[i]) > 1e-3) return false;
  }
  for (int axis = 0; axis < 3; axis++) {
    if (std::abs(a.spacing[axis] - b.spacing[axis]) > 1e-3 * a.spacing[axis]) return false;
    if (std::abs(a.origin[axis] - b.origin[axis]) > 1e-3) return false;
  }
  return true;
}

}  // namespace

bool readNiftiHeader(ByteSource& source, NiftiHeader& header) {
  unsigned char bytes[nifti::kBytes2];
  if (source.read(bytes, nifti::kBytes1) != nifti::kBytes1) return false;
  int32_t size;
  std::memcpy(&size, bytes, sizeof size);
  header.swapped = size != nifti::kBytes1 && size != nifti::kBytes2;
  if (header.swapped) swapBytes(&size, sizeof size, 1);
  const bool first = size == nifti::kBytes1 && std::memcmp(bytes + 344, "n+1", 4) == 0;
  const bool second = size == nifti::kBytes2 && std::memcmp(bytes + 4, "n+2", 4) == 0;
  if (first) {
    header.version = 1;
    parse1(Fields(bytes, header.swapped), header);
    return true;
  }
  if (second) {
    header.version = 2;
    source.readExactly(bytes + nifti::kBytes1, nifti::kBytes2 - nifti::kBytes1);
    parse2(Fields(bytes, header.swapped), header);
    return true;
  }
  return false;
}

void niftiGeometry(const std::string& path, const NiftiHeader& h, vki_image_info& info) {
  // Lengths may be in metres or micrometres.
  const int unit = h.units & 7;
  const double toMm = unit == 1 ? 1000 : unit == 3 ? 0.001 : 1;
  double spacing[3];
  for (int axis = 0; axis < 3; axis++) {
    spacing[axis] = std::abs(h.pixdim[axis + 1]);
    // A file need not say how thick its only slice is.
    const bool missing = spacing[axis] == 0 || !std::isfinite(spacing[axis]);
    if (missing && (info.size[axis] == 1 || axis >= h.dim[0])) spacing[axis] = 1 / toMm;
  }
  const Orientation q = fromQform(h, spacing);
  const Orientation s = fromSform(h);
  // A spacing of zero must be told, not repaired from one form or the other.
  bool zeroSpacing = false;
  for (const double value : spacing) zeroSpacing = zeroSpacing || !(value > 0);
  Orientation chosen;
  if (zeroSpacing || (!q.valid && h.sformCode <= 0)) {
    std::copy(spacing, spacing + 3, chosen.spacing);
    std::fill(chosen.origin, chosen.origin + 3, 0.0);
    // No orientation said: the index axes are ITK's, left, posterior, superior.
    chosen.direction = {-1, 0, 0, 0, -1, 0, 0, 0, 1};
  } else if (s.valid && q.valid && similar(s, q)) {
    chosen = q;
  } else if (s.valid && (!q.valid || h.sformCode == 1)) {
    chosen = s;
  } else if (q.valid) {
    chosen = q;
  } else {
    unreadable(path, "its only orientation (sform) is sheared, which an image grid cannot be");
  }
  for (int axis = 0; axis < 3; axis++) {
    const double sign = axis < 2 ? -1 : 1;  // RAS to LPS
    info.spacing[axis] = chosen.spacing[axis] * toMm;
    info.origin[axis] = sign * chosen.origin[axis] * toMm + 0.0;
    for (int column = 0; column < 3; column++) {
      info.direction[3 * axis + column] = sign * chosen.direction[3 * axis + column] + 0.0;
    }
  }
  const int timeUnit = h.units & 56;
  const double toSeconds = timeUnit == 16 ? 1e-3 : timeUnit == 24 ? 1e-6 : 1;
  info.spacing[3] = info.size[3] > 1 && std::isfinite(h.pixdim[4]) ? h.pixdim[4] * toSeconds : 0;
}

}  // namespace vki
