#include "anchors/anchors.h"
#include "cuda/cuda_table.h"
#include "cuda/divide.h"
#include "cuda/kernel.h"

namespace vk::anchors_cuda {
namespace {

using namespace cuda;

/** A thread a coordinate, so that neighbouring threads write neighbouring values. */
template <class T>
__global__ void __launch_bounds__(256) anchors(AnchorsArgs args, int64_t values) {
  const int64_t n = args.dimensions;
  forEachItem(values, [&](int64_t i) {
    const Division box = divide(i, 2 * n);
    const Division place = divide(box.quotient, args.shapes);
    const Division row = divide(place.quotient, args.grid[0]);
    const Division plane = divide(row.quotient, args.grid[1]);
    const int axis = int(box.remainder < n ? box.remainder : box.remainder - n);
    const int64_t at = axis == 0 ? row.remainder : axis == 1 ? plane.remainder : plane.quotient;
    const double centre = (double(at) + args.offset[axis]) * args.stride[axis];
    const T extent = static_cast<const T*>(args.extents)[place.remainder * n + axis];
    const double half = double(extent) / 2;
    static_cast<T*>(args.anchors)[i] = T(box.remainder < n ? centre - half : centre + half);
  });
}

void runAnchors(const AnchorsArgs& args, Context& context, const Workspace&) {
  const int64_t values =
      args.grid[0] * args.grid[1] * args.grid[2] * args.shapes * 2 * args.dimensions;
  launch(context, gridOver(values), args.type == VK_F64 ? anchors<double> : anchors<float>, args,
         values);
}

}  // namespace

extern "C" CudaImplementations<AnchorsArgs> anchorsCuda() {
  static const Implementation<AnchorsArgs> rows[] = {cuda::row<AnchorsArgs>(runAnchors)};
  return cuda::table(rows);
}

}  // namespace vk::anchors_cuda
