#include "box_iou/box_iou.h"
#include "box_iou/box_iou_math.h"
#include "cuda/cuda_table.h"
#include "cuda/divide.h"
#include "cuda/kernel.h"

namespace vk::box_iou_cuda {
namespace {

using namespace cuda;

constexpr int kColumns = 32;
constexpr int kRows = 8;
constexpr int kThreads = kColumns * kRows;
/** Rows that a thread has, one after the other, so that it loads its box of b once for them. */
constexpr int kRowsEach = 8;

/** A block a tile of the matrix: a warp has 32 boxes of b and one of a at a time, and writes a
 * row's overlaps together. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    overlapOfAll(BoxIouArgs args, int64_t tilesAcross, int64_t tiles) {
  T* const overlap = static_cast<T*>(args.overlap);
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const Division at = divide(tile, tilesAcross);
    const int64_t column = at.remainder * kColumns + threadIdx.x % kColumns;
    if (column >= args.b.count) continue;
    const BoxSides<T> b = boxSidesOf<T>(args.b, column);
    const int64_t first = at.quotient * kRows * kRowsEach + threadIdx.x / kColumns;
    for (int i = 0; i < kRowsEach; ++i) {
      const int64_t row = first + i * kRows;
      if (row >= args.a.count) break;
      overlap[row * args.b.count + column] =
          boxOverlap(boxSidesOf<T>(args.a, row), b, args.a.dimensions, args.kind);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1) overlapOfPairs(BoxIouArgs args) {
  forEachItem(args.a.count, [&](int64_t i) {
    static_cast<T*>(args.overlap)[i] = boxOverlap(
        boxSidesOf<T>(args.a, i), boxSidesOf<T>(args.b, i), args.a.dimensions, args.kind);
  });
}

/** In f64. Of a known number of dimensions, so that all of it is in registers. */
template <class T, int kDimensions>
__device__ void gradientOfPair(const BoxIouGradientArgs& args, int64_t pair) {
  constexpr int kValues = 2 * kDimensions;
  double a[kValues], b[kValues], gradient[2 * kValues];
  bool usable = true;
  for (int i = 0; i < kValues; ++i) {
    a[i] = double(static_cast<const T*>(args.a.data)[pair * kValues + i]);
    b[i] = double(static_cast<const T*>(args.b.data)[pair * kValues + i]);
    usable = usable && fabs(a[i]) <= kLargestBoxCoordinate && fabs(b[i]) <= kLargestBoxCoordinate;
  }
  const double scale = double(static_cast<const T*>(args.gradientOverlap)[pair]);
  boxOverlapGradient(a, b, kDimensions, args.kind, scale, gradient);
  for (int i = 0; i < kValues; ++i) {
    if (args.gradientA != nullptr) {
      static_cast<T*>(args.gradientA)[pair * kValues + i] = usable ? T(gradient[i]) : T(NAN);
    }
    if (args.gradientB != nullptr) {
      static_cast<T*>(args.gradientB)[pair * kValues + i] =
          usable ? T(gradient[kValues + i]) : T(NAN);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads, 1) gradientOfPairs(BoxIouGradientArgs args) {
  forEachItem(args.a.count, [&](int64_t i) {
    if (args.a.dimensions == 2) {
      gradientOfPair<T, 2>(args, i);
    } else {
      gradientOfPair<T, 3>(args, i);
    }
  });
}

void runAll(const BoxIouArgs& args, Context& context, const Workspace&) {
  constexpr int64_t kTileRows = kRows * kRowsEach;
  const int64_t across = (args.b.count + kColumns - 1) / kColumns;
  const int64_t tiles = across * ((args.a.count + kTileRows - 1) / kTileRows);
  launch(context, {dim3(blocksFor(tiles, 1)), dim3(kThreads)},
         args.a.type == VK_F64 ? overlapOfAll<double> : overlapOfAll<float>, args, across, tiles);
}

void runPairs(const BoxIouArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.a.count),
         args.a.type == VK_F64 ? overlapOfPairs<double> : overlapOfPairs<float>, args);
}

void runGradient(const BoxIouGradientArgs& args, Context& context, const Workspace&) {
  launch(context, gridOver(args.a.count),
         args.a.type == VK_F64 ? gradientOfPairs<double> : gradientOfPairs<float>, args);
}

}  // namespace

extern "C" CudaImplementations<BoxIouArgs> box_iouCuda() {
  static const Implementation<BoxIouArgs> rows[] = {cuda::row<BoxIouArgs>(runAll)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BoxIouArgs> box_iou_pairedCuda() {
  static const Implementation<BoxIouArgs> rows[] = {cuda::row<BoxIouArgs>(runPairs)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<BoxIouGradientArgs> box_iou_gradientCuda() {
  static const Implementation<BoxIouGradientArgs> rows[] = {
      cuda::row<BoxIouGradientArgs>(runGradient)};
  return cuda::table(rows);
}

}  // namespace vk::box_iou_cuda
