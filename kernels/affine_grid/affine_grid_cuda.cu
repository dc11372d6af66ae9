#include "affine_grid/affine_grid.h"
#include "cuda/cuda_table.h"
#include "cuda/volume.h"

namespace vk::affine_grid_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int64_t kChunk = 16 * kThreads;
constexpr int kMostEntries = 12;

/** The grids of a batch, one behind the other. */
struct Walk {
  Volume volume;
  Divider depth;
  Divider axes;
  int64_t voxels;

  explicit Walk(const AffineGridArgs& args)
      : volume(args.size),
        depth(args.size[2]),
        axes(args.axes),
        voxels(args.size[0] * args.size[1] * args.size[2]) {}
};

/** Numerator and denominator are whole numbers: one rounding. */
template <class T>
__device__ T coordinate(const AffineGridArgs& args, int64_t at, int r) {
  const int64_t size = args.size[r];
  if (args.alignCorners) return size > 1 ? T(2 * at - (size - 1)) / T(size - 1) : T(0);
  return T(2 * at + 1 - size) / T(size);
}

/** A thread a number of the grid, so that a warp writes one piece. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    affineGrid(AffineGridArgs args, Walk walk, int64_t count) {
  forEachItem(count, [&](int64_t i) {
    const int64_t voxel = walk.axes.quotient(i);
    const int64_t r = i - voxel * args.axes;
    const VoxelAt at = walk.volume.at(voxel);
    const int64_t item = walk.depth.quotient(at.z);
    const T* const row =
        static_cast<const T*>(args.theta) + (item * args.axes + r) * (args.axes + 1);
    T sum = row[0] * coordinate<T>(args, at.x, 0) + row[1] * coordinate<T>(args, at.y, 1);
    if (args.axes == 3) sum += row[2] * coordinate<T>(args, at.z - item * args.size[2], 2);
    static_cast<T*>(args.grid)[i] = sum + row[args.axes];
  });
}

/** Of one item and chunk of its voxels: a sum for each entry of theta, in their order. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    affineGridGradient(AffineGridArgs args, Walk walk, int64_t chunks, double* partials) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  for (int64_t block = blockIdx.x; block < args.batch * chunks; block += gridDim.x) {
    const int64_t item = block / chunks;
    const int64_t chunk = block % chunks;
    const int64_t end = min(walk.voxels, (chunk + 1) * kChunk);
    const T* const upstream = static_cast<const T*>(args.grid) + item * walk.voxels * args.axes;
    double sums[kMostEntries] = {};
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      const VoxelAt at = walk.volume.at(i);
      const bool deep = args.axes == 3;
      const T place[4] = {coordinate<T>(args, at.x, 0), coordinate<T>(args, at.y, 1),
                          deep ? coordinate<T>(args, at.z, 2) : T(1), T(1)};
      VK_UNROLL
      for (int r = 0; r < 3; ++r) {
        const T g = r < 2 || deep ? upstream[i * args.axes + r] : T(0);
        VK_UNROLL
        for (int c = 0; c < 4; ++c) sums[4 * r + c] += double(g * place[c]);
      }
    }
    // Rows of four, of which a 2D map uses three.
    VK_UNROLL
    for (int k = 0; k < kMostEntries; ++k) {
      const double sum = blockSum<kThreads>(sums[k], shared);
      if (threadIdx.x == 0) partials[(item * kMostEntries + k) * chunks + chunk] = sum;
    }
  }
}

/** A block an entry of an item's theta. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    affineGridTotals(const double* partials, int64_t axes, int64_t chunks, int64_t count,
                     T* gradient) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  for (int64_t entry = blockIdx.x; entry < count; entry += gridDim.x) {
    const int64_t line = entry / (axes + 1);
    const int64_t place = line / axes * kMostEntries + line % axes * 4 + entry % (axes + 1);
    double sum = 0;
    for (int64_t i = threadIdx.x; i < chunks; i += kThreads) sum += partials[place * chunks + i];
    sum = blockSum<kThreads>(sum, shared);
    if (threadIdx.x == 0) gradient[entry] = T(sum);
  }
}

void runForward(const AffineGridArgs& args, Context& context, const Workspace&) {
  const Walk walk(args);
  const int64_t count = args.batch * walk.voxels * args.axes;
  launch(context, gridOver(count), args.type == VK_F64 ? affineGrid<double> : affineGrid<float>,
         args, walk, count);
}

int64_t workspaceBytes(const AffineGridArgs& args) {
  return args.batch * chunkCount(Walk(args).voxels, kChunk) * kMostEntries *
         int64_t(sizeof(double));
}

template <class T>
void gradient(const AffineGridArgs& args, Context& context, double* partials) {
  const Walk walk(args);
  const int64_t chunks = chunkCount(walk.voxels, kChunk);
  launch(context, {dim3(blocksFor(args.batch * chunks, 1)), dim3(kThreads)}, affineGridGradient<T>,
         args, walk, chunks, partials);
  const int64_t count = args.batch * args.axes * (args.axes + 1);
  launch(context, {dim3(blocksFor(count, 1)), dim3(kThreads)}, affineGridTotals<T>, partials,
         int64_t{args.axes}, chunks, count, static_cast<T*>(args.theta));
}

void runGradient(const AffineGridArgs& args, Context& context, const Workspace& workspace) {
  double* const partials = workspace.as<double>();
  args.type == VK_F64 ? gradient<double>(args, context, partials)
                      : gradient<float>(args, context, partials);
}

}  // namespace

extern "C" CudaImplementations<AffineGridArgs> affine_gridCuda() {
  static const Implementation<AffineGridArgs> rows[] = {cuda::row<AffineGridArgs>(runForward)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<AffineGridArgs> affine_grid_gradientCuda() {
  static const Implementation<AffineGridArgs> rows[] = {
      cuda::row<AffineGridArgs>(runGradient, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::affine_grid_cuda
