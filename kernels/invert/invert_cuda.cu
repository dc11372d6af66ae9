#include "compose/field_device.h"
#include "cuda/cuda_table.h"
#include "cuda/reduce.h"
#include "invert/invert.h"

namespace vk::invert_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int64_t kChunk = 8 * kThreads;

/** Of the residuals of some voxels. */
struct Residuals {
  double largest;
  double sum;
  int64_t numbers;
  int64_t unconverged;
};

struct Joined {
  __device__ Residuals operator()(const Residuals& a, const Residuals& b) const {
    return {a.largest > b.largest ? a.largest : b.largest, a.sum + b.sum, a.numbers + b.numbers,
            a.unconverged + b.unconverged};
  }
};

/** One voxel iterates to its end; its residual, and w. */
template <class T>
__device__ T inverted(const InvertArgs& args, const FieldMap<T>& map,
                      const FieldPosition<T>& position, T w[3]) {
  w[0] = w[1] = w[2] = 0;
  for (int32_t iteration = 0;; ++iteration) {
    T u[3];
    FieldCell<T>(map, position, w).sample(map, static_cast<const T*>(args.displacement), u);
    const T x = u[0] + w[0], y = u[1] + w[1], z = u[2] + w[2];
    const T residual = sqrt(x * x + y * y + z * z);
    if (!(residual > T(args.toleranceMm)) || iteration == args.iterations) return residual;
    for (int k = 0; k < 3; ++k) w[k] = -u[k];
  }
}

/** A thread a voxel, a block a chunk of them, one after the other for its report. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    invert(InvertArgs args, FieldMap<T> map, Volume volume, int64_t voxels, int64_t chunks,
           Residuals* partials) {
  VK_SHARED(Residuals, shared, kThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(voxels, (chunk + 1) * kChunk);
    Residuals report{0, 0, 0, 0};
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      T w[3];
      const T residual = inverted(args, map, FieldPosition<T>(args.indexMap, volume.at(i)), w);
      const bool number = residual == residual;
      if (!number) w[0] = w[1] = w[2] = T(NAN);
      storeVector(static_cast<T*>(args.inverse), voxels, i, w);
      const double length = number ? double(residual) : 0;
      const bool converged = residual <= T(args.toleranceMm);
      report = Joined()(report, {length, length, number ? 1 : 0, converged ? 0 : 1});
    }
    report = blockReduce<kThreads>(report, shared, Joined());
    if (threadIdx.x == 0) partials[chunk] = report;
  }
}

__global__ void __launch_bounds__(kThreads)
    invertTotal(const Residuals* partials, int64_t chunks, Residuals* total) {
  VK_SHARED(Residuals, shared, kThreads / kWarpSize);
  Residuals report{0, 0, 0, 0};
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) report = Joined()(report, partials[i]);
  report = blockReduce<kThreads>(report, shared, Joined());
  if (threadIdx.x == 0) *total = report;
}

int64_t voxelsOf(const InvertArgs& args) { return args.size[0] * args.size[1] * args.size[2]; }

int64_t workspaceBytes(const InvertArgs& args) {
  return (chunkCount(voxelsOf(args), kChunk) + 1) * int64_t(sizeof(Residuals));
}

void runInvert(const InvertArgs& args, Context& context, const Workspace& workspace) {
  const int64_t voxels = voxelsOf(args);
  const int64_t chunks = chunkCount(voxels, kChunk);
  Residuals* const total = workspace.as<Residuals>();
  Residuals* const partials = total + 1;
  const Grid grid{dim3(blocksFor(chunks, 1)), dim3(kThreads)};
  const Volume volume(args.size);
  withFloats(args.type, [&](auto number) {
    launch(context, grid, invert<decltype(number)>, args,
           FieldMap<decltype(number)>(args.fieldSize, args.displacementMap), volume, voxels, chunks,
           partials);
  });
  if (args.report == nullptr) return;
  launch(context, {dim3(1), dim3(kThreads)}, invertTotal, partials, chunks, total);
  Residuals result;
  deliver(context, &result, total, sizeof result);
  args.report->max_residual_mm = result.largest;
  args.report->mean_residual_mm = result.numbers > 0 ? result.sum / double(result.numbers) : 0;
  args.report->unconverged = result.unconverged;
}

}  // namespace

extern "C" CudaImplementations<InvertArgs> invertCuda() {
  static const Implementation<InvertArgs> rows[] = {
      cuda::row<InvertArgs>(runInvert, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::invert_cuda
