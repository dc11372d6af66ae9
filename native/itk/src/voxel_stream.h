// From the order in which a file stores its numbers to planar voxels, in pieces that stay in the
// cache, without a second copy of the image.
#pragma once

#include <cstdint>
#include <vector>

#include "byte_source.h"
#include "elements.h"

namespace vki {

struct StoredVoxels {
  ElementType type = ElementType::F32;
  /** Stored in the other byte order than this machine's. */
  bool swapped = false;
  /** Components of a voxel lie side by side; otherwise each component is a whole series of
   * volumes, the slowest axis of the file. */
  bool interleaved = false;
  Scaling scaling;
  int64_t voxelsInVolume = 0;
  int64_t frames = 1;
  int64_t components = 1;
  /** Where stored component c goes; empty for no change. */
  std::vector<int> componentOrder;
};

/** Reads all voxels from the source's position on into (frames, components, volume). */
void readVoxels(ByteSource& source, const StoredVoxels& stored, ElementType type, void* voxels);

}  // namespace vki
