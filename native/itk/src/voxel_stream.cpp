#include "voxel_stream.h"

#include <algorithm>

namespace vki {
namespace {

constexpr int64_t kPieceBytes = 1 << 18;

}  // namespace

void readVoxels(ByteSource& source, const StoredVoxels& stored, ElementType type, void* voxels) {
  const size_t inBytes = elementBytes(stored.type);
  const size_t outBytes = elementBytes(type);
  auto* out = static_cast<unsigned char*>(voxels);
  const int64_t side = stored.interleaved ? stored.components : 1;
  const int64_t outer = stored.interleaved ? 1 : stored.components;
  const bool asStored = side == 1 && type == stored.type && stored.scaling.identity();
  auto target = [&](int64_t component) {
    return stored.componentOrder.empty() ? component : stored.componentOrder[component];
  };

  const int64_t pieceVoxels = std::max<int64_t>(1, kPieceBytes / (side * inBytes));
  std::vector<unsigned char> piece(asStored ? 0 : pieceVoxels * side * inBytes);
  for (int64_t component = 0; component < outer; component++) {
    for (int64_t frame = 0; frame < stored.frames; frame++) {
      const int64_t first = frame * stored.components;
      if (asStored) {
        unsigned char* volume =
            out + (first + target(component)) * stored.voxelsInVolume * outBytes;
        source.readExactly(volume, stored.voxelsInVolume * inBytes);
        if (stored.swapped) swapBytes(volume, inBytes, stored.voxelsInVolume);
        continue;
      }
      for (int64_t begin = 0; begin < stored.voxelsInVolume; begin += pieceVoxels) {
        const int64_t count = std::min(pieceVoxels, stored.voxelsInVolume - begin);
        source.readExactly(piece.data(), count * side * inBytes);
        if (stored.swapped) swapBytes(piece.data(), inBytes, count * side);
        for (int64_t c = 0; c < side; c++) {
          const int64_t plane = first + target(stored.interleaved ? c : component);
          convert(stored.type, piece.data() + c * inBytes, side, stored.scaling, type,
                  out + (plane * stored.voxelsInVolume + begin) * outBytes, count);
        }
      }
    }
  }
}

}  // namespace vki
