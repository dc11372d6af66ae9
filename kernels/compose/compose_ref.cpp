#include "compose/compose.h"
#include "compose/field_reference.h"

namespace vk {
namespace {

template <class T>
void compose(const ComposeArgs& args) {
  const int64_t voxels = args.size[0] * args.size[1] * args.size[2];
  const T* second = static_cast<const T*>(args.second);
  T* composed = static_cast<T*>(args.composed);
  for (int64_t i = 0; i < voxels; ++i) {
    const int64_t voxel[3] = {i % args.size[0], i / args.size[0] % args.size[1],
                              i / (args.size[0] * args.size[1])};
    const double u[3] = {double(second[i]), double(second[voxels + i]),
                         double(second[2 * voxels + i])};
    double position[3], value[3];
    mapPosition(args.indexMap, args.displacementMap, voxel, u, position);
    sampleField(static_cast<const T*>(args.first), args.firstSize, position, value);
    bool inside = true;
    for (int axis = 0; axis < 3; ++axis) {
      inside =
          inside && position[axis] >= -0.5 && position[axis] < double(args.firstSize[axis]) - 0.5;
    }
    for (int c = 0; c < 3; ++c) {
      composed[c * voxels + i] = T(u[c] + (inside || !args.zeroOutside ? value[c] : 0));
    }
  }
}

}  // namespace

void composeReference(const ComposeArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    compose<double>(args);
  } else {
    compose<float>(args);
  }
}

}  // namespace vk
