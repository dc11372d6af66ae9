#include "convert/convert.h"
#include "cuda/any_type.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"

namespace vk::convert_cuda {
namespace {

using namespace cuda;

/** One kernel for every pair of types: 169 of them would differ in two instructions. */
__global__ void __launch_bounds__(kElementThreads) convert(ConvertArgs args, bool plain) {
  forEachTile<4>(
      args.count, [&](int64_t i) { return elementAsDouble(args.inputType, args.input, i); },
      [&](int64_t i, double value) {
        storeAs(args.outputType, args.output, i, plain ? value : value * args.scale + args.offset);
      });
}

/** Between i64 and u64, which f64 would round. */
__global__ void __launch_bounds__(kElementThreads)
    saturate64(const uint64_t* input, bool isSigned, int64_t count, uint64_t* output) {
  forEachTile<2>(
      count, [&](int64_t i) { return input[i]; },
      [&](int64_t i, uint64_t bits) {
        // The upper half of the other type's bits: negative numbers, or those too large.
        const bool beyond = bits > uint64_t(INT64_MAX);
        output[i] = !beyond ? bits : isSigned ? 0 : uint64_t(INT64_MAX);
      });
}

void runConvert(const ConvertArgs& args, Context& context, const Workspace&) {
  if (args.count == 0) return;
  const bool plain = args.scale == 1 && args.offset == 0;
  if (plain && args.inputType == args.outputType && args.inputType != VK_BOOL) {
    check(cudaMemcpyAsync(args.output, args.input, size_t(args.count * elementSize(args.inputType)),
                          cudaMemcpyDeviceToDevice, streamOf(context)));
    return;
  }
  const bool fromI64 = args.inputType == VK_I64 && args.outputType == VK_U64;
  const bool fromU64 = args.inputType == VK_U64 && args.outputType == VK_I64;
  if (plain && (fromI64 || fromU64)) {
    launch(context, gridOfTiles<2>(args.count), saturate64,
           static_cast<const uint64_t*>(args.input), fromI64, args.count,
           static_cast<uint64_t*>(args.output));
    return;
  }
  launch(context, gridOfTiles<4>(args.count), convert, args, plain);
}

}  // namespace

extern "C" CudaImplementations<ConvertArgs> convertCuda() {
  static const Implementation<ConvertArgs> rows[] = {cuda::row<ConvertArgs>(runConvert)};
  return cuda::table(rows);
}

}  // namespace vk::convert_cuda
