#include "cuda/cuda_table.h"
#include "gather/gather.h"
#include "gather/indexing_device.h"

namespace vk::gather_cuda {
namespace {

using namespace cuda;

/** An element of the output is one of a run. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    gather(DeviceIndexing indexing, Divider length, int64_t count, const T* data, T* output) {
  forEachTile<kItemsEach<T>>(
      count,
      [&](int64_t i) {
        const int64_t entry = length.quotient(i);
        return data[indexing.place(entry) + i - entry * length.divisor()];
      },
      [&](int64_t i, const T& value) { output[i] = value; });
}

template <class T>
void gatherAs(const Indexing& indexing, const GatherArgs& args, Context& context) {
  const int64_t count = indexing.groups * indexing.runs * indexing.length;
  launch(context, gridOfTiles<kItemsEach<T>>(count), gather<T>, DeviceIndexing(indexing),
         Divider(indexing.length), count, static_cast<const T*>(args.data),
         static_cast<T*>(args.output));
}

/** Runs seen as words of up to 16 bytes, where they and the addresses fit. */
int64_t widen(Indexing& indexing, const GatherArgs& args) {
  const auto address =
      reinterpret_cast<uintptr_t>(args.data) | reinterpret_cast<uintptr_t>(args.output);
  int64_t bytes = args.elementBytes;
  while (indexing.kind != VK_INDEX_ELEMENTS && bytes < 16 && indexing.length > 0 &&
         indexing.length % 2 == 0 && address % uint64_t(2 * bytes) == 0) {
    // All strides are multiples of a run.
    bytes *= 2;
    indexing.length /= 2;
    indexing.groupElements /= 2;
    for (int32_t i = 0; i < indexing.rank; ++i) indexing.strides[i] /= 2;
  }
  return bytes;
}

void runGather(const GatherArgs& args, Context& context, const Workspace& workspace) {
  requireInside("gather", args.indexing, context, workspace.as<unsigned long long>());
  Indexing indexing = args.indexing;
  const int64_t bytes = widen(indexing, args);
  if (bytes == 16) return gatherAs<uint4>(indexing, args, context);
  withBits(bytes, [&](auto bits) { gatherAs<decltype(bits)>(indexing, args, context); });
}

int64_t workspaceBytes(const GatherArgs&) { return sizeof(unsigned long long); }

}  // namespace

extern "C" CudaImplementations<GatherArgs> gatherCuda() {
  static const Implementation<GatherArgs> rows[] = {
      cuda::row<GatherArgs>(runGather, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::gather_cuda
