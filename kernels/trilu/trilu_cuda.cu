#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "trilu/trilu.h"

namespace vk::trilu_cuda {
namespace {

using namespace cuda;

/** Elements that are not kept are not read. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    trilu(TriluArgs args, Divider columns, Divider rows, int64_t count) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      count,
      [&](int64_t i) {
        const int64_t line = columns.quotient(i);
        const int64_t row = line - rows.quotient(line) * args.rows;
        const int64_t right = i - line * args.columns - row;
        const bool kept = args.upper ? right >= args.diagonal : right <= args.diagonal;
        return kept ? input[i] : T(0);
      },
      [&](int64_t i, T value) { output[i] = value; });
}

void runTrilu(const TriluArgs& args, Context& context, const Workspace&) {
  const int64_t count = args.matrices * args.rows * args.columns;
  withBits(args.elementBytes, [&](auto bits) {
    using T = decltype(bits);
    launch(context, gridOfTiles<kItemsEach<T>>(count), trilu<T>, args, Divider(args.columns),
           Divider(args.rows), count);
  });
}

}  // namespace

extern "C" CudaImplementations<TriluArgs> triluCuda() {
  static const Implementation<TriluArgs> rows[] = {cuda::row<TriluArgs>(runTrilu)};
  return cuda::table(rows);
}

}  // namespace vk::trilu_cuda
