#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "ssd/ssd.h"

namespace vk::ssd_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** Voxels of a block: each thread adds 64 of them before it meets the others. */
constexpr int64_t kChunk = 64 * kThreads;

struct Partial {
  double sum;
  int64_t counted;
};

/** One partial a block, in the order of the voxels: the sums do not depend on which block is first.
 */
template <class T>
__global__ void __launch_bounds__(kThreads)
    ssdPartials(const T* fixed, const T* warped, const uint8_t* mask, int64_t count, int64_t chunks,
                Partial* partials) {
  VK_SHARED(double, sums, kThreads / kWarpSize);
  VK_SHARED(int64_t, counts, kThreads / kWarpSize);
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(count, (chunk + 1) * kChunk);
    double sum = 0;
    int64_t counted = 0;
    for (int64_t i = chunk * kChunk + threadIdx.x; i < end; i += kThreads) {
      if (mask != nullptr && mask[i] == 0) continue;
      const double difference = double(warped[i]) - double(fixed[i]);
      sum += difference * difference;
      ++counted;
    }
    sum = blockSum<kThreads>(sum, sums);
    counted = blockSum<kThreads>(counted, counts);
    if (threadIdx.x == 0) partials[chunk] = {sum, counted};
  }
}

/** One block adds the partials, and leaves the value and the count in the first of them. */
__global__ void __launch_bounds__(kThreads)
    ssdTotal(Partial* partials, int64_t chunks, Partial* total) {
  VK_SHARED(double, sums, kThreads / kWarpSize);
  VK_SHARED(int64_t, counts, kThreads / kWarpSize);
  double sum = 0;
  int64_t counted = 0;
  for (int64_t i = threadIdx.x; i < chunks; i += kThreads) {
    sum += partials[i].sum;
    counted += partials[i].counted;
  }
  sum = blockSum<kThreads>(sum, sums);
  counted = blockSum<kThreads>(counted, counts);
  if (threadIdx.x == 0) *total = {counted > 0 ? sum / double(counted) : 0.0, counted};
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    ssdGradient(const T* fixed, const T* warped, const uint8_t* mask, int64_t count,
                const Partial* total, T* gradient) {
  const T scale = total->counted > 0 ? T(2.0 / double(total->counted)) : T(0);
  forEachItem(count, [&](int64_t i) {
    const bool counts = mask == nullptr || mask[i] != 0;
    gradient[i] = counts ? scale * (warped[i] - fixed[i]) : T(0);
  });
}

int64_t workspaceBytes(const SsdArgs& args) {
  return (chunkCount(args.count, kChunk) + 1) * int64_t(sizeof(Partial));
}

template <class T>
void ssd(const SsdArgs& args, Context& context, const Workspace& workspace) {
  const T* const fixed = static_cast<const T*>(args.fixed);
  const T* const warped = static_cast<const T*>(args.warped);
  const int64_t chunks = chunkCount(args.count, kChunk);
  Partial* const partials = workspace.as<Partial>();
  Partial* const total = partials + chunks;
  launch(context, {dim3(blocksFor(chunks, 1)), dim3(kThreads)}, ssdPartials<T>, fixed, warped,
         args.mask, args.count, chunks, partials);
  launch(context, {dim3(1), dim3(kThreads)}, ssdTotal, partials, chunks, total);
  if (args.gradient != nullptr) {
    launch(context, gridOver(args.count), ssdGradient<T>, fixed, warped, args.mask, args.count,
           total, static_cast<T*>(args.gradient));
  }
  deliver(context, args.value, &total->sum, sizeof(double));
}

void runSsd(const SsdArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { ssd<decltype(number)>(args, context, workspace); });
}

}  // namespace

extern "C" CudaImplementations<SsdArgs> ssdCuda() {
  static const Implementation<SsdArgs> rows[] = {
      cuda::row<SsdArgs>(runSsd, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::ssd_cuda
