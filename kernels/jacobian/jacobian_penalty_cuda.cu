#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/reduce.h"
#include "jacobian/jacobian.h"
#include "jacobian/jacobian_device.h"

namespace vk::jacobian_penalty_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int64_t kChunk = 16 * kThreads;

/** Of squared lacks, and how many voxels count. */
using Sums = Pair<double, int64_t>;

/** How much each voxel's determinant lacks, 0 where it does not or does not count; and the sums of
 * a chunk, in the order of the voxels. `lacks` may be null. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    penalties(JacobianField<T> field, T leastDeterminant, const uint8_t* mask, int64_t voxels,
              int64_t chunks, T* lacks, Sums* partials) {
  VK_SHARED(Sums, shared, kThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(voxels, (chunk + 1) * kChunk);
    Sums sums{0, 0};
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      T lack = 0;
      if (mask == nullptr || mask[i] != 0) {
        lack = leastDeterminant - JacobianMatrix<T>(field, i, field.volume.at(i)).determinant();
        if (lack <= 0) lack = 0;
        sums.first += double(lack) * double(lack);
        ++sums.second;
      }
      if (lacks != nullptr) lacks[i] = lack;
    }
    sums = blockReduce<kThreads>(sums, shared, Plus());
    if (threadIdx.x == 0) partials[chunk] = sums;
  }
}

__global__ void __launch_bounds__(kThreads)
    penaltyTotal(const Sums* partials, int64_t chunks, Sums* total) {
  VK_SHARED(Sums, shared, kThreads / kWarpSize);
  Sums sums{0, 0};
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) sums = Plus()(sums, partials[i]);
  sums = blockReduce<kThreads>(sums, shared, Plus());
  if (threadIdx.x == 0)
    *total = {sums.second > 0 ? sums.first / double(sums.second) : 0, sums.second};
}

/** Adds what u at one voxel receives from the determinant of `from` by the difference along axis b,
 * in which it counts `factor` times. */
template <class T>
__device__ void addThrough(const JacobianField<T>& field, T lack, int64_t from, const VoxelAt& at,
                           int b, T factor, T gradient[3]) {
  if (lack == 0 || factor == 0) return;
  const JacobianMatrix<T> matrix(field, from, at);
  const T scale = -2 * lack * factor;
  VK_UNROLL
  for (int c = 0; c < 3; ++c) {
    T byIndex = 0;
    VK_UNROLL
    for (int a = 0; a < 3; ++a) byIndex += matrix.cofactor(c, a) * field.gradientMap[3 * a + b];
    gradient[c] += scale * byIndex;
  }
}

/** A thread a voxel: it looks at the voxels in whose differences it takes part, and makes the
 * matrices of those that lack something again, which few do. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    penaltyGradient(JacobianField<T> field, const T* lacks, const Sums* total, int64_t voxels,
                    T* gradient) {
  const T scale = total->second > 0 ? T(1.0 / double(total->second)) : T(0);
  forEachItem(voxels, [&](int64_t i) {
    const VoxelAt at = field.volume.at(i);
    const int64_t places[3] = {at.x, at.y, at.z};
    T sum[3] = {0, 0, 0};
    int64_t step = 1;
    VK_UNROLL
    for (int b = 0; b < 3; ++b) {
      const int64_t place = places[b];
      const int64_t size = field.size[b];
      const auto beside = [&](int64_t d) {
        return VoxelAt{at.x + (b == 0 ? d : 0), at.y + (b == 1 ? d : 0), at.z + (b == 2 ? d : 0)};
      };
      if (place > 0) {
        const T factor = JacobianDifference<T>(place - 1, size).scale;
        addThrough(field, lacks[i - step], i - step, beside(-1), b, factor, sum);
      }
      if (place + 1 < size) {
        const T factor = JacobianDifference<T>(place + 1, size).scale;
        addThrough(field, lacks[i + step], i + step, beside(1), b, -factor, sum);
      }
      if (size > 1 && (place == 0 || place == size - 1)) {
        addThrough(field, lacks[i], i, at, b, place == 0 ? T(-1) : T(1), sum);
      }
      step *= size;
    }
    for (int c = 0; c < 3; ++c) gradient[c * voxels + i] = scale * sum[c];
  });
}

struct Layout {
  Carver carver;
  int64_t voxels;
  int64_t chunks;
  Sums* total;
  Sums* partials;
  void* lacks;

  Layout(const JacobianPenaltyArgs& args, void* base)
      : carver(base),
        voxels(args.size[0] * args.size[1] * args.size[2]),
        chunks(chunkCount(voxels, kChunk)),
        total(carver.take<Sums>(1)),
        partials(carver.take<Sums>(chunks)),
        lacks(carver.take<char>(args.gradient != nullptr ? voxels * elementSize(args.type) : 0)) {}
};

int64_t workspaceBytes(const JacobianPenaltyArgs& args) {
  return Layout(args, nullptr).carver.bytes();
}

template <class T>
void penalty(const JacobianPenaltyArgs& args, Context& context, const Layout& layout) {
  const JacobianField<T> field(args);
  T* const lacks = args.gradient != nullptr ? static_cast<T*>(layout.lacks) : nullptr;
  launch(context, {dim3(blocksFor(layout.chunks, 1)), dim3(kThreads)}, penalties<T>, field,
         T(args.leastDeterminant), args.mask, layout.voxels, layout.chunks, lacks, layout.partials);
  launch(context, {dim3(1), dim3(kThreads)}, penaltyTotal, layout.partials, layout.chunks,
         layout.total);
  if (args.gradient != nullptr) {
    launch(context, gridOver(layout.voxels), penaltyGradient<T>, field, lacks, layout.total,
           layout.voxels, static_cast<T*>(args.gradient));
  }
  deliver(context, args.value, &layout.total->first, sizeof(double));
}

void runPenalty(const JacobianPenaltyArgs& args, Context& context, const Workspace& workspace) {
  const Layout layout(args, workspace.data);
  args.type == VK_F64 ? penalty<double>(args, context, layout)
                      : penalty<float>(args, context, layout);
}

}  // namespace

extern "C" CudaImplementations<JacobianPenaltyArgs> jacobian_penaltyCuda() {
  static const Implementation<JacobianPenaltyArgs> rows[] = {
      cuda::row<JacobianPenaltyArgs>(runPenalty, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::jacobian_penalty_cuda
