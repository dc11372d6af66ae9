#include "cuda/cuda_table.h"
#include "cuda/reduce.h"
#include "jacobian/jacobian.h"
#include "jacobian/jacobian_device.h"

namespace vk::jacobian_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int64_t kChunk = 16 * kThreads;

/** Of the determinants of some counted voxels. */
struct Counts {
  int64_t count;
  int64_t nonpositive;
  /** Of those that are numbers. */
  int64_t numbers;
  int64_t positive;
  double minimum;
  double maximum;
  double sum;
  double logs;
  double squaredLogs;
};

struct Joined {
  __device__ Counts operator()(const Counts& a, const Counts& b) const {
    return {a.count + b.count,
            a.nonpositive + b.nonpositive,
            a.numbers + b.numbers,
            a.positive + b.positive,
            a.minimum < b.minimum ? a.minimum : b.minimum,
            a.maximum > b.maximum ? a.maximum : b.maximum,
            a.sum + b.sum,
            a.logs + b.logs,
            a.squaredLogs + b.squaredLogs};
  }
};

__device__ Counts none() { return {0, 0, 0, 0, INFINITY, -INFINITY, 0, 0, 0}; }

template <class T>
__device__ Counts countsOf(T determinant) {
  const double value = double(determinant);
  const bool positive = value > 0;
  const double logarithm = positive ? double(log(determinant)) : 0;
  Counts counts{1,         positive ? 0 : 1,     0, positive ? 1 : 0, INFINITY, -INFINITY, 0,
                logarithm, logarithm * logarithm};
  if (value == value) {
    counts.numbers = 1;
    counts.minimum = counts.maximum = counts.sum = value;
  }
  return counts;
}

/** A thread a voxel, a block a chunk of them, one after the other for its statistics. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    determinants(JacobianField<T> field, const uint8_t* mask, int64_t voxels, int64_t chunks,
                 T* determinant, Counts* partials) {
  VK_SHARED(Counts, shared, kThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(voxels, (chunk + 1) * kChunk);
    Counts counts = none();
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      const T value = JacobianMatrix<T>(field, i, field.volume.at(i)).determinant();
      if (determinant != nullptr) determinant[i] = value;
      if (partials == nullptr || (mask != nullptr && mask[i] == 0)) continue;
      counts = Joined()(counts, countsOf(value));
    }
    if (partials == nullptr) continue;
    counts = blockReduce<kThreads>(counts, shared, Joined());
    if (threadIdx.x == 0) partials[chunk] = counts;
  }
}

__global__ void __launch_bounds__(kThreads)
    determinantsTotal(const Counts* partials, int64_t chunks, Counts* total) {
  VK_SHARED(Counts, shared, kThreads / kWarpSize);
  Counts counts = none();
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) counts = Joined()(counts, partials[i]);
  counts = blockReduce<kThreads>(counts, shared, Joined());
  if (threadIdx.x == 0) *total = counts;
}

vk_jacobian_statistics statisticsOf(const Counts& counts) {
  vk_jacobian_statistics s{};
  s.count = counts.count;
  s.nonpositive = counts.nonpositive;
  if (counts.numbers > 0) {
    s.minimum = counts.minimum;
    s.maximum = counts.maximum;
    s.mean = counts.sum / double(counts.numbers);
  }
  if (counts.positive > 0) {
    const double mean = counts.logs / double(counts.positive);
    const double variance = counts.squaredLogs / double(counts.positive) - mean * mean;
    s.sd_log = variance > 0 ? sqrt(variance) : 0;
  }
  return s;
}

int64_t voxelsOf(const int64_t size[3]) { return size[0] * size[1] * size[2]; }

int64_t workspaceBytes(const JacobianArgs& args) {
  return (chunkCount(voxelsOf(args.size), kChunk) + 1) * int64_t(sizeof(Counts));
}

template <class T>
void jacobian(const JacobianArgs& args, Context& context, const Workspace& workspace) {
  const JacobianField<T> field(args);
  const int64_t voxels = field.voxels();
  const int64_t chunks = chunkCount(voxels, kChunk);
  Counts* const total = workspace.as<Counts>();
  Counts* const partials = args.statistics != nullptr ? total + 1 : nullptr;
  launch(context, {dim3(blocksFor(chunks, 1)), dim3(kThreads)}, determinants<T>, field, args.mask,
         voxels, chunks, static_cast<T*>(args.determinant), partials);
  if (args.statistics == nullptr) return;
  launch(context, {dim3(1), dim3(kThreads)}, determinantsTotal, partials, chunks, total);
  Counts counts;
  deliver(context, &counts, total, sizeof counts);
  *args.statistics = statisticsOf(counts);
}

void runJacobian(const JacobianArgs& args, Context& context, const Workspace& workspace) {
  args.type == VK_F64 ? jacobian<double>(args, context, workspace)
                      : jacobian<float>(args, context, workspace);
}

}  // namespace

extern "C" CudaImplementations<JacobianArgs> jacobianCuda() {
  static const Implementation<JacobianArgs> rows[] = {
      cuda::row<JacobianArgs>(runJacobian, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::jacobian_cuda
