#include "compose/compose.h"
#include "compose/field_device.h"
#include "cuda/cuda_table.h"

namespace vk::compose_cuda {
namespace {

using namespace cuda;

/** A thread a voxel. */
template <class T>
__global__ void __launch_bounds__(256)
    composeFields(ComposeArgs args, FieldMap<T> map, Volume volume, int64_t voxels) {
  const T* const second = static_cast<const T*>(args.second);
  forEachItem(voxels, [&](int64_t i) {
    T u[3], first[3];
    loadVector(second, voxels, i, u);
    const FieldPosition<T> position(args.indexMap, volume.at(i));
    const FieldCell<T> cell(map, position, u);
    if (cell.inside() || !args.zeroOutside) {
      cell.sample(map, static_cast<const T*>(args.first), first);
      for (int k = 0; k < 3; ++k) u[k] += first[k];
    }
    storeVector(static_cast<T*>(args.composed), voxels, i, u);
  });
}

template <class T>
void compose(const ComposeArgs& args, Context& context) {
  const int64_t voxels = args.size[0] * args.size[1] * args.size[2];
  launch(context, gridOver(voxels), composeFields<T>, args,
         FieldMap<T>(args.firstSize, args.displacementMap), Volume(args.size), voxels);
}

void runCompose(const ComposeArgs& args, Context& context, const Workspace&) {
  args.type == VK_F64 ? compose<double>(args, context) : compose<float>(args, context);
}

}  // namespace

extern "C" CudaImplementations<ComposeArgs> composeCuda() {
  static const Implementation<ComposeArgs> rows[] = {cuda::row<ComposeArgs>(runCompose)};
  return cuda::table(rows);
}

}  // namespace vk::compose_cuda
