// Single-file NIfTI-1, or NIfTI-2 where a size does not fit 16 bits. Orientation goes into qform
// and sform alike; vectors get the vector intent and stay planar, so that nothing is rearranged.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "byte_sink.h"
#include "nifti_header.h"
#include "status.h"
#include "writer.h"

namespace vki {
namespace {

int dataTypeOf(ElementType type) {
  switch (type) {
    case ElementType::Bool:
    case ElementType::U8:
      return nifti::kU8;
    case ElementType::I8:
      return nifti::kI8;
    case ElementType::I16:
      return nifti::kI16;
    case ElementType::U16:
      return nifti::kU16;
    case ElementType::I32:
      return nifti::kI32;
    case ElementType::U32:
      return nifti::kU32;
    case ElementType::I64:
      return nifti::kI64;
    case ElementType::U64:
      return nifti::kU64;
    case ElementType::F32:
      return nifti::kF32;
    case ElementType::F64:
      return nifti::kF64;
  }
  return 0;
}

/** The interleaved NIfTI type of a pixel kind; 0 where the components are stored as volumes. */
int interleavedType(const vki_image_info& info, ElementType type) {
  const bool byte = type == ElementType::U8;
  if (info.pixel_kind == VKI_RGB && byte) return nifti::kRgb24;
  if (info.pixel_kind == VKI_RGBA && byte) return nifti::kRgba32;
  if (info.pixel_kind == VKI_COMPLEX && type == ElementType::F32) return nifti::kComplex64;
  if (info.pixel_kind == VKI_COMPLEX && type == ElementType::F64) return nifti::kComplex128;
  return 0;
}

struct Orientation {
  double rotation[9];  // RAS
  double origin[3];
  double quaternion[3];
  double handedness;
  bool orthonormal;
};

Orientation orientationOf(const vki_image_info& info) {
  Orientation o;
  Matrix3 direction;
  for (int row = 0; row < 3; row++) {
    const double sign = row < 2 ? -1 : 1;  // LPS to RAS
    o.origin[row] = sign * info.origin[row] + 0.0;
    for (int column = 0; column < 3; column++) {
      direction[3 * row + column] = sign * info.direction[3 * row + column] + 0.0;
    }
  }
  std::copy(direction.begin(), direction.end(), o.rotation);
  o.orthonormal = shear(direction) < 1e-3;
  Matrix3 r = o.orthonormal ? nearestOrthonormal(direction) : direction;
  o.handedness = determinant(r) < 0 ? -1 : 1;
  for (int row = 0; row < 3; row++) r[3 * row + 2] *= o.handedness;
  // The largest of the four quaternion components is found first, for precision; a is made >= 0.
  const double trace = r[0] + r[4] + r[8];
  double a, b, c, d;
  if (trace > 0.5) {
    a = 0.5 * std::sqrt(1 + trace);
    b = 0.25 * (r[7] - r[5]) / a;
    c = 0.25 * (r[2] - r[6]) / a;
    d = 0.25 * (r[3] - r[1]) / a;
  } else if (r[0] >= r[4] && r[0] >= r[8]) {
    b = 0.5 * std::sqrt(1 + r[0] - r[4] - r[8]);
    c = 0.25 * (r[1] + r[3]) / b;
    d = 0.25 * (r[2] + r[6]) / b;
    a = 0.25 * (r[7] - r[5]) / b;
  } else if (r[4] >= r[8]) {
    c = 0.5 * std::sqrt(1 + r[4] - r[0] - r[8]);
    b = 0.25 * (r[1] + r[3]) / c;
    d = 0.25 * (r[5] + r[7]) / c;
    a = 0.25 * (r[2] - r[6]) / c;
  } else {
    d = 0.5 * std::sqrt(1 + r[8] - r[0] - r[4]);
    b = 0.25 * (r[2] + r[6]) / d;
    c = 0.25 * (r[5] + r[7]) / d;
    a = 0.25 * (r[3] - r[1]) / d;
  }
  const double sign = a < 0 ? -1 : 1;
  o.quaternion[0] = sign * b;
  o.quaternion[1] = sign * c;
  o.quaternion[2] = sign * d;
  return o;
}

class HeaderBytes {
 public:
  explicit HeaderBytes(size_t count) : bytes_(count) {}

  template <class T>
  void put(size_t offset, double value, size_t index = 0) {
    const T element = static_cast<T>(value);
    std::memcpy(bytes_.data() + offset + index * sizeof(T), &element, sizeof(T));
  }
  void text(size_t offset, const void* characters, size_t count) {
    std::memcpy(bytes_.data() + offset, characters, count);
  }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  std::vector<unsigned char> bytes_;
};

struct Contents {
  int64_t dim[8];
  double pixdim[8];
  int dataType;
  int bitsPerVoxel;
  int intentCode;
  Orientation orientation;
};

constexpr char kDescription[] = "Voxkern";
constexpr int kMillimetresAndSeconds = 10;
constexpr int kScannerPosition = 1;

std::vector<unsigned char> header1(const Contents& c, const vki_image_info& info) {
  HeaderBytes h(nifti::kBytes1 + 4);  // four more bytes say that no extension follows
  h.put<int32_t>(0, nifti::kBytes1);
  h.text(38, "r", 1);
  for (int i = 0; i < 8; i++) {
    h.put<int16_t>(40, static_cast<double>(c.dim[i]), i);
    h.put<float>(76, c.pixdim[i], i);
  }
  h.put<int16_t>(68, c.intentCode);
  h.put<int16_t>(70, c.dataType);
  h.put<int16_t>(72, c.bitsPerVoxel);
  h.put<float>(108, nifti::kBytes1 + 4);
  h.put<float>(112, 1);
  h.put<uint8_t>(123, kMillimetresAndSeconds);
  h.text(148, kDescription, sizeof kDescription);
  h.put<int16_t>(252, c.orientation.orthonormal ? kScannerPosition : 0);
  h.put<int16_t>(254, kScannerPosition);
  for (int i = 0; i < 3; i++) {
    h.put<float>(256, c.orientation.quaternion[i], i);
    h.put<float>(268, c.orientation.origin[i], i);
    for (int k = 0; k < 3; k++) {
      h.put<float>(280, c.orientation.rotation[3 * i + k] * info.spacing[k], 4 * i + k);
    }
    h.put<float>(280, c.orientation.origin[i], 4 * i + 3);
  }
  h.text(344, "n+1", 4);
  return h.bytes();
}

std::vector<unsigned char> header2(const Contents& c, const vki_image_info& info) {
  HeaderBytes h(nifti::kBytes2 + 4);
  h.put<int32_t>(0, nifti::kBytes2);
  h.text(4, "n+2\0\r\n\032\n", 8);
  h.put<int16_t>(12, c.dataType);
  h.put<int16_t>(14, c.bitsPerVoxel);
  for (int i = 0; i < 8; i++) {
    h.put<int64_t>(16, static_cast<double>(c.dim[i]), i);
    h.put<double>(104, c.pixdim[i], i);
  }
  h.put<int64_t>(168, nifti::kBytes2 + 4);
  h.put<double>(176, 1);
  h.text(240, kDescription, sizeof kDescription);
  h.put<int32_t>(344, c.orientation.orthonormal ? kScannerPosition : 0);
  h.put<int32_t>(348, kScannerPosition);
  for (int i = 0; i < 3; i++) {
    h.put<double>(352, c.orientation.quaternion[i], i);
    h.put<double>(376, c.orientation.origin[i], i);
    for (int k = 0; k < 3; k++) {
      h.put<double>(400, c.orientation.rotation[3 * i + k] * info.spacing[k], 4 * i + k);
    }
    h.put<double>(400, c.orientation.origin[i], 4 * i + 3);
  }
  h.put<int32_t>(500, kMillimetresAndSeconds);
  h.put<int32_t>(504, c.intentCode);
  return h.bytes();
}

}  // namespace

void writeNifti(const WriteRequest& request, bool gzip) {
  const vki_image_info& info = request.info;
  const ElementType type = elementTypeOf(info.element_type);
  const size_t bytes = elementBytes(type);
  const int interleaved = interleavedType(info, type);
  const int64_t outer = interleaved ? 1 : info.components;
  const bool tensor = info.pixel_kind == VKI_SYMMETRIC_TENSOR && info.components == 6;

  Contents c{};
  c.dataType = interleaved ? interleaved : dataTypeOf(type);
  c.bitsPerVoxel = static_cast<int>(8 * bytes * (interleaved ? info.components : 1));
  c.intentCode = outer == 1 ? 0 : tensor ? nifti::kIntentSymmetricMatrix : nifti::kIntentVector;
  c.orientation = orientationOf(info);
  c.dim[0] = outer > 1 ? 5 : info.size[3] > 1 ? 4 : 3;
  c.pixdim[0] = c.orientation.handedness;
  bool large = false;
  for (int axis = 0; axis < 4; axis++) {
    c.dim[axis + 1] = info.size[axis];
    c.pixdim[axis + 1] = axis < 3 || info.spacing[3] > 0 ? info.spacing[axis] : 1;
    large = large || info.size[axis] > INT16_MAX;
  }
  c.dim[5] = outer;
  c.dim[6] = c.dim[7] = 1;
  c.pixdim[5] = c.pixdim[6] = c.pixdim[7] = 1;
  large = large || outer > INT16_MAX;

  const auto sink = ByteSink::create(request.path, gzip, request.threads);
  const std::vector<unsigned char> header = large ? header2(c, info) : header1(c, info);
  sink->write(header.data(), header.size());
  const auto* voxels = static_cast<const unsigned char*>(request.voxels);
  const int64_t volume = voxelsInVolume(info);
  if (interleaved) {
    std::vector<unsigned char> mixed(volume * info.components * bytes);
    for (int64_t frame = 0; frame < info.size[3]; frame++) {
      for (int component = 0; component < info.components; component++) {
        scatter(bytes, voxels + (frame * info.components + component) * volume * bytes,
                mixed.data() + component * bytes, info.components, volume);
      }
      sink->write(mixed.data(), mixed.size());
    }
  } else if (info.size[3] == 1 && !tensor) {
    sink->write(voxels, volume * outer * bytes);
  } else {
    const int order[6] = {0, 1, 3, 2, 4, 5};
    for (int64_t component = 0; component < outer; component++) {
      const int64_t source = tensor ? order[component] : component;
      for (int64_t frame = 0; frame < info.size[3]; frame++) {
        sink->write(voxels + (frame * outer + source) * volume * bytes, volume * bytes);
      }
    }
  }
  sink->finish();
}

}  // namespace vki
