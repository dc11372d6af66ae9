#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "anchors/anchors_cpu.cpp"
#include "anchors/anchors.h"
#include "core/simd_begin.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

/** Boxes of one chunk. */
constexpr int64_t kChunk = 16384;

/** One row of places along x. Bound by its writes, which the compiler's vectors keep up with. */
template <int kDimensions>
HWY_ATTR void row(const AnchorsArgs& args, int64_t index) {
  const double yz[2] = {static_cast<double>(index % args.grid[1]),
                        static_cast<double>(index / args.grid[1])};
  double centre[3];
  for (int axis = 1; axis < kDimensions; ++axis) {
    centre[axis] = (yz[axis - 1] + args.offset[axis]) * args.stride[axis];
  }
  const float* const extents = static_cast<const float*>(args.extents);
  float* box =
      static_cast<float*>(args.anchors) + index * args.grid[0] * args.shapes * 2 * kDimensions;
  for (int64_t x = 0; x < args.grid[0]; ++x) {
    centre[0] = (static_cast<double>(x) + args.offset[0]) * args.stride[0];
    for (int64_t shape = 0; shape < args.shapes; ++shape, box += 2 * kDimensions) {
      for (int axis = 0; axis < kDimensions; ++axis) {
        const double half = 0.5 * static_cast<double>(extents[shape * kDimensions + axis]);
        box[axis] = static_cast<float>(centre[axis] - half);
        box[kDimensions + axis] = static_cast<float>(centre[axis] + half);
      }
    }
  }
}

void anchorsCpu(const AnchorsArgs& args, Context& context, const Workspace&) {
  const int64_t rows = args.grid[1] * args.grid[2];
  const int64_t boxesARow = args.grid[0] * args.shapes;
  if (boxesARow == 0) return;
  const int64_t rowsAChunk = boxesARow < kChunk ? kChunk / boxesARow : 1;
  parallelFor(context, chunkCount(rows, rowsAChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, rowsAChunk, chunk);
    for (int64_t index = range.begin; index < range.end; ++index) {
      if (args.dimensions == 2) {
        row<2>(args, index);
      } else {
        row<3>(args, index);
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(anchorsCpu);

}  // namespace vk
#endif
