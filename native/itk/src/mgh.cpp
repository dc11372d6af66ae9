// FreeSurfer's MGH and MGZ: a big-endian header of 284 bytes, then volumes, x fastest. Positions
// are RAS of the middle voxel (index size / 2). ITK has no reader for them in Debian's build.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "byte_sink.h"
#include "byte_source.h"
#include "reader.h"
#include "status.h"
#include "voxel_stream.h"
#include "writer.h"

namespace vki {
namespace {

constexpr int kHeaderBytes = 284;

enum MghType : int { kUchar = 0, kInt = 1, kFloat = 3, kShort = 4, kUshort = 10 };

template <class T>
T bigEndian(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  swapBytes(&value, sizeof value, 1);
  return value;
}

template <class T>
void putBigEndian(unsigned char* bytes, T value) {
  swapBytes(&value, sizeof value, 1);
  std::memcpy(bytes, &value, sizeof value);
}

void geometryOf(const unsigned char* header, vki_image_info& info) {
  // Without a position of its own a volume is coronal, as the format says.
  double spacing[3] = {1, 1, 1};
  double cosines[9] = {-1, 0, 0, 0, 0, -1, 0, 1, 0};  // axis by axis
  double center[3] = {0, 0, 0};
  if (bigEndian<int16_t>(header + 28) != 0) {
    for (int i = 0; i < 3; i++) spacing[i] = bigEndian<float>(header + 30 + 4 * i);
    for (int i = 0; i < 9; i++) cosines[i] = bigEndian<float>(header + 42 + 4 * i);
    for (int i = 0; i < 3; i++) center[i] = bigEndian<float>(header + 78 + 4 * i);
  }
  for (int row = 0; row < 3; row++) {
    const double sign = row < 2 ? -1 : 1;  // RAS to LPS
    double first = center[row];
    for (int axis = 0; axis < 3; axis++) {
      const double cosine = cosines[3 * axis + row];
      info.direction[3 * row + axis] = sign * cosine + 0.0;
      first -= cosine * spacing[axis] * (static_cast<double>(info.size[axis]) / 2);
    }
    info.origin[row] = sign * first + 0.0;
    info.spacing[row] = spacing[row];
  }
}

class MghReader : public Reader {
 public:
  MghReader(const std::string& path, const unsigned char* header) : path_(path) {
    format = "MGH";
    for (int axis = 0; axis < 4; axis++) {
      info.size[axis] = bigEndian<int32_t>(header + 4 + 4 * axis);
    }
    info.dimension = info.size[3] > 1 ? 4 : 3;
    const int type = bigEndian<int32_t>(header + 20);
    switch (type) {
      case kUchar:
        voxels_.type = ElementType::U8;
        break;
      case kInt:
        voxels_.type = ElementType::I32;
        break;
      case kFloat:
        voxels_.type = ElementType::F32;
        break;
      case kShort:
        voxels_.type = ElementType::I16;
        break;
      case kUshort:
        voxels_.type = ElementType::U16;
        break;
      default:
        unreadable(path, "MGH data type " + std::to_string(type) + " is not supported");
    }
    info.element_type = static_cast<int32_t>(voxels_.type);
    geometryOf(header, info);
    checkGeometry(path, info);
    voxels_.swapped = true;
    voxels_.voxelsInVolume = voxelsInVolume(info);
    voxels_.frames = info.size[3];
  }

  void read(ElementType type, void* voxels) override {
    const std::unique_ptr<ByteSource> source = ByteSource::open(path_);
    source->skip(kHeaderBytes);
    readVoxels(*source, voxels_, type, voxels);
  }

 private:
  const std::string path_;
  StoredVoxels voxels_;
};

}  // namespace

std::unique_ptr<Reader> openMgh(const std::string& path) {
  const std::string suffix = suffixOf(path);
  if (suffix != ".mgh" && suffix != ".mgz" && suffix != ".mgh.gz") return nullptr;
  const std::unique_ptr<ByteSource> source = ByteSource::open(path);
  unsigned char header[kHeaderBytes];
  source->readExactly(header, sizeof header);
  if (bigEndian<int32_t>(header) != 1) unreadable(path, "is not an MGH file");
  return std::make_unique<MghReader>(path, header);
}

void writeMgh(const WriteRequest& request, bool gzip) {
  const vki_image_info& info = request.info;
  ElementType type = elementTypeOf(info.element_type);
  int mghType;
  switch (type) {
    case ElementType::Bool:
    case ElementType::U8:
      mghType = kUchar;
      break;
    case ElementType::I16:
      mghType = kShort;
      break;
    case ElementType::U16:
      mghType = kUshort;
      break;
    case ElementType::I32:
      mghType = kInt;
      break;
    case ElementType::F32:
      mghType = kFloat;
      break;
    default:
      notWritten(request.path, std::string("MGH files hold u8, i16, u16, i32 or f32, not ") +
                                   elementTypeName(type));
  }
  if (info.components != 1) {
    notWritten(request.path,
               "MGH files hold one value a voxel, not " + std::to_string(info.components));
  }
  unsigned char header[kHeaderBytes] = {};
  putBigEndian<int32_t>(header, 1);
  for (int axis = 0; axis < 4; axis++) {
    if (info.size[axis] > INT32_MAX) notWritten(request.path, "too large for an MGH file");
    putBigEndian(header + 4 + 4 * axis, static_cast<int32_t>(info.size[axis]));
  }
  putBigEndian<int32_t>(header + 20, mghType);
  putBigEndian<int16_t>(header + 28, 1);
  for (int row = 0; row < 3; row++) {
    const double sign = row < 2 ? -1 : 1;  // LPS to RAS
    double center = info.origin[row];
    for (int axis = 0; axis < 3; axis++) {
      const double cosine = info.direction[3 * row + axis];
      center += cosine * info.spacing[axis] * (static_cast<double>(info.size[axis]) / 2);
      putBigEndian(header + 42 + 4 * (3 * axis + row), static_cast<float>(sign * cosine));
    }
    putBigEndian(header + 78 + 4 * row, static_cast<float>(sign * center));
    putBigEndian(header + 30 + 4 * row, static_cast<float>(info.spacing[row]));
  }
  const auto sink = ByteSink::create(request.path, gzip, request.threads);
  sink->write(header, sizeof header);
  const size_t bytes = elementBytes(type);
  const int64_t count = elementCount(info);
  constexpr int64_t kPiece = 1 << 18;
  std::vector<unsigned char> piece(std::min(kPiece, count) * bytes);
  for (int64_t begin = 0; begin < count; begin += kPiece) {
    const int64_t part = std::min(kPiece, count - begin);
    std::memcpy(piece.data(), static_cast<const char*>(request.voxels) + begin * bytes,
                part * bytes);
    swapBytes(piece.data(), bytes, part);
    sink->write(piece.data(), part * bytes);
  }
  sink->finish();
}

}  // namespace vki
