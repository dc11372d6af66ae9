#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "cuda/reduce.h"
#include "ncc/ncc.h"
#include "ncc/ncc_math.h"

namespace vk::ncc_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** Voxels of a block: each thread adds 32 of them before it meets the others. */
constexpr int64_t kChunk = 32 * kThreads;

struct Union {
  __device__ NccMoments operator()(const NccMoments& a, const NccMoments& b) const {
    return nccUnion(a, b);
  }
};

template <class T>
struct Images {
  const T* fixed;
  const T* warped;
  const uint8_t* mask;

  __device__ bool counts(int64_t i, T f, T w) const {
    return (mask == nullptr || mask[i] != 0) && f - f == 0 && w - w == 0;
  }
};

/** The moments of each chunk. Every thread takes its own first voxel as the shift, which makes a
 * constant image's moments exactly zero. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    momentsOfChunks(Images<T> images, int64_t count, int64_t chunks, NccMoments* moments) {
  VK_SHARED(NccMoments, shared, kThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(count, (chunk + 1) * kChunk);
    NccShiftedSums sums{};
    double counted = 0, fixedShift = 0, warpedShift = 0;
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      const T fixed = images.fixed[i];
      const T warped = images.warped[i];
      if (!images.counts(i, fixed, warped)) continue;
      if (counted == 0) {
        fixedShift = double(fixed);
        warpedShift = double(warped);
      }
      const double f = double(fixed) - fixedShift;
      const double w = double(warped) - warpedShift;
      sums.fixed += f;
      sums.warped += w;
      sums.fixedFixed = fma(f, f, sums.fixedFixed);
      sums.warpedWarped = fma(w, w, sums.warpedWarped);
      sums.fixedWarped = fma(f, w, sums.fixedWarped);
      counted += 1;
    }
    const NccMoments all =
        blockReduce<kThreads>(nccMoments(sums, counted, fixedShift, warpedShift), shared, Union());
    if (threadIdx.x == 0) moments[chunk] = all;
  }
}

struct Result {
  double value;
  NccSlope slope;
};

/** One block puts the chunks together. */
__global__ void __launch_bounds__(kThreads)
    nccOfChunks(const NccMoments* moments, int64_t chunks, Result* result) {
  VK_SHARED(NccMoments, shared, kThreads / kWarpSize);
  NccMoments all{};
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) all = nccUnion(all, moments[i]);
  all = blockReduce<kThreads>(all, shared, Union());
  if (threadIdx.x == 0) result->value = nccOfMoments(all, &result->slope);
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    nccGradient(Images<T> images, int64_t count, const Result* result, T* gradient) {
  const NccSlope slope = result->slope;
  forEachItem(count, [&](int64_t i) {
    const T fixed = images.fixed[i];
    const T warped = images.warped[i];
    const double change = (double(fixed) - slope.fixedMean) * slope.fixedFactor -
                          (double(warped) - slope.warpedMean) * slope.warpedFactor;
    gradient[i] = images.counts(i, fixed, warped) ? T(change) : T(0);
  });
}

struct Parts {
  Result* result;
  NccMoments* moments;
  int64_t bytes;

  Parts(const NccArgs& args, void* memory) {
    Carver carver(memory);
    result = carver.take<Result>(1);
    moments = carver.take<NccMoments>(chunkCount(args.count, kChunk));
    bytes = carver.bytes();
  }
};

int64_t workspaceBytes(const NccArgs& args) { return Parts(args, nullptr).bytes; }

template <class T>
void ncc(const NccArgs& args, Context& context, const Workspace& workspace) {
  const Parts parts(args, workspace.data);
  const Images<T> images{static_cast<const T*>(args.fixed), static_cast<const T*>(args.warped),
                         args.mask};
  const int64_t chunks = chunkCount(args.count, kChunk);
  launch(context, {dim3(blocksFor(chunks, 1)), dim3(kThreads)}, momentsOfChunks<T>, images,
         args.count, chunks, parts.moments);
  launch(context, {dim3(1), dim3(kThreads)}, nccOfChunks, parts.moments, chunks, parts.result);
  if (args.gradient != nullptr) {
    launch(context, gridOver(args.count), nccGradient<T>, images, args.count, parts.result,
           static_cast<T*>(args.gradient));
  }
  deliver(context, args.value, &parts.result->value, sizeof(double));
}

void runNcc(const NccArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { ncc<decltype(number)>(args, context, workspace); });
}

}  // namespace

extern "C" CudaImplementations<NccArgs> nccCuda() {
  static const Implementation<NccArgs> rows[] = {
      cuda::row<NccArgs>(runNcc, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::ncc_cuda
