#include "anchors/anchors.h"

namespace vk {
namespace {

template <class T>
void anchors(const AnchorsArgs& args) {
  const int n = args.dimensions;
  T* box = static_cast<T*>(args.anchors);
  for (int64_t z = 0; z < args.grid[2]; ++z) {
    for (int64_t y = 0; y < args.grid[1]; ++y) {
      for (int64_t x = 0; x < args.grid[0]; ++x) {
        for (int64_t shape = 0; shape < args.shapes; ++shape, box += 2 * n) {
          const int64_t place[3] = {x, y, z};
          for (int axis = 0; axis < n; ++axis) {
            const double centre = (double(place[axis]) + args.offset[axis]) * args.stride[axis];
            const double half = double(static_cast<const T*>(args.extents)[shape * n + axis]) / 2;
            box[axis] = T(centre - half);
            box[n + axis] = T(centre + half);
          }
        }
      }
    }
  }
}

}  // namespace

void anchorsReference(const AnchorsArgs& args, Context&, const Workspace&) {
  args.type == VK_F64 ? anchors<double>(args) : anchors<float>(args);
}

}  // namespace vk
