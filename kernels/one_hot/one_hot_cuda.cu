#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "one_hot/one_hot.h"

namespace vk::one_hot_cuda {
namespace {

using namespace cuda;

/** A thread writes elements of the output; the index of each comes from the cache but once. */
template <class T, class Index>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    oneHot(OneHotArgs args, Divider inner, Divider depth, int64_t count) {
  const Index* const indices = static_cast<const Index*>(args.indices);
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      count,
      [&](int64_t i) {
        const int64_t row = inner.quotient(i);
        const int64_t outer = depth.quotient(row);
        const int64_t k = row - outer * args.depth;
        const int64_t index = indices[outer * args.inner + i - row * args.inner];
        return T(index == k || index == k - args.depth ? args.onBits : args.offBits);
      },
      [&](int64_t i, T value) { output[i] = value; });
}

void runOneHot(const OneHotArgs& args, Context& context, const Workspace&) {
  const int64_t count = args.outer * args.depth * args.inner;
  withBits(args.elementBytes, [&](auto bits) {
    using T = decltype(bits);
    launch(context, gridOfTiles<kItemsEach<T>>(count),
           args.indexType == VK_I32 ? oneHot<T, int32_t> : oneHot<T, int64_t>, args,
           Divider(args.inner), Divider(args.depth), count);
  });
}

}  // namespace

extern "C" CudaImplementations<OneHotArgs> one_hotCuda() {
  static const Implementation<OneHotArgs> rows[] = {cuda::row<OneHotArgs>(runOneHot)};
  return cuda::table(rows);
}

}  // namespace vk::one_hot_cuda
