#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "max_pool/max_pool.h"

namespace vk {
namespace {

using namespace cuda;

template <class T>
struct Found {
  T value;
  /** Within the volume; -1 where the window has no voxel. */
  int64_t index;
};

/** The first of equal values, the last NaN. */
template <class T>
__device__ Found<T> largest(const PoolArgs& args, const T* volume, int64_t z, int64_t y,
                            int64_t x) {
  const PoolWindow& window = args.window;
  const Range planes = poolTaps(window, 0, z, args.inSize[0]);
  const Range rows = poolTaps(window, 1, y, args.inSize[1]);
  const Range columns = poolTaps(window, 2, x, args.inSize[2]);
  const int64_t firstZ = z * window.stride[0] - window.paddingBegin[0];
  const int64_t firstY = y * window.stride[1] - window.paddingBegin[1];
  const int64_t firstX = x * window.stride[2] - window.paddingBegin[2];
  Found<T> found{-T(INFINITY), -1};
  for (int64_t c = planes.begin; c < planes.end; ++c) {
    const int64_t plane = (firstZ + c * window.dilation[0]) * args.inSize[1];
    for (int64_t b = rows.begin; b < rows.end; ++b) {
      int64_t index = (plane + firstY + b * window.dilation[1]) * args.inSize[2] + firstX +
                      columns.begin * window.dilation[2];
      for (int64_t a = columns.begin; a < columns.end; ++a, index += window.dilation[2]) {
        const T value = volume[index];
        if (value > found.value || value != value || found.index < 0) found = {value, index};
      }
    }
  }
  return found;
}

/** A thread an output. */
template <class T>
__global__ void __launch_bounds__(256) maxPool(MaxPoolArgs args) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const int64_t voxels = poolVoxels(args.inSize);
  forEachItem(args.volumes * poolVoxels(args.outSize), [&](int64_t i) {
    const int64_t x = i % args.outSize[2];
    const int64_t row = i / args.outSize[2];
    const int64_t y = row % args.outSize[1];
    const int64_t plane = row / args.outSize[1];
    const Found<T> found =
        largest(args, input + plane / args.outSize[0] * voxels, plane % args.outSize[0], y, x);
    output[i] = found.value;
    if (args.indices != nullptr) args.indices[i] = found.index;
  });
}

void runMaxPool(const MaxPoolArgs& args, Context& context, const Workspace&) {
  const Grid grid = gridOver(args.volumes * poolVoxels(args.outSize));
  launch(context, grid, args.type == VK_F64 ? maxPool<double> : maxPool<float>, args);
}

}  // namespace

CudaImplementations<MaxPoolArgs> max_poolCuda() {
  static const Implementation<MaxPoolArgs> rows[] = {cuda::row<MaxPoolArgs>(runMaxPool)};
  return cuda::table(rows);
}

}  // namespace vk
