// The adjoint of the dense field gathers: along x, then y, then z each control point adds the
// samples it bears on, in their order.
#include "cuda/cuda_table.h"
#include "ffd/ffd_device.h"

namespace vk::ffd_gradient_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** A block's tile of the pass along x: a thread a row and control point. */
constexpr int kRows = 8;
constexpr int kControls = kThreads / kRows;
/** Samples of a row that are in shared memory at a time. */
constexpr int kPiece = 256;
/** Terms that are added in the tensor's type before an f64 takes their sum. */
constexpr int64_t kRun = 32;

/** Sum over the samples [from, to) of the control point's weight times value(sample). */
template <class T, class Value>
__device__ double weighted(const FfdTable<T>& table, int64_t control, int64_t from, int64_t to,
                           const Value& value) {
  double sum = 0;
  while (from < to) {
    const int64_t end = min(to, from + kRun);
    T part = 0;
    for (; from < end; ++from) {
      part += table.weights[4 * from + (control - table.first[from])] * value(from);
    }
    sum += double(part);
  }
  return sum;
}

/** (rows, samples) to (rows, controls). */
template <class T>
__global__ void __launch_bounds__(kThreads)
    adjointAlongX(const T* values, FfdTable<T> table, int64_t rows, int64_t tilesX, int64_t tiles,
                  T* sums) {
  VK_SHARED(T, pieces, kRows * kPiece);
  const int row = int(threadIdx.x) / kControls;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const int64_t beginRow = tile / tilesX * kRows;
    const int64_t firstControl = tile % tilesX * kControls;
    const int64_t lastControl = min(firstControl + kControls, table.controls) - 1;
    const int64_t control = firstControl + threadIdx.x % kControls;
    const bool active = beginRow + row < rows && control <= lastControl;
    const int64_t from = active ? table.from(control) : 0;
    const int64_t to = active ? table.to(control) : 0;
    double sum = 0;
    for (int64_t begin = table.from(firstControl); begin < table.to(lastControl); begin += kPiece) {
      const int64_t end = min(begin + kPiece, table.to(lastControl));
      __syncthreads();  // of the piece before
      for (int item = int(threadIdx.x); item < kRows * kPiece; item += kThreads) {
        const int64_t r = beginRow + item / kPiece;
        const int64_t x = begin + item % kPiece;
        if (r < rows && x < end) pieces[item] = values[r * table.samples + x];
      }
      __syncthreads();
      const T* const piece = pieces + row * kPiece;
      sum += weighted(table, control, max(from, begin), min(to, end),
                      [&](int64_t x) { return piece[x - begin]; });
    }
    if (active) sums[(beginRow + row) * table.controls + control] = T(sum);
  }
}

/** (outer, samples, inner) to (outer, controls, inner): a thread a sum. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    adjointAcross(const T* values, FfdTable<T> table, int64_t outer, int64_t inner, T* sums) {
  forEachItem(outer * table.controls * inner, [&](int64_t i) {
    const int64_t line = i / inner;
    const int64_t control = line % table.controls;
    const T* const column = values + line / table.controls * table.samples * inner + i % inner;
    sums[i] = T(weighted(table, control, table.from(control), table.to(control),
                         [&](int64_t sample) { return column[sample * inner]; }));
  });
}

template <class T>
struct Layout {
  Carver carver;
  FfdTables<T> tables;
  T* alongX;
  T* alongY;

  Layout(const FfdGrid& grid, void* base)
      : carver(base),
        tables(grid, true, carver),
        alongX(carver.take<T>(3 * grid.z.samples * grid.y.samples * grid.x.controls)),
        alongY(carver.take<T>(3 * grid.z.samples * grid.y.controls * grid.x.controls)) {}
};

template <class T>
void adjoint(const FfdGradientArgs& args, Context& context, const Workspace& workspace) {
  const FfdGrid& grid = args.grid;
  const Layout<T> layout(grid, workspace.data);
  const FfdTables<T>& tables = layout.tables;
  ffdTabulateAll(grid, tables, context);
  const int64_t rows = 3 * grid.z.samples * grid.y.samples;
  const int64_t tilesX = chunkCount(grid.x.controls, kControls);
  const int64_t tiles = tilesX * chunkCount(rows, kRows);
  launch(context, {dim3(blocksFor(tiles, 1)), dim3(kThreads)}, adjointAlongX<T>,
         static_cast<const T*>(args.fieldGradient), tables.x, rows, tilesX, tiles, layout.alongX);
  const int64_t outerY = 3 * grid.z.samples;
  launch(context, gridOver(outerY * grid.y.controls * grid.x.controls), adjointAcross<T>,
         static_cast<const T*>(layout.alongX), tables.y, outerY, grid.x.controls, layout.alongY);
  const int64_t plane = grid.y.controls * grid.x.controls;
  launch(context, gridOver(3 * grid.z.controls * plane), adjointAcross<T>,
         static_cast<const T*>(layout.alongY), tables.z, int64_t{3}, plane,
         static_cast<T*>(args.coefficientGradient));
}

int64_t workspaceBytes(const FfdGradientArgs& args) {
  return args.type == VK_F64 ? Layout<double>(args.grid, nullptr).carver.bytes()
                             : Layout<float>(args.grid, nullptr).carver.bytes();
}

void runAdjoint(const FfdGradientArgs& args, Context& context, const Workspace& workspace) {
  args.type == VK_F64 ? adjoint<double>(args, context, workspace)
                      : adjoint<float>(args, context, workspace);
}

}  // namespace

extern "C" CudaImplementations<FfdGradientArgs> ffd_gradientCuda() {
  static const Implementation<FfdGradientArgs> rows[] = {
      cuda::row<FfdGradientArgs>(runAdjoint, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::ffd_gradient_cuda
