#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "image_gradient/image_gradient.h"
#include "image_gradient/image_gradient_math.h"

namespace vk::image_gradient_cuda {
namespace {

using namespace cuda;

constexpr int kRows = 8;

/** The grid of voxels, in the order x, y, z. */
struct Shape {
  int64_t size[3];
  int64_t count;
};

/** Row-major; gradient = map * differences. */
template <class T>
struct Map {
  T m[9];
};

/** body(voxel, position) for every voxel: a warp a row of the image. */
template <class Body>
__device__ void forEachVoxel(const Shape& shape, const Body& body) {
  const int64_t rows = shape.size[1] * shape.size[2];
  const int64_t step = int64_t(gridDim.x) * kRows;
  for (int64_t row = int64_t(blockIdx.x) * kRows + threadIdx.y; row < rows; row += step) {
    int64_t at[3] = {0, row % shape.size[1], row / shape.size[1]};
    for (at[0] = threadIdx.x; at[0] < shape.size[0]; at[0] += kWarpSize) {
      body(row * shape.size[0] + at[0], at);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kWarpSize* kRows)
    imageGradient(Shape shape, Map<T> map, const T* image, T* gradient) {
  const int64_t strides[3] = {1, shape.size[0], shape.size[0] * shape.size[1]};
  forEachVoxel(shape, [&](int64_t voxel, const int64_t* at) {
    T difference[3] = {};
    VK_UNROLL
    for (int axis = 0; axis < 3; ++axis) {
      // An axis of one voxel does not bring 0 * NaN in.
      if (shape.size[axis] == 1) continue;
      const DifferenceTaps taps = differenceTaps(at[axis], shape.size[axis]);
      const T* const own = image + voxel;
      difference[axis] = (own[(taps.index[1] - at[axis]) * strides[axis]] -
                          own[(taps.index[0] - at[axis]) * strides[axis]]) *
                         T(taps.weight[1]);
    }
    VK_UNROLL
    for (int c = 0; c < 3; ++c) {
      const T* const m = map.m + 3 * c;
      gradient[c * shape.count + voxel] =
          fma(m[2], difference[2], fma(m[1], difference[1], m[0] * difference[0]));
    }
  });
}

/** Gathers what the gradient of the neighbours holds of a voxel. */
template <class T>
__global__ void __launch_bounds__(kWarpSize* kRows)
    imageGradientAdjoint(Shape shape, Map<T> map, const T* gradient, T* image) {
  const int64_t strides[3] = {1, shape.size[0], shape.size[0] * shape.size[1]};
  forEachVoxel(shape, [&](int64_t voxel, const int64_t* at) {
    T sum = 0;
    VK_UNROLL
    for (int axis = 0; axis < 3; ++axis) {
      if (shape.size[axis] == 1) continue;
      const DifferenceTaps taps = differenceAdjointTaps(at[axis], shape.size[axis]);
      VK_UNROLL
      for (int side = 0; side < 2; ++side) {
        const T* const other = gradient + voxel + (taps.index[side] - at[axis]) * strides[axis];
        T component = map.m[axis] * other[0];
        component = fma(map.m[3 + axis], other[shape.count], component);
        component = fma(map.m[6 + axis], other[2 * shape.count], component);
        sum = fma(T(taps.weight[side]), component, sum);
      }
    }
    image[voxel] = sum;
  });
}

Shape shapeOf(const ImageGradientArgs& args) {
  const int64_t* const size = args.size;
  return {{size[0], size[1], size[2]}, size[0] * size[1] * size[2]};
}

template <class T>
Map<T> mapOf(const ImageGradientArgs& args) {
  Map<T> map;
  for (int i = 0; i < 9; ++i) map.m[i] = T(args.map[i]);
  return map;
}

template <class T>
void run(const ImageGradientArgs& args, Context& context, bool adjoint) {
  const Shape shape = shapeOf(args);
  if (shape.count == 0) return;
  const Grid grid{dim3(blocksFor(shape.size[1] * shape.size[2], kRows)), dim3(kWarpSize, kRows)};
  T* const image = static_cast<T*>(args.image);
  T* const gradient = static_cast<T*>(args.gradient);
  if (adjoint) {
    launch(context, grid, imageGradientAdjoint<T>, shape, mapOf<T>(args), gradient, image);
  } else {
    launch(context, grid, imageGradient<T>, shape, mapOf<T>(args), image, gradient);
  }
}

template <bool kAdjoint>
void runImageGradient(const ImageGradientArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) { run<decltype(number)>(args, context, kAdjoint); });
}

}  // namespace

extern "C" CudaImplementations<ImageGradientArgs> image_gradientCuda() {
  static const Implementation<ImageGradientArgs> rows[] = {
      cuda::row<ImageGradientArgs>(runImageGradient<false>)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<ImageGradientArgs> image_gradient_adjointCuda() {
  static const Implementation<ImageGradientArgs> rows[] = {
      cuda::row<ImageGradientArgs>(runImageGradient<true>)};
  return cuda::table(rows);
}

}  // namespace vk::image_gradient_cuda
