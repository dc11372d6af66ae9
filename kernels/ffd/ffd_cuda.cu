#include "cuda/cuda_table.h"
#include "ffd/ffd_device.h"

namespace vk::ffd_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** Rows of a block's tile, and voxels of a row at most. */
constexpr int kRows = 8;
constexpr int kSegment = 128;
/** Control points that such a piece of a row may touch: more where the spacing is below a voxel
 * make the piece shorter. */
constexpr int kLine = kSegment + 5;

/** What a block works on. */
struct Tiling {
  int64_t segment;
  int64_t segments;
  int64_t bands;
  int64_t tiles;

  explicit Tiling(const FfdGrid& grid) {
    const double fits = floor((kLine - 5) * grid.x.spacing) + 1;
    segment = fits < kSegment ? int64_t(fits) : kSegment;
    segments = chunkCount(grid.x.samples, segment);
    bands = chunkCount(grid.y.samples, kRows);
    tiles = segments * bands * grid.z.samples;
  }
};

/** First y and z are summed for the control points that the tile's rows touch, once for all voxels
 * between two of them; then four of those sums give a voxel. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    evaluateTiles(const T* coefficients, FfdTables<T> tables, Tiling tiling, T* field) {
  VK_SHARED(T, lines, kRows * 3 * kLine);
  const int64_t cx = tables.x.controls, cy = tables.y.controls, cz = tables.z.controls;
  const int64_t width = tables.x.samples, height = tables.y.samples, depth = tables.z.samples;
  for (int64_t tile = blockIdx.x; tile < tiling.tiles; tile += gridDim.x) {
    const int64_t beginX = tile % tiling.segments * tiling.segment;
    const int64_t beginY = tile / tiling.segments % tiling.bands * kRows;
    const int64_t z = tile / tiling.segments / tiling.bands;
    const int columns = int(min(tiling.segment, width - beginX));
    const int rows = int(min(int64_t(kRows), height - beginY));
    const int64_t control = tables.x.first[beginX];
    const int touched = int(tables.x.first[beginX + columns - 1] - control) + 4;
    __syncthreads();  // of the tile before
    for (int item = int(threadIdx.x); item < rows * 3 * touched; item += kThreads) {
      const int i = item % touched;
      const int line = item / touched;
      const int64_t y = beginY + line / 3;
      const T* const corner =
          coefficients + (((line % 3) * cz + tables.z.first[z]) * cy + tables.y.first[y]) * cx +
          control + i;
      T sum = 0;
      VK_UNROLL
      for (int c = 0; c < 4; ++c) {
        T along = 0;
        VK_UNROLL
        for (int b = 0; b < 4; ++b) {
          along += tables.y.weights[4 * y + b] * corner[(c * cy + b) * cx];
        }
        sum += tables.z.weights[4 * z + c] * along;
      }
      lines[line * kLine + i] = sum;
    }
    __syncthreads();
    for (int item = int(threadIdx.x); item < rows * 3 * columns; item += kThreads) {
      const int64_t x = beginX + item % columns;
      const int line = item / columns;
      const T* const taps = lines + line * kLine + (tables.x.first[x] - control);
      T sum = 0;
      VK_UNROLL
      for (int a = 0; a < 4; ++a) sum += tables.x.weights[4 * x + a] * taps[a];
      field[((line % 3 * depth + z) * height + beginY + line / 3) * width + x] = sum;
    }
  }
}

template <class T>
void evaluate(const FfdArgs& args, Context& context, const Workspace& workspace) {
  Carver carver(workspace.data);
  const FfdTables<T> tables(args.grid, false, carver);
  ffdTabulateAll(args.grid, tables, context);
  const Tiling tiling(args.grid);
  launch(context, {dim3(blocksFor(tiling.tiles, 1)), dim3(kThreads)}, evaluateTiles<T>,
         static_cast<const T*>(args.coefficients), tables, tiling, static_cast<T*>(args.field));
}

int64_t workspaceBytes(const FfdArgs& args) {
  Carver carver(nullptr);
  FfdTables<double>(args.grid, false, carver);
  return carver.bytes();
}

void runFfd(const FfdArgs& args, Context& context, const Workspace& workspace) {
  args.type == VK_F64 ? evaluate<double>(args, context, workspace)
                      : evaluate<float>(args, context, workspace);
}

}  // namespace

extern "C" CudaImplementations<FfdArgs> ffdCuda() {
  static const Implementation<FfdArgs> rows[] = {
      cuda::row<FfdArgs>(runFfd, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::ffd_cuda
